"""Letters: runs of a hundred on every core, beside one WeasyPrint document per letter on one; and what ten thousand need."""

import multiprocessing
import os
import resource
import tempfile
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import batched
from pathlib import Path
from typing import Any

import django

from benchmarks.frame import Figure, Scale, interleaved, rate
from mailings.letters import binding
from mailings.letters.postal import Postal
from mailings.letters.press import RUN, Press
from mailings.letters.sheet import Sheet
from mailings.letters.writing import Filled, Letter, Written, write
from mailings.rendering.blocks import Document

DATE = "27 November 2026"


def figures(scale: Scale) -> Iterator[Figure]:
    cores = len(os.sched_getaffinity(0))
    many, few = RUN * cores * scale.pick(2, 1), scale.pick(60, 15)
    context = multiprocessing.get_context("forkserver")
    with context.Pool(cores, initializer=warm) as pool:
        batches = list(batched(range(1, many + 1), RUN))
        medians = interleaved(
            {
                "ours": lambda: rate(many, lambda: pool.map(printed, batches, chunksize=1)),
                "theirs": lambda: rate(few, lambda: one_by_one(few)),
            }
        )
    words = "one WeasyPrint document per letter on one core"
    yield Figure("letters.batch", medians["ours"], "letters/s", medians["theirs"], words)
    with context.Pool(1) as pool:
        yield Figure("letters.memory", pool.apply(peak_of, (scale.pick(10_000, 1_000),)), "MB")


def a_letter() -> Letter:
    """One page of A4: address window, three paragraphs, a code, closing and footer."""
    words = "Last year you came for the soup and stayed for the lathe; this year the doors are open again. " * 4
    text = f"<p>Dear [[customer.firstname|friend]],</p><p>{words}</p><p>{words}</p><p>{words}</p>"
    blocks: list[dict[str, Any]] = [
        {"id": "t", "kind": "text", "html": text},
        {"id": "b", "kind": "button", "text": "I am coming", "url": "https://example.org/open-day"},
    ]
    frame = Sheet(
        sender="De Werkbank\nHavenstraat 14\n3024 SC Rotterdam",
        heading="Open day on 12 December",
        our_ref="WB/[[customer.id]]",
        closing="Kind regards,",
        signed_by="Joost Bakker",
        footer="De Werkbank · KvK 24123456",
    )
    document = Document.read({"language": "en", "blocks": blocks})
    return Letter(document, frame, "Open day", "De Werkbank", "", "https://mail.example.org", "NL")


def filled(written: Written, number: int) -> Filled:
    postal = Postal(f"Ada Lovelace {number}", "Molenaar B.V.", f"Kerkstraat {number}", "3011AB", "Rotterdam", "", "NL")
    data = {"customer.firstname": "Ada", "customer.id": str(number), "_token": f"{number:032d}"}
    return written.fill(number, postal, data, date=DATE)


_PRESS: list[Press] = []


def warm() -> None:
    """Make this process ready as a worker is: settings read, libraries loaded, style sheet read."""
    django.setup()
    _PRESS[:] = [Press(write(a_letter()), lambda _path: None)]
    printed([1])


def printed(numbers: Sequence[int]) -> bytes:
    (press,) = _PRESS
    run = press.run([filled(press.written, number) for number in numbers])
    if run.sheets != len(numbers):
        raise SystemExit(f"{len(numbers)} letters became {run.sheets} pages")
    return run.pdf


def one_by_one(letters: int) -> None:
    """The plain way: a document for each."""
    weasyprint: Any = import_module("weasyprint")
    written = write(a_letter())
    for number in range(1, letters + 1):
        html = filled(written, number).html
        page = f'<style>{written.css}</style><section class="letter a" data-of="">{html}</section>'
        press = Press(written, lambda _path: None)
        press._make_ready()
        weasyprint.HTML(string=page, url_fetcher=press._fetch).write_pdf()


def peak_of(letters: int) -> float:
    """Print, keep each run on the disk as the database would, join; return the peak of this process in MB."""
    warm()
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for place, numbers in enumerate(batched(range(1, letters + 1), RUN)):
            files.append(Path(folder) / f"{place}.pdf")
            files[-1].write_bytes(printed(numbers))
        whole = Path(folder) / "whole.pdf"
        pages = binding.join((file.read_bytes() for file in files), whole)
        if pages != letters:
            raise SystemExit(f"{letters} letters became {pages} pages")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
