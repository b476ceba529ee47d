"""Labels where the sheet has them."""

from pathlib import Path

import pytest

from mailings.letters import labels
from tests.mailings.letters.pages import words


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
