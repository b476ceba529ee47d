"""Word files for tests, and a stand-in for LibreOffice on the path: it writes the words of each file into a PDF."""

import io
import stat
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import docx
import pytest

OFFICE = """#!{python}
import pathlib, sys
import docx, weasyprint
given = sys.argv[1:]
assert "--headless" in given and "--convert-to" in given
out = pathlib.Path(given[given.index("--outdir") + 1])
for name in given[given.index("--outdir") + 2:]:
    paragraphs = docx.Document(out / name).paragraphs
    told = "".join("<p>" + p.text.replace("&", "&amp;").replace("<", "&lt;").replace(chr(10), "<br>") + "</p>" for p in paragraphs)
    weasyprint.HTML(string=told).write_pdf(out / (pathlib.Path(name).stem + ".pdf"))
"""


def a_word_file(*paragraphs: str | tuple[str, ...], header: str = "", title: str = "") -> bytes:
    """Write a file; a paragraph of several strings has a run of its own look for each."""
    file = docx.Document()
    file.core_properties.title = title
    for paragraph in paragraphs:
        added = file.add_paragraph()
        for number, words in enumerate([paragraph] if isinstance(paragraph, str) else paragraph):
            added.add_run(words).bold = bool(number % 2)
    if header:
        file.sections[0].header.paragraphs[0].text = header
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def with_entries(data: bytes, entries: Mapping[str, bytes]) -> bytes:
    """Give the file with entries put in, or in the place of others."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            if name not in entries:
                after.writestr(name, before.read(name))
        for name, content in entries.items():
            after.writestr(name, content)
    return out.getvalue()


def entry(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def words_of(data: bytes) -> list[str]:
    return [paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs]


@pytest.fixture
def an_office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-in on the path."""
    program = tmp_path / "bin" / "soffice"
    program.parent.mkdir()
    program.write_text(OFFICE.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
