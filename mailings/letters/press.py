"""The press: many filled letters become one PDF. Start-up, style sheet and fonts are paid once per run, not per letter."""

import gc
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import pairwise
from typing import Any, Protocol

from mailings.letters import body, pictures, style
from mailings.letters.postal import Postal
from mailings.letters.writing import Filled, Written

RUN = 100  # letters in one PDF: more gain nothing, and memory grows
RUN_SIZE = 1_500_000  # characters of HTML in one PDF
ANCHOR = "m"


class CannotPrint(Exception):
    """The machine lacks what printing needs; fit to show a person."""


@dataclass(frozen=True)
class Pages:
    """Where a letter stands in its run: first page from 0, and how many, a padding one included."""

    number: int
    first: int
    count: int


@dataclass(frozen=True)
class Printed:
    """One run. `unprintable` names the signs that no font has, by letter."""

    pdf: bytes
    pages: tuple[Pages, ...]
    unprintable: Mapping[int, str]

    @property
    def sheets(self) -> int:
        return sum(one.count for one in self.pages)


class Sized(Protocol):
    """A filled letter, of whatever kind."""

    @property
    def size(self) -> int: ...


class Prints(Protocol):
    """What makes pages: the press for letters of blocks, or that for Word files. It prints what it filled."""

    def fill(self, number: int, postal: Postal, data: Mapping[str, object], *, date: str) -> Any: ...

    def run(self, letters: Sequence[Any]) -> Printed: ...


@dataclass
class Press:
    """Prints the letters of one mailing; keep it for as long as there are any, it remembers fonts and pictures."""

    written: Written
    load: pictures.Load
    _fonts: Any = None
    _css: Any = None
    _fetch: Any = None
    _images: dict[str, Any] = field(default_factory=dict)
    _guess: int = 1  # pages of a letter, from the one before: most are alike

    def fill(self, number: int, postal: Postal, data: Mapping[str, object], *, date: str) -> Filled:
        """Fill it in for one recipient. Raises RenderError."""
        return self.written.fill(number, postal, data, date=date)

    def run(self, letters: Sequence[Filled]) -> Printed:
        """Print these letters into one PDF, each from a page of its own, in this order. Raises CannotPrint."""
        with _collecting_later(), _listening() as missing:
            self._make_ready()
            totals = [self._guess] * len(letters)
            document = self._laid_out(letters, totals)
            pages = _pages(document, letters)
            if self.written.letter.sheet.page_numbers and [one.count for one in pages] != totals:
                document = self._laid_out(letters, [one.count for one in pages])
                pages = _pages(document, letters)
            self._guess = pages[-1].count if pages else 1
            variant = {"pdf_variant": "pdf/a-2b"} if self.written.letter.sheet.archival else {}
            pdf = bytes(document.write_pdf(**variant))
            self._forget_codes()
        return Printed(pdf, pages, _whose(missing, letters))

    def _make_ready(self) -> None:
        if self._css is not None:
            return
        try:
            weasyprint: Any = import_module("weasyprint")
            fonts: Any = import_module("weasyprint.text.fonts")
        except OSError as error:
            raise CannotPrint(str(error)) from error
        self._fetch = pictures.fetcher(self.written.letter.base_url, self.load)
        self._fonts = fonts.FontConfiguration()
        self._css = weasyprint.CSS(string=self.written.css, font_config=self._fonts, url_fetcher=self._fetch)

    def _laid_out(self, letters: Sequence[Filled], totals: Sequence[int]) -> Any:
        weasyprint: Any = import_module("weasyprint")
        language = self.written.letter.document.language
        sections = "".join(
            f'<section class="letter {style.KINDS[place % 2]}" id="{ANCHOR}{one.number}"'
            f' data-of=" / {total}">{one.html}</section>'
            for place, (one, total) in enumerate(zip(letters, totals, strict=True))
        )
        page = f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title> </title><body>{sections}</body></html>'
        html = weasyprint.HTML(string=page, url_fetcher=self._fetch, base_url=None)
        document = html.render(stylesheets=[self._css], font_config=self._fonts, cache=self._images)
        if self.written.letter.sheet.duplex and len(document.pages) % 2:
            blank = weasyprint.HTML(string="<style>@page{size:A4}</style>", url_fetcher=self._fetch).render()
            document.pages.append(blank.pages[0])
        return document

    def _forget_codes(self) -> None:
        for url in [url for url in self._images if str(url).startswith(body.QR)]:
            del self._images[url]


def _pages(document: Any, letters: Sequence[Filled]) -> tuple[Pages, ...]:
    """Read where each letter begins from its anchor; it ends where the next begins."""
    begins: dict[str, int] = {}
    for place, page in enumerate(document.pages):
        for anchor in page.anchors:
            begins.setdefault(anchor, place)
    starts = [*(begins[f"{ANCHOR}{one.number}"] for one in letters), len(document.pages)]
    return tuple(
        Pages(one.number, first, after - first) for one, (first, after) in zip(letters, pairwise(starts), strict=True)
    )


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Building a tree of pages makes no garbage worth looking for before it is printed (6 %)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
            gc.collect()


class _Missing(logging.Handler):
    """Hears of signs that no font has."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.signs: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple) and str(record.msg).startswith(".notdef") and record.args:
            self.signs.add(str(record.args[0]))


@contextmanager
def _listening() -> Iterator[set[str]]:
    heard = _Missing()
    log = logging.getLogger("weasyprint")
    log.addHandler(heard)
    try:
        yield heard.signs
    finally:
        log.removeHandler(heard)


def _whose(missing: set[str], letters: Sequence[Filled]) -> Mapping[int, str]:
    return {
        one.number: "".join(found) for one in letters if (found := sorted(sign for sign in missing if sign in one.html))
    }


def runs[Ready: Sized](letters: Sequence[Ready], *, most: int = RUN) -> Iterator[Sequence[Ready]]:
    """Cut letters into runs that fit the memory: so many, or so much text."""
    run: list[Ready] = []
    size = 0
    for one in letters:
        if run and (len(run) >= most or size + one.size > RUN_SIZE):
            yield run
            run, size = [], 0
        run.append(one)
        size += one.size
    if run:
        yield run
