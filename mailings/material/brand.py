"""The brand kit: the style, the header and the footer that new mailings begin with, and the address below every mail."""

from dataclasses import fields, replace

from django.conf import settings

from mailings.material import saved
from mailings.material.models import Brand
from mailings.rendering.block import Block, Style
from mailings.rendering.blocks import Document, Image, new_id

PLAIN = frozenset({"letter"})  # templates that are only words: no header above them
LOGO = 180  # pixels wide at most, where no header was chosen


def kit() -> Brand | None:
    """Give the house style; None as long as nobody made one."""
    return Brand.objects.select_related("logo", "header", "footer").first()


def style(brand: Brand) -> Style:
    """Give the colours and letters as a mail keeps them."""
    return Style.read({part.name: getattr(brand, part.name) for part in fields(Style)})


def postal_address() -> str:
    """Give the address that the brand kit names, for everything that leaves the house; empty when it names none."""
    return Brand.objects.values_list("postal_address", flat=True).first() or ""


def dress(document: Document, brand: Brand | None) -> Document:
    """Give a mail the house style, with the header above its blocks and the footer below. Raises NoSuchBlock."""
    if brand is None:
        return document
    above = () if document.template in PLAIN else _header(brand)
    below = saved.blocks(brand.footer) if brand.footer else ()
    return replace(document, style=style(brand), blocks=(*above, *document.blocks, *below))


def _header(brand: Brand) -> tuple[Block, ...]:
    if brand.header:
        return saved.blocks(brand.header)
    if not brand.logo:
        return ()
    alt = brand.logo.alt or settings.SENDER_NAME
    wide = min(brand.logo.width, LOGO)
    return (Image(id=new_id(), url=brand.logo.address, alt=alt, link=brand.website, width=wide),)
