"""Paging by key with a way back: the address carries the places where earlier pages ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest

LONGEST = 200  # pages; further back one starts again


LONGEST_WORDS = 100


def words(request: HttpRequest) -> str:
    """What was typed into the search field, as far as it can be looked for."""
    return request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_WORDS]


def number(given: object) -> int:
    """The number of a row as a stranger wrote it; 0, which no row has, when it is none."""
    text = str(given or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


@dataclass(frozen=True)
class Trail:
    """Where a list stands. Places are whatever the list gives out as `after`; they hold no comma."""

    places: tuple[str, ...]
    asked: Mapping[str, str]  # the other parameters of the address
    size: int

    @classmethod
    def of(cls, request: HttpRequest, *, size: int) -> "Trail":
        given = request.GET.get("trail", "")[:8000]
        others = {name: str(value) for name, value in request.GET.items() if name != "trail" and value}
        return cls(tuple(place for place in given.split(",") if place), others, size)

    @property
    def after(self) -> str:
        return self.places[-1] if self.places else ""

    @property
    def first(self) -> int:
        """The number of the first row of this page, counted from 1."""
        return len(self.places) * self.size + 1

    @property
    def previous(self) -> str:
        """The address of the page before; empty on the first."""
        return self._address(self.places[:-1]) if self.places else ""

    def next(self, after: str) -> str:
        """The address of the page that begins after this place; empty when there is none."""
        return self._address((*self.places, after)[-LONGEST:]) if after else ""

    def _address(self, places: tuple[str, ...]) -> str:
        asked = dict(self.asked) | ({"trail": ",".join(places)} if places else {})
        return f"?{urlencode(asked)}"
