"""The frame of a letter: what stands around its text, as it is kept on the mailing and as it is set."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailings.letters import geometry

SORTS: Mapping[str, str | Promise] = {
    "": _("No order"),
    "postcode": _("Country and postcode"),
    "company": _("Company name"),
    "number": _("Company number"),
    "last_name": _("Last name"),
}
LONGEST = 1000


@dataclass(frozen=True)
class Sheet:
    """The frame. Words may hold variables; `sender` and `footer` have lines and are the same for everybody."""

    layout: str = geometry.USUAL
    sender: str = ""  # lines beside the window
    return_line: str = ""  # small, above the address
    logo: str = ""
    place: str = ""  # before the date
    our_ref: str = ""
    attention: str = ""
    attention_always: bool = False
    heading: str = ""
    closing: str = ""
    signature: str = ""  # a picture
    signed_by: str = ""
    footer: str = ""
    page_numbers: bool = True
    fold_marks: bool = True
    duplex: bool = False
    archival: bool = False  # PDF/A
    sort: str = "postcode"

    @classmethod
    def read(cls, kept: object) -> Self:
        """Take a frame from JSON; what is missing or strange is as usual."""
        given = kept if isinstance(kept, Mapping) else {}
        values: dict[str, Any] = {}
        for part in fields(cls):
            value = given.get(part.name)
            if type(value) is type(part.default):
                values[part.name] = value[:LONGEST] if isinstance(value, str) else value
        if values.get("layout") not in geometry.LAYOUTS:
            values.pop("layout", None)
        if values.get("sort") not in SORTS:
            values.pop("sort", None)
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """Give the frame as it is kept in `Mailing.letter`."""
        return asdict(self)

    @property
    def window(self) -> geometry.Layout:
        return geometry.layout(self.layout)

    @property
    def words(self) -> str:
        """Everything that may hold a variable."""
        return " ".join((self.our_ref, self.attention, self.heading, self.closing, self.signed_by))
