"""Letters from Word become pages: each is filled in as a Word file, LibreOffice makes PDFs of many at once, and they are joined."""

import io
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from mailings.letters import binding
from mailings.letters.postal import Postal
from mailings.letters.press import CannotPrint, Pages, Printed
from mailings.letters.sheet import Sheet
from mailings.letters.word import CannotUse, Template
from mailings.letters.writing import DATE, WINDOW

PROGRAMS = ("soffice", "libreoffice")
START, EACH = 60, 10  # seconds that LibreOffice has: to start, and for each letter
PDF, ARCHIVAL = "pdf:writer_pdf_Export", ':{"SelectPdfVersion":{"type":"long","value":"2"}}'


@dataclass(frozen=True)
class Filled:
    """One recipient's letter as a Word file, ready for the press."""

    number: int
    docx: bytes
    lines: tuple[str, ...]
    is_too_large: bool = False

    @property
    def size(self) -> int:
        """What it takes of a run, in characters."""
        return len(self.docx) // 4


@dataclass(frozen=True)
class Press:
    """Prints the letters of one mailing. `constants` are the values that are the same for everybody."""

    template: Template
    sheet: Sheet
    home: str  # country code: letters that stay in it name none
    constants: Mapping[str, str]
    language: str = "en"

    def fill(self, number: int, postal: Postal, data: Mapping[str, object], *, date: str) -> Filled:
        """Fill it in for one recipient. Raises RenderError, CannotUse."""
        lines = postal.lines(home=self.home, attention=self.sheet.attention, always=self.sheet.attention_always)
        values = self.template.values(
            {**data, **self.constants, WINDOW: list(lines), DATE: date}, language=self.language
        )
        return Filled(number, fill(self.template, values), lines)

    def run(self, letters: Sequence[Filled]) -> Printed:
        """Print these letters into one PDF, each from a page of its own, in this order. Raises CannotPrint."""
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if program is None:
            raise CannotPrint(without_office())
        with tempfile.TemporaryDirectory(prefix="letters-") as folder:
            place = Path(folder)
            for one in letters:
                (place / f"{one.number}.docx").write_bytes(one.docx)
            _convert(program, place, letters, is_archival=self.sheet.archival)
            files = [_made(place / f"{one.number}.pdf") for one in letters]
            counts = [binding.pages_of(file) for file in files]
            padding = [count % 2 if self.sheet.duplex else 0 for count in counts]
            binding.join(
                (binding.padded(file, blank) for file, blank in zip(files, padding, strict=True)), place / "all"
            )
            pdf = (place / "all").read_bytes()
        return Printed(pdf, _pages(letters, [sum(pair) for pair in zip(counts, padding, strict=True)]), {})


def without_office() -> str:
    """Say what is missing where there is no LibreOffice."""
    return _("Letters from Word need LibreOffice on the server. An administrator installs “libreoffice-writer-nogui”.")


def is_here() -> bool:
    """Whether this machine can make pages of Word files."""
    return any(map(shutil.which, PROGRAMS))


def fill(template: Template, values: Mapping[str, object]) -> bytes:
    """Put values into the places of a file. Nothing but our own places is in it, and no value is read as code."""
    docxtpl: Any = import_module("docxtpl")
    template_error: type[Exception] = import_module("jinja2").TemplateError
    package_error: type[Exception] = import_module("docx.opc.exceptions").OpcError
    sandbox: Any = import_module("jinja2.sandbox")
    file = docxtpl.DocxTemplate(io.BytesIO(template.docx))
    out = io.BytesIO()
    try:
        file.render(dict(values), sandbox.ImmutableSandboxedEnvironment(autoescape=True), autoescape=True)
        file.save(out)
    except (
        template_error,
        package_error,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        SyntaxError,
    ) as error:
        raise CannotUse(_("This Word file is damaged. Save it anew in Word, and try again.")) from error
    return out.getvalue()


def _convert(program: str, place: Path, letters: Sequence[Filled], *, is_archival: bool) -> None:
    kind = f"{PDF}{ARCHIVAL}" if is_archival else PDF
    command = [
        program, "--headless", "--norestore", "--nolockcheck", f"-env:UserInstallation={(place / 'home').as_uri()}",
        "--convert-to", kind, "--outdir", str(place), *(f"{one.number}.docx" for one in letters),
    ]  # fmt: skip
    alone = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(place), "LANG": "C.UTF-8", "TMPDIR": str(place)}
    try:
        subprocess.run(
            command, cwd=place, env=alone, check=True, timeout=START + EACH * len(letters), capture_output=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise CannotPrint(_("LibreOffice could not make pages of these letters.")) from error


def _made(pdf: Path) -> bytes:
    try:
        return pdf.read_bytes()
    except FileNotFoundError as error:
        raise CannotPrint(_("LibreOffice could not make pages of these letters.")) from error


def _pages(letters: Sequence[Filled], counts: Sequence[int]) -> tuple[Pages, ...]:
    firsts = [sum(counts[:place]) for place in range(len(counts))]
    return tuple(Pages(one.number, first, count) for one, first, count in zip(letters, firsts, counts, strict=True))
