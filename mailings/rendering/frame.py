"""The frame around the blocks: MJML head, the footer nobody can leave out, dark colours, the pixel, the link nobody sees."""

import html
import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.utils.translation import gettext as _

from mailings.rendering.block import Style, Written
from mailings.rendering.sourced import Whole
from mailings.rendering.writing import Pen

# mrml, the MJML renderer in Rust; its package has no types.
_to_html: Any = import_module("mjml").mjml2html

_DARK = """
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  body, .pd-page { background-color: #16130f !important; }
  .pd-paper, .pd-paper > table, .pd-paper > table > tbody > tr > td { background-color: #211d19 !important; }
  .pd-ink div, .pd-ink h1, .pd-ink h2, .pd-ink h3, .pd-ink p, .pd-ink li { color: #efe9df !important; }
  .pd-text a.pd-link { color: #9fd3e0 !important; }
  .pd-quiet div, .pd-quiet a { color: #b9b0a3 !important; }
  .pd-line p { border-top-color: #4a433a !important; }
}
@media only screen and (max-width: 479px) { .pd-no-mobile { display: none !important; } }
@media only screen and (min-width: 480px) { .pd-no-desktop { display: none !important; } }
.pd-text p:last-child, .pd-text ul:last-child, .pd-text ol:last-child { margin-bottom: 0 !important; }
"""
_BLOCK_CLASS = re.compile(r'<div class="(pd-b(\d+)(?: [a-z-]+)?)"')
_PICTURE = re.compile(r'<img(?=[^>]*?alt="([^"]*)")[^>]*>')
# What a preview shows: the same rules, switched on or off.
DARK_RULE, DARK_ALWAYS, DARK_NEVER = "@media (prefers-color-scheme: dark)", "@media all", "@media not all"


@dataclass(frozen=True)
class Part:
    """What one block wrote, with the marks around it when only some see it."""

    written: Written
    before: str = ""
    after: str = ""
    hide: str = ""


@dataclass(frozen=True)
class Footer:
    """Who sends this, and how to stop it. Always there."""

    sender: str
    postal_address: str
    subscription: str
    can_leave: bool = True


@dataclass(frozen=True)
class Look:
    """What stands around the words: marked preheader and title, the language, the style."""

    preheader: str
    title: str
    language: str
    style: Style


def page(parts: list[Part], *, footer: Footer, look: Look, pen: Pen) -> str:
    """Write the whole mail as marked HTML."""
    pixel = pen.own("_open", f"{pen.base_url}/o/").attribute if pen.track_opens else ""
    said = f"<mj-title>{pen.keep(look.title)}</mj-title><mj-preview>{pen.keep(look.preheader)}</mj-preview>"
    unseen = f"{_image(pixel)}{_unseen_link(pen)}"
    raw = f"<mj-raw>{pen.keep(unseen)}</mj-raw>" if unseen else ""
    return html_of(_mjml(parts, look, said=said, below=f"{_footer(footer, pen)}{raw}"))


def html_of(mjml: str) -> str:
    """Turn MJML into HTML."""
    return str(_to_html(mjml))


def as_mjml(parts: list[Part], *, language: str, style: Style) -> str:
    """Write the blocks alone as MJML, for somebody who goes on in it."""
    return _mjml(parts, Look("", "", language, style))


def _mjml(parts: list[Part], look: Look, *, said: str = "", below: str = "") -> str:
    style = look.style
    sections = "".join(_section(part, number) for number, part in enumerate(parts, 1) if part.written.is_seen)
    return (
        f'<mjml lang="{html.escape(look.language)}"><mj-head>{said}'
        '<mj-raw><meta name="color-scheme" content="light dark" /></mj-raw>'
        '<mj-breakpoint width="480px" /><mj-attributes>'
        f'<mj-all font-family="{style.family}" />'
        '<mj-text font-size="16px" line-height="25px" padding="8px 32px" />'
        '<mj-button font-size="16px" font-weight="600" padding="12px 32px" inner-padding="13px 24px"'
        ' border-radius="5px" line-height="20px" />'
        '<mj-image padding="8px 32px" /><mj-divider padding="16px 32px" border-width="1px" border-color="#dcd6cb" />'
        '<mj-section padding="0" /><mj-column padding="0" />'
        f"</mj-attributes><mj-style>{_DARK}</mj-style></mj-head>"
        f'<mj-body width="600px" background-color="{style.page}" css-class="pd-page">'
        f'<mj-wrapper css-class="pd-paper" background-color="{style.paper}" padding="24px 0">{sections}</mj-wrapper>'
        f"{below}</mj-body></mjml>"
    )


_HIDDEN = "display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden"
_BELOW = (
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center"'
    ' style="padding:16px 32px 32px;font:12px/19px Helvetica,Arial,sans-serif;color:#6b655c">{}</td></tr></table>'
)


