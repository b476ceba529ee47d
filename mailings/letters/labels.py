"""Address labels on the common sheets of A4."""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import batched
from typing import Any

from django.utils.translation import gettext as _

from mailings.letters import style
from mailings.letters.geometry import POINT, width

SIZES = (10.0, 8.5, 7.0, 6.0)  # points


@dataclass(frozen=True)
class Labels:
    """A sheet of labels: measures in millimetres, `step` from one label's edge to the next one's."""

    label: str
    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    step_x: float
    step_y: float

    @property
    def on_a_sheet(self) -> int:
        return self.columns * self.rows


SHEETS: Mapping[str, Labels] = {
    "l7160": Labels("Avery L7160 · 21 × 63.5 × 38.1 mm", 3, 7, 63.5, 38.1, 7.2, 15.1, 66.0, 38.1),
    "l7159": Labels("Avery L7159 · 24 × 63.5 × 33.9 mm", 3, 8, 63.5, 33.9, 7.2, 12.9, 66.0, 33.9),
    "l7163": Labels("Avery L7163 · 14 × 99.1 × 38.1 mm", 2, 7, 99.1, 38.1, 4.65, 15.1, 101.6, 38.1),
    "3474": Labels("Avery 3474 · 24 × 70 × 37 mm", 3, 8, 70.0, 37.0, 0.0, 0.5, 70.0, 37.0),
    "4360": Labels("Herma 4360 · 24 × 70 × 36 mm", 3, 8, 70.0, 36.0, 0.0, 4.5, 70.0, 36.0),
}


def sheets(addresses: Iterable[tuple[str, ...]], kind: Labels) -> bytes:
    """Print the lines of these addresses on labels, row by row. PDF."""
    weasyprint: Any = import_module("weasyprint")
    pages = "".join(_page(page, kind) for page in batched(addresses, kind.on_a_sheet))
    css = (
        f"@page{{size:A4;margin:0}}body{{margin:0;font-family:{style.FONTS}}}.page{{height:297mm;position:relative;"
        "break-after:page;overflow:hidden}.page:last-child{break-after:auto}"
        f".label{{position:absolute;width:{kind.width - 8}mm;height:{kind.height - 4}mm;overflow:hidden;line-height:1.25}}"
    )
    page = f'<!doctype html><meta charset="utf-8"><title>{html.escape(_("Address labels"))}</title><style>{css}</style>{pages}'
    return bytes(weasyprint.HTML(string=page, url_fetcher=_nothing).write_pdf())


def _page(addresses: Sequence[tuple[str, ...]], kind: Labels) -> str:
    labels = "".join(
        f'<div class="label" style="left:{kind.left + place % kind.columns * kind.step_x + 4:.2f}mm;'
        f'top:{kind.top + place // kind.columns * kind.step_y + 2:.2f}mm;font-size:{_size(lines, kind)}pt">'
        f"{'<br>'.join(html.escape(line) for line in lines)}</div>"
        for place, lines in enumerate(addresses)
    )
    return f'<div class="page">{labels}</div>'


def _size(lines: tuple[str, ...], kind: Labels) -> float:
    for size in SIZES:
        if len(lines) * size * 1.25 * POINT <= kind.height - 4 and all(
            width(line, size) <= kind.width - 8 for line in lines
        ):
            return size
    return SIZES[-1]


def _nothing(url: str, *_args: Any, **_options: Any) -> Any:
    raise ValueError("labels fetch nothing")


# of the list for a print house: one letter per line, in print order
COLUMNS = ("number", "company", "name", "street", "postcode", "city", "region", "country", "reference", "link")
