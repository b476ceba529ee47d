"""Everything about a letter that is the same for all who get it: written once, filled in per recipient."""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import override

from mailings.letters import body, geometry, style
from mailings.letters.postal import Postal
from mailings.letters.sheet import Sheet
from mailings.rendering import pieces
from mailings.rendering.blocks import Document
from mailings.rendering.escaping import Context
from mailings.rendering.pieces import Pieces, Slot
from mailings.rendering.writing import Link, Pen, Problem

WINDOW, SIZE, DATE = "_window", "_fit", "_date"  # values that filling adds to a recipient's own


@dataclass(frozen=True)
class Letter:
    """A document mailing as plain values. `postal_address` is the house's own, for where the frame names no sender."""

    document: Document
    sheet: Sheet
    name: str
    sender_name: str
    postal_address: str
    base_url: str
    home: str  # country code: letters that stay in it name none
    track_clicks: bool = True
    campaign: tuple[tuple[str, str], ...] = ()

    @property
    def sender(self) -> tuple[str, ...]:
        """The sender's lines."""
        if self.sheet.sender.strip():
            return tuple(line.strip() for line in self.sheet.sender.splitlines() if line.strip())
        given = [part.strip() for part in self.postal_address.replace("\n", ",").split(",") if part.strip()]
        return tuple(given if self.sender_name in given else [self.sender_name, *given])


@dataclass(frozen=True)
class Filled:
    """One recipient's letter, ready for the press; `lines` is the address as it shows, `is_too_large` for its window."""

    number: int
    html: str
    lines: tuple[str, ...]
    is_too_large: bool

    @property
    def size(self) -> int:
        """What it takes of a run, in characters."""
        return len(self.html)


@dataclass(frozen=True)
class Written:
    """A letter with places to fill."""

    letter: Letter
    pieces: Pieces
    attention: Pieces
    links: tuple[Link, ...]
    problems: tuple[Problem, ...]
    css: str = field(repr=False)

    @property
    def keys(self) -> frozenset[str]:
        """Which data keys filling reads."""
        return frozenset((*pieces.keys(self.pieces), *pieces.keys(self.attention)))

    def fill(self, number: int, postal: Postal, data: Mapping[str, object], *, date: str) -> Filled:
        """Fill it in for one recipient. `data` has a `_token` where links are counted. Raises RenderError."""
        sheet = self.letter.sheet
        attention = pieces.join(self.attention, data)
        lines = postal.lines(home=self.letter.home, attention=attention, always=sheet.attention_always)
        fit = geometry.fit(lines, sheet.window)
        values = {**data, WINDOW: list(lines), SIZE: fit.code, DATE: date}
        return Filled(number, pieces.join(self.pieces, values), lines, fit.is_too_large)


def write(letter: Letter) -> Written:
    """Write a letter out in its own language; mistakes stay in it literally and are named."""
    pen = Pen(
        letter.base_url,
        {"mailing.name": letter.name, "mailing.subject": letter.sheet.heading, "mailing.sender": letter.sender_name},
        letter.document.language,
        track_clicks=letter.track_clicks,
        campaign=letter.campaign,
    )
    with override(letter.document.language):
        marked = "".join((*_head(letter, pen), *_body(letter, pen), *_foot(letter, pen)))
        attention = pen.words(letter.sheet.attention, Context.TEXT, where="attention")
        css = style.sheet(letter.sheet)
    cut = pen.marks.cut
    return Written(letter, cut(marked), cut(attention), tuple(pen.links), tuple(pen.problems), css)


def _head(letter: Letter, pen: Pen) -> Iterator[str]:
    """Write what has its place on the first page: sender, window, date and reference."""
    sheet = letter.sheet
    yield '<header class="head">'
    if sheet.logo:
        yield body.picture(sheet.logo, letter.sender_name, pen, where="logo", look=' class="logo"')
    yield f'<div class="sender">{"<br>".join(html.escape(line) for line in letter.sender)}</div>'
    back = sheet.return_line.strip() or " · ".join(letter.sender[:3])
    yield f'<div class="return">{html.escape(back)}</div>'
    size = pen.marks.slot(Slot(Context.HTML, SIZE))
    yield f'<address class="window {size}">{pen.marks.slot(Slot(Context.HTML, WINDOW))}</address>'
    place = f"{html.escape(sheet.place)}, " if sheet.place.strip() else ""
    yield f'<div class="date">{place}{pen.marks.slot(Slot(Context.HTML, DATE))}'
    if sheet.our_ref.strip():
        reference = pen.words(sheet.our_ref, Context.HTML, where="our_ref")
        yield f"<br>{html.escape(_('Our reference'))}: {reference}"
    yield "</div>"
    yield from (f'<i class="fold f{number}"></i>' for number in range(len(sheet.window.folds)) if sheet.fold_marks)
    yield "</header>"


def _body(letter: Letter, pen: Pen) -> Iterator[str]:
    if letter.sheet.heading.strip():
        yield f"<h1>{pen.words(letter.sheet.heading, Context.HTML, where='heading')}</h1>"
    for block in letter.document.blocks:
        pen.block = block.id
        written = body.write(block, pen)
        before, after = pen.marks.when(block.only_if) if block.only_if else ("", "")
        yield f"{before}{written}{after}"
    pen.block = ""


def _foot(letter: Letter, pen: Pen) -> Iterator[str]:
    sheet = letter.sheet
    if not any(text.strip() for text in (sheet.closing, sheet.signature, sheet.signed_by)):
        return
    yield '<div class="closing">'
    if sheet.closing.strip():
        yield f"<p>{pen.words(sheet.closing, Context.HTML, where='closing')}</p>"
    if sheet.signature:
        yield body.picture(sheet.signature, "", pen, where="signature", look=' class="signature"')
    else:
        yield '<div class="sign"></div>'
    if sheet.signed_by.strip():
        yield f"<p>{'<br>'.join(pen.words(one, Context.HTML, where='signed_by') for one in sheet.signed_by.splitlines())}</p>"
    yield "</div>"