def around(body: str, whole: Whole, *, footer: Footer | None, look: Look, pen: Pen) -> str:
    """Write the page around a marked body of somebody's own: head, preheader, footer, pixel."""
    pixel = pen.own("_open", f"{pen.base_url}/o/").attribute if pen.track_opens else ""
    attributes = "".join(f' {name}="{html.escape(value)}"' for name, value in whole.attributes)
    preheader = f'<div style="{_HIDDEN}">{look.preheader}</div>' if look.preheader else ""
    below = _BELOW.format(_footer_words(footer, pen)) if footer else ""
    unseen = f"{_image(pixel)}{_unseen_link(pen)}"
    sheet = whole.sheet.replace("</", "")
    return (
        f'<!doctype html><html lang="{html.escape(look.language)}" dir="auto"{_SHAPES}><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{look.title}</title>'
        f"<style>{sheet}</style>{_outlook(whole)}</head><body{attributes}>{preheader}{body}{below}{unseen}</body></html>"
    )


_SHAPES = ' xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
# Without it Outlook draws pictures too large on screens that are set to more than 96 dots per inch.
_DOTS = (
    "<!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch>"
    "</o:OfficeDocumentSettings></xml><![endif]-->"
)


def _outlook(whole: Whole) -> str:
    """Write what Outlook alone reads in a head."""
    return _DOTS + "".join(f"<!--{condition}><style>{css}</style><![endif]-->" for condition, css in whole.outlook)


def footer_text(footer: Footer, pen: Pen) -> str:
    """Write the footer of the plain text part."""
    lines = [line for line in (footer.sender, *footer.postal_address.splitlines()) if line.strip()]
    links = [
        *([(_unsubscribe_words(footer), pen.own("_unsubscribe"))] if footer.can_leave else []),
        (_("Your preferences"), pen.own("_preferences")),
        (_("View this mail online"), pen.own("_view")),
    ]
    return "\n".join([*lines, "", *(f"{words}: {address.text}" for words, address in links)])


def _section(part: Part, number: int) -> str:
    """One block is one section, so that what only some see is whole rows of the outermost table."""
    hidden = f" pd-no-{part.hide}" if part.hide else ""
    section = f'<mj-section css-class="pd-b{number}{hidden}"{_pad(part)}>{_columns(part.written)}</mj-section>'
    if not part.before:
        return section
    return f"<mj-raw>{part.before}</mj-raw>{section}<mj-raw>{part.after}</mj-raw>"


def _columns(written: Written) -> str:
    if not written.columns:
        return f"<mj-column>{written.mjml}</mj-column>"
    return "".join(
        f"<mj-column{f''' width="{column.share}%" ''' if column.share else ''}>{column.mjml}</mj-column>"
        for column in written.columns
    )


def _pad(part: Part) -> str:
    """Columns are narrower than a text, so the row keeps the rest of the distance to the edge."""
    return ' padding="0 16px"' if part.written.columns else ""


def _footer(footer: Footer, pen: Pen) -> str:
    return (
        '<mj-section padding="16px 0 32px"><mj-column>'
        '<mj-text css-class="pd-quiet" font-size="12px" line-height="19px" color="#6b655c">'
        f"{pen.keep(_footer_words(footer, pen))}</mj-text></mj-column></mj-section>"
    )


def _footer_words(footer: Footer, pen: Pen) -> str:
    words = ", ".join(line.strip() for line in (footer.sender, *footer.postal_address.splitlines()) if line.strip())
    link = '<a href="{}" style="color:#6b655c;text-decoration:underline">{}</a>'
    kept = [
        (_unsubscribe_words(footer), pen.own("_unsubscribe")) if footer.can_leave else None,
        (_("Your preferences"), pen.own("_preferences")),
        (_("View this mail online"), pen.own("_view")),
    ]
    links = " · ".join(link.format(one[1].attribute, html.escape(one[0])) for one in kept if one)
    return f"{html.escape(words)}<br />{links}"


def _unsubscribe_words(footer: Footer) -> str:
    if footer.subscription:
        return _("Unsubscribe from %(name)s") % {"name": footer.subscription}
    return _("Unsubscribe")


def _image(pixel: str) -> str:
    return f'<img src="{pixel}" width="1" height="1" alt="" style="display:block;border:0" />' if pixel else ""


def _unseen_link(pen: Pen) -> str:
    """A link without words that is shown to nobody, spoken by nothing and reached by no key: who follows it is a machine."""
    if not (trap := pen.trap):
        return ""
    return f'<a href="{trap}" aria-hidden="true" tabindex="-1" rel="nofollow" style="{_HIDDEN}"></a>'


def in_dark(page: str) -> str:
    """Switch the dark colours on, as a reader's dark screen would: for the preview."""
    return page.replace(DARK_RULE, DARK_ALWAYS)


def in_light(page: str) -> str:
    """Switch the dark colours off, whatever the screen of who looks: for the preview."""
    return page.replace(DARK_RULE, DARK_NEVER).replace("color-scheme: light dark", "color-scheme: light")


def anchored(page: str) -> str:
    """Give each block a place to jump to: for the preview, which follows the block being written."""
    return _BLOCK_CLASS.sub(lambda match: f'<div id="b{match.group(2)}" class="{match.group(1)}"', page)


def without_pictures(page: str) -> str:
    """Put each picture's words in its place, as a mail program does that shows no pictures: for the preview."""
    return _PICTURE.sub(lambda match: f'<span style="font:14px sans-serif">{match.group(1)}</span>', page)
