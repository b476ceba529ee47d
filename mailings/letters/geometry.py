"""Where things stand on a sheet of A4, in millimetres from its top left corner."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PAGE = (210.0, 297.0)
LINES = 6  # of an address that fit into every window


@dataclass(frozen=True)
class Layout:
    """An envelope's demands: where the address shows, where the text begins below it, where the sheet is folded."""

    label: str | Promise
    left: float
    top: float
    width: float
    height: float
    folds: tuple[float, ...]
    body: float  # top of the text on the first page

    @property
    def is_right(self) -> bool:
        """Whether the window is on the right, so that the sender stands on the left."""
        return self.left > PAGE[0] / 2 - 10


# DE: DIN 5008, the address zone of form A and B below the 17.7 mm for the return address, DIN lang with a 90 x 45 window.
# NL: sheets folded in three for EA5/6 and C5/6 envelopes with a window of 35 to 40 mm whose lower edge is 20 mm up.
LAYOUTS: Mapping[str, Layout] = {
    "nl_right": Layout(_("Netherlands, window right"), 112.0, 50.0, 80.0, 35.0, (99.0, 198.0), 100.0),
    "nl_left": Layout(_("Netherlands, window left"), 22.0, 50.0, 85.0, 35.0, (99.0, 198.0), 100.0),
    "de_b": Layout(_("Germany, DIN 5008 form B, window left"), 25.0, 62.7, 80.0, 27.3, (105.0, 210.0), 103.5),
    "de_a": Layout(_("Germany, DIN 5008 form A, window left"), 25.0, 44.7, 80.0, 27.3, (87.0, 192.0), 85.5),
}
USUAL = "nl_right"


def layout(code: str) -> Layout:
    """Give a layout by its code; the usual one for a code nobody knows."""
    return LAYOUTS.get(code, LAYOUTS[USUAL])


# How wide letters are, in shares of the type size (Liberation Sans, which has Arial's widths), rounded up.
_NARROW = frozenset("iljtfrI.,:;'|!()[] -/")
_WIDE = frozenset("mwMW@%")
POINT = 25.4 / 72  # millimetres
SIZES: tuple[tuple[str, float], ...] = (("n", 10.5), ("s", 9.0), ("t", 7.5))  # normal, small, tiny


def width(text: str, size: float) -> float:
    """Estimate how wide a line is at a size in points, rather too wide than too narrow. Millimetres."""
    shares = (
        0.34 if c in _NARROW else 0.95 if c in _WIDE or ord(c) > 0x2E80 else 0.74 if c.isupper() else 0.58 for c in text
    )
    return sum(shares) * size * POINT


@dataclass(frozen=True)
class Fit:
    """How an address is set: in the size of `SIZES` it fits in, or in the smallest and then too large for the window."""

    code: str
    is_too_large: bool


def fit(lines: tuple[str, ...], window: Layout) -> Fit:
    """Choose the type size in which these lines fit the window."""
    for code, size in SIZES:
        high = len(lines) * size * 1.25 * POINT
        if high <= window.height and all(width(line, size) <= window.width for line in lines):
            return Fit(code, is_too_large=False)
    return Fit(SIZES[-1][0], is_too_large=True)
