"""Whether everybody can read it: contrast, headings, words of links, pictures (WCAG 2.2 AA)."""

import re
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailings.preflight import anchors, written
from mailings.preflight.findings import Finding, warning
from mailings.rendering import blocks
from mailings.rendering.compound import Code

READABLE = 4.5  # WCAG 2.2 §1.4.3, text of ordinary size
READABLE_LARGE = 3
FEW_WORDS = 20  # a mail of pictures with fewer words is empty to who sees no pictures
FILE_NAME = re.compile(
    r"\S+\.(png|jpe?g|gif|webp|svg|bmp)|(img|dsc|image|foto|picture|screenshot)[ _-]*\d*", re.IGNORECASE
)
EMPTY_WORDS = frozenset(
    [
        "here",
        "click",
        "click here",
        "this link",
        "link",
        "more",
        "read more",
        "learn more",
        "details",
        "this page",
        "website",
        "hier",
        "klik",
        "klik hier",
        "deze link",
        "meer",
        "lees meer",
        "verder lezen",
        "meer informatie",
        "deze pagina",
        "lees verder",
    ]
)


def luminance(color: str) -> float:
    """Give the relative luminance of #rrggbb (WCAG 2.2)."""
    channels = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colors(document: blocks.Document) -> Iterator[Finding]:
    """Name what is hard to read in this mail's colours."""
    if document.source:
        yield from _own_colors(document)
        return
    style, pairs = document.style, []
    if any(isinstance(block, blocks.Text) and "<a " in block.html for block in document.blocks):
        pairs.append((_("Links"), style.accent, style.paper))
    if any(isinstance(block, blocks.Button) for block in document.blocks):
        pairs.append((_("Words on buttons"), style.on_accent, style.accent))
    pairs.append((_("The text"), style.ink, style.paper))
    for what, color, ground in pairs:
        if (ratio := contrast(color, ground)) < READABLE:
            words = _(
                "%(what)s in %(color)s on %(ground)s are hard to read: contrast %(ratio).1f, at least 4.5 is needed."
            )
            values = {"what": what, "color": color, "ground": ground, "ratio": ratio}
            yield warning("contrast", words % values, "content")


def _own_colors(document: blocks.Document) -> Iterator[Finding]:
    """Name the words of somebody's own HTML that are hardest to read, as far as their colours stand on the elements."""
    words = [one for block in document.blocks if isinstance(block, Code) for one in written.seen(block.html).inked]
    faint = [one for one in words if contrast(one.ink, one.ground) < (READABLE_LARGE if one.is_large else READABLE)]
    if faint:
        worst = min(faint, key=lambda one: contrast(one.ink, one.ground))
        ratio, least = contrast(worst.ink, worst.ground), READABLE_LARGE if worst.is_large else READABLE
        sentence = _(
            "“%(words)s” in %(color)s on %(ground)s is hard to read: contrast %(ratio).1f, at least %(least)s is needed."
        )
        values = {"color": worst.ink, "ground": worst.ground, "ratio": ratio, "least": f"{least:g}"}
        yield warning("contrast", sentence % {**values, "words": worst.words[:40]}, "content", count=len(faint))


def headings(kept: Sequence[blocks.Block]) -> Iterator[Finding]:
    """Say where a level of headings is skipped: who listens to a mail jumps from heading to heading."""
    before = 0
    for block, level, text in _headings(kept):
        if level > before + 1:
            words = _("Heading “%(text)s” skips a size. Who listens to a mail finds their way by its headings.")
            yield warning("heading_order", words % {"text": text[:40]}, "content", block.id)
            return
        before = level


def _headings(kept: Sequence[blocks.Block]) -> Iterator[tuple[blocks.Block, int, str]]:
    for block in kept:
        if isinstance(block, blocks.Heading):
            yield block, block.level, block.summary()
        elif isinstance(block, Code):
            yield from ((block, level, text) for level, text in written.seen(block.html).headings)


def pictures(kept: Sequence[blocks.Block]) -> Iterator[Finding]:
    """Find pictures that say nothing to who does not see them."""
    images = [image for block in kept for image in _images(block)]
    silent = [image for image in images if not image.alt.strip() and not image.is_decorative]
    if silent:
        words = ngettext(
            "A picture has no text for people who do not see it.",
            "%(count)d pictures have no text for people who do not see them.",
            len(silent),
        )
        yield warning("alt_missing", words % {"count": len(silent)}, "content", silent[0].id, count=len(silent))
    named = [image for image in images if FILE_NAME.fullmatch(image.alt.strip()) and not image.is_decorative]
    if named:
        words = _("The text of a picture is the name of its file: “%(alt)s”. Say what it shows.")
        yield warning("alt_file_name", words % {"alt": named[0].alt}, "content", named[0].id)
    said = sum(len(block.words().split()) for block in kept)
    if images and said < FEW_WORDS:
        words = _("The mail is nearly all picture. Many readers see no pictures at first, and filters distrust it.")
        yield warning("only_pictures", words, "content", images[0].id)


def _images(block: blocks.Block) -> list[blocks.Image]:
    """Give the pictures of a block, those within columns and products as pictures of that block."""
    match block:
        case blocks.Image():
            return [block]
        case blocks.Product(image=url, alt=alt) if url:
            return [blocks.Image(id=block.id, url=url, alt=alt)]
        case blocks.Columns(cells=cells):
            return [blocks.Image(id=block.id, url=cell.image, alt=cell.alt) for cell in cells if cell.image]
        case Code(html=html):
            return [
                blocks.Image(id=block.id, url="", alt=one.alt or "", is_decorative=one.alt == "")
                for one in written.seen(html).pictures
            ]
        case _:
            return []


def links(kept: Sequence[blocks.Block]) -> Iterator[Finding]:
    """Find links that do not say where they lead."""
    for block in kept:
        for text in (anchor.words for anchor in anchors.of(block)):
            plain = text.strip().strip(".:!…>»→ ").casefold()
            if plain in EMPTY_WORDS:
                words = _("“%(text)s” does not say where it leads. Who listens hears only the words of the link.")
                yield warning("link_words", words % {"text": text.strip()}, "content", block.id)
                return
