"""From a mailing's row to a written letter, and back: what is wrong with it, whose links are counted."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from consent import house
from mailings.letters import files, office, postal, press, writing
from mailings.letters.sheet import Sheet
from mailings.letters.writing import Letter, Written
from mailings.material import brand, pictures
from mailings.models import Mailing
from mailings.rendering.blocks import Document

DATA = "_postal"  # where a frozen message keeps its address


def letter_of(mailing: Mailing) -> Letter:
    """Give the plain values of a letter. Raises NoSuchBlock when the kept content is damaged."""
    return Letter(
        Document.read(mailing.content),
        Sheet.read(mailing.letter),
        mailing.name,
        settings.SENDER_NAME,
        house.postal_address(),
        settings.BASE_URL,
        settings.HOME_COUNTRY,
        track_clicks=mailing.track_clicks,
        campaign=tuple((name, getattr(mailing, name)) for name in Mailing.CAMPAIGN),
    )


def frame_of_house() -> dict[str, Any]:
    """Give the frame that a new letter begins with: the logo of the brand kit, the house's own words."""
    kit = brand.kit()
    logo = kit.logo.address if kit and kit.logo else ""
    return Sheet(logo=logo, closing=_("Kind regards,"), signed_by=settings.SENDER_NAME).to_json()


def written(mailing: Mailing) -> Written:
    """Write a mailing's letter out."""
    return writing.write(letter_of(mailing))


def press_of(mailing: Mailing) -> press.Prints:
    """Set up a press for a mailing. Raises CannotUse when its Word file is gone."""
    if files.named(mailing):
        return office.Press(
            files.template(mailing),
            Sheet.read(mailing.letter),
            settings.HOME_COUNTRY,
            _constants(mailing),
            str(mailing.content.get("language") or "en"),
        )
    return press.Press(written(mailing), picture)


def _constants(mailing: Mailing) -> dict[str, str]:
    heading = Sheet.read(mailing.letter).heading
    ours = {
        "sender.name": settings.SENDER_NAME,
        "sender.address": house.postal_address(),
        "sender.email": settings.SENDER_ADDRESS,
    }
    return ours | {"mailing.name": mailing.name, "mailing.subject": heading, "mailing.sender": settings.SENDER_NAME}


def picture(path: str) -> bytes | None:
    """Give a picture of our library by its path on our site; nothing else is ever printed."""
    kind, _, name = path.removeprefix("/").partition("/")
    width, _, narrow = name.partition("/")
    if kind != "i":
        return None
    return pictures.data(narrow, int(width)) if narrow and width.isdecimal() else pictures.data(name)


def address_in(data: Mapping[str, Any]) -> postal.Postal:
    """Read the address out of a message's data."""
    kept = data.get(DATA)
    given = kept if isinstance(kept, Mapping) else {}
    return postal.Postal(**{name: str(given.get(name) or "") for name in postal.Postal.__dataclass_fields__})
