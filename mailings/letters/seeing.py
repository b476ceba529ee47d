"""Letters before they are printed, and printed ones taken out again: for the preview, a sample, a person's own PDF."""

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import gettext as _

from mailings.letters import binding, making, production
from mailings.letters.models import PrintRun
from mailings.letters.postal import Postal
from mailings.letters.press import CannotPrint, Printed
from mailings.models import Mailing, Message
from mailings.reading import Reader
from tracking import tokens

SHARP = 80  # dots per inch of a page on the screen
MOST_PAGES = 10  # of a letter that a preview shows
SAMPLE = 5  # letters in a sample
SECONDS = 20


def printed(mailing: Mailing, readers: Iterable[Reader], *, now: datetime) -> Printed:
    """Print the letter as it stands for a few people, mistakes and all. Raises RenderError, NoSuchBlock, CannotPrint."""
    press = making.press_of(mailing)
    token = tokens.maker("click")(mailing.pk, tokens.TEST)
    date = production.dated(mailing, now)
    letters = [
        press.fill(number, _address(who), {**who.data, "_token": token}, date=date)
        for number, who in enumerate(readers, 1)
    ]
    return press.run(letters)


def _address(who: Reader) -> Postal:
    if who.person is None:
        return Postal(who.name, "Molenaar & Zn. B.V.", "Kerkstraat 14", "3011 AB", "Rotterdam", "", "NL")
    return making.address_in(who.data)


def pages(pdf: bytes) -> Sequence[bytes]:
    """Give the pages of a PDF as pictures (PNG). Raises CannotPrint where no program for that is installed."""
    program = shutil.which("pdftoppm")
    if program is None:
        raise CannotPrint(_("To show pages here an administrator installs poppler-utils. Open the sample instead."))
    command = [program, "-png", "-r", str(SHARP), "-l", str(MOST_PAGES), "-"]
    try:
        told = subprocess.run(command, input=pdf, capture_output=True, check=True, timeout=SECONDS)
    except (subprocess.SubprocessError, OSError) as error:
        raise CannotPrint(_("This letter could not be shown.")) from error
    start = b"\x89PNG\r\n\x1a\n"
    return [start + part for part in told.stdout.split(start)[1:]]


def of_message(message: Message) -> bytes | None:
    """Give the printed letter of one recipient as a PDF of its own; None when it is not printed."""
    run = PrintRun.objects.filter(mailing=message.mailing_id, first__lte=message.pk).order_by("-first").first()
    place = next((one for one in run.ranges if one[0] == message.pk), None) if run else None
    return binding.cut(bytes(run.pdf), place[1], place[2]) if run and place else None


class Part(NamedTuple):
    """Letters that go into one file: `first` to `last` in print order, from 1."""

    number: int
    first: int
    last: int


def parts(letters: int, size: int) -> Sequence[Part]:
    """Cut so many letters into files of so many; 0 is one file."""
    size = size or max(letters, 1)
    return [
        Part(number, first + 1, min(first + size, letters)) for number, first in enumerate(range(0, letters, size), 1)
    ]


def bind(mailing: Mailing, into: Path, *, part: Part) -> int:
    """Write the letters of a part into one PDF, in order; return its pages. One run at a time is in memory."""
    return binding.join(_files(mailing, part), into)


def _files(mailing: Mailing, part: Part) -> Iterator[bytes]:
    before = 0
    for number, letters in mailing.print_runs.order_by("first").values_list("pk", "letters"):
        first, last = max(part.first - before, 1), min(part.last - before, letters)
        before += letters
        if first > last:
            continue
        run = PrintRun.objects.get(pk=number)
        if (first, last) == (1, letters):
            yield bytes(run.pdf)
        else:
            wanted = run.ranges[first - 1 : last]
            yield binding.cut(bytes(run.pdf), wanted[0][1], sum(count for _number, _first, count in wanted))
