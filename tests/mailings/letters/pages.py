"""Letters to print in tests, and where words stand on their pages."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mailings.letters.postal import Postal
from mailings.letters.press import Press
from mailings.letters.sheet import Sheet
from mailings.letters.writing import Filled, Letter, Written, write
from mailings.rendering.blocks import Document

BASE = "https://mail.example.org"
ADA = Postal("Ada Lovelace", "Molenaar & Zn. B.V.", "Kerkstraat 1", "3011ab", "Rotterdam", "", "NL")
HELLO = {"kind": "text", "id": "t", "html": "<p>Dear [[customer.firstname|friend]], come and see the workshop.</p>"}
WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>')


def a_letter(*blocks: dict[str, object], language: str = "en", **frame: object) -> Letter:
    document = Document.read({"language": language, "blocks": list(blocks or (HELLO,))})
    sheet = Sheet.read({"sender": "De Werkbank\nHavenstraat 14\n3024 SC Rotterdam", **frame})
    return Letter(document, sheet, "Open day", "De Werkbank", "Havenstraat 14, Rotterdam", BASE, "NL")


def a_press(letter: Letter) -> Press:
    return Press(write(letter), lambda _path: None)


def filled(written: Written, number: int = 1, postal: Postal = ADA, **data: object) -> Filled:
    values = {"customer.firstname": "Ada", "_token": f"token{number}", **data}
    return written.fill(number, postal, values, date="27 November 2026")


def words(pdf: bytes, tmp_path: Path) -> list[list[tuple[str, float, float, float, float]]]:
    """Give the words of each page with their box in millimetres: left, top, right, bottom."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is missing: install Debian's poppler-utils")
    file = tmp_path / "letters.pdf"
    file.write_bytes(pdf)
    told = subprocess.run(["pdftotext", "-bbox", file, "-"], capture_output=True, check=True, text=True).stdout
    mm = 25.4 / 72
    return [
        [(word, *(float(number) * mm for number in box)) for *box, word in WORD.findall(page)]
        for page in told.split("<page ")[1:]
    ]


def text(pdf: bytes, tmp_path: Path) -> list[str]:
    """Give the text of each page."""
    return [" ".join(word for word, *_box in page) for page in words(pdf, tmp_path)]
