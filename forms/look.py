"""How a form looks on its page: the sender's colour, in light and dark, always readable; and where it may lead."""

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from django.conf import settings

PLAIN = "#0f6171"
COLOUR = re.compile(r"#[0-9a-fA-F]{6}").fullmatch
READABLE = 4.5  # WCAG 2.2, 1.4.3


def sheet(style: Mapping[str, object]) -> str:
    """Write the style sheet of a form's page; any colour is made readable in light and in dark."""
    colour = str(style.get("colour", PLAIN))
    colour = colour if COLOUR(colour) else PLAIN
    light, dark = toward(colour, "#ffffff"), toward(colour, "#2b2824")
    return (
        f":root{{--color-primary:{light};--color-primary-content:{label_on(light)}}}\n"
        f"[data-theme=duif-dark]{{--color-primary:{dark};--color-primary-content:{label_on(dark)}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme]){{--color-primary:{dark};"
        f"--color-primary-content:{label_on(dark)}}}}}\n"
    )


def toward(colour: str, ground: str) -> str:
    """Darken or lighten a colour until it can be read on a ground."""
    step = 0
    goal = (0, 0, 0) if _luminance(ground) > 0.5 else (255, 255, 255)
    while contrast(colour, ground) < READABLE and step < 20:
        colour = _mixed(colour, goal, 0.12)
        step += 1
    return colour


def label_on(colour: str) -> str:
    """Choose white or ink for the words on a button."""
    return "#ffffff" if contrast("#ffffff", colour) >= READABLE else "#1c1a17"


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def may_lead_to(url: str, origins: Collection[str]) -> bool:
    """Say whether visitors may be sent there after answering: our own pages, and the sites that may show the form."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or "\\" in url:
        return False
    return f"{parts.scheme}://{parts.netloc}" in {*origins, settings.BASE_URL}


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mixed(colour: str, goal: tuple[int, int, int], part: float) -> str:
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(_rgb(colour), goal, strict=True))


def _luminance(colour: str) -> float:
    parts = [part / 255 for part in _rgb(colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
