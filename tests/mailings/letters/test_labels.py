"""Labels where the sheet has them, and a list that a print house can read."""

import csv
from pathlib import Path

import pytest

from mailings.letters import labels
from mailings.letters.postal import Postal
from tests.mailings.letters.pages import ADA, words


@pytest.mark.parametrize("code", labels.SHEETS)
def test_labels_stand_on_their_places_and_more_than_a_sheet_takes_another(code: str, tmp_path: Path):
    pytest.importorskip("weasyprint", exc_type=OSError)
    kind = labels.SHEETS[code]

    pages = words(labels.sheets([(f"Name{n}", "Kerkstraat 1") for n in range(kind.on_a_sheet + 1)], kind), tmp_path)

    assert len(pages) == 2
    places = {word: box for word, *box in pages[0]}
    last = kind.on_a_sheet - 1
    column, row = last % kind.columns, last // kind.columns
    assert places[f"Name{last}"][0] == pytest.approx(kind.left + column * kind.step_x + 4, abs=0.5)
    assert places[f"Name{last}"][1] == pytest.approx(kind.top + row * kind.step_y + 2, abs=1.5)


def test_the_list_has_every_letter_in_order_and_no_formula():
    rows = [(1, ADA, "WB/1", "https://x/c/t/1"), (2, Postal("=cmd()", "", "Laan; 1", "1", "Town"), "", "")]

    told = "".join(labels.listed(rows))

    assert told.startswith("\ufeff")
    first, ada, other = csv.reader(told[1:].splitlines(), delimiter=";")
    assert first[:3] == ["number", "company", "name"]
    assert ada[:5] == ["1", "Molenaar & Zn. B.V.", "Ada Lovelace", "Kerkstraat 1", "3011ab"]
    assert other[2:4] == ["'=cmd()", "Laan; 1"]
