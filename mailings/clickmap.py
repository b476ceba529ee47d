"""The mail itself, with what was clicked written on its links."""

import re
from collections.abc import Mapping
from html import escape

from mailings.reports import LinkRow

ANCHOR = re.compile(r"<a\b[^>]*\bhref=[\"'][^\"']*/c/[A-Za-z0-9_-]{32}/(\d{1,5})[\"'][^>]*>", re.IGNORECASE)
PIXEL = re.compile(r"<img\b[^>]*/o/[A-Za-z0-9_-]{32}[^>]*>", re.IGNORECASE)  # nothing is opened by looking at the map
STRENGTHS = 5


def draw(html: str, links: Mapping[int, LinkRow], *, total: int) -> str:
    """Put a badge with its share of the clicks, and their number, at the start of each counted link."""
    most = max((link.people for link in links.values()), default=0)

    def badge(found: re.Match[str]) -> str:
        link = links.get(int(found.group(1)))
        if link is None:
            return found.group(0)
        share = f"{100 * link.people / total:.0f}%" if total else "0%"
        strength = -(-STRENGTHS * link.people // most) if most else 0
        title = escape(f"{link.name}: {link.people}", quote=True)
        style = (
            "display:inline-block;position:relative;z-index:9;margin:0 4px 0 0;padding:2px 7px;border-radius:9px;"
            f"font:600 12px/16px system-ui,sans-serif;text-decoration:none;text-transform:none;letter-spacing:0;{TONES[strength]}"
        )
        return f'{found.group(0)}<span style="{style}" title="{title}">{share} · {link.people}</span>'

    return ANCHOR.sub(badge, PIXEL.sub("", html))


# From nobody to the most clicked: dark enough or light enough for its own words (WCAG AA), on any background.
TONES = (
    "background:#f3f4f6;color:#4b5563;border:1px solid #9ca3af",
    "background:#fff7ed;color:#7c2d12;border:1px solid #ea580c",
    "background:#fed7aa;color:#7c2d12;border:1px solid #ea580c",
    "background:#fb923c;color:#431407;border:1px solid #9a3412",
    "background:#c2410c;color:#ffffff;border:1px solid #7c2d12",
    "background:#7c2d12;color:#ffffff;border:1px solid #431407",
)
