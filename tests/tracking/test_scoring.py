"""Measuring the classifier on labelled messages."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.tracking.test_bounce_forms import FORMS, mail
from tracking import scoring

HARD = {"recipient": "ada@example.org", "hard": True, "reason": "userunknown", "status": "5.1.1", "reply_code": "550"}
SOFT = {**HARD, "hard": False, "reason": "mailboxfull"}
OUT_OF_OFFICE = b"From: ada@example.org\nSubject: Out of office\n\n550 5.1.1 user unknown\n"


def a_folder(path: Path, **files: tuple[bytes, list[dict[str, Any]]]) -> Path:
    """A folder of labelled messages."""
    for name, (raw, _labels) in files.items():
        (path / f"{name}.eml").write_bytes(raw)
    (path / "labels.json").write_text(json.dumps({f"{name}.eml": labels for name, (_raw, labels) in files.items()}))
    return path


def test_precision_recall_and_addresses_are_counted_per_recipient(tmp_path):
    folder = a_folder(
        tmp_path,
        right=(mail(FORMS["Exim"][0]), [HARD]),
        missed=(mail(FORMS["KDDI"][0]), [HARD]),
        wrong=(mail(FORMS["qmail"][0]), [SOFT]),
        full=(mail(FORMS["Biglobe"][0]), [SOFT]),
        elsewhere=(mail(FORMS["KDDI"][0]), [{**SOFT, "recipient": "eve@example.org"}]),
        away=(OUT_OF_OFFICE, [{**SOFT, "reason": "vacation"}]),
    )

    score = scoring.score(folder)

    assert (score.files, score.called) == (6, 2)
    assert (score.hard_precision, score.hard_recall, score.address_found) == (1 / 2, 1 / 2, 5 / 6)
    assert score.confusion["userunknown", "full"] == 1
    assert {row.file for row in score.rows if not row.agrees} == {"missed.eml", "wrong.eml", "elsewhere.eml"}


def test_a_call_in_a_message_without_recipients_is_a_wrong_one(tmp_path):
    score = scoring.score(a_folder(tmp_path, nobody=(mail(FORMS["Exim"][0]), [])))

    assert (score.called, score.hard_precision) == (1, 0.0)


def test_nothing_called_and_nothing_dead_is_right(tmp_path):
    score = scoring.score(a_folder(tmp_path, full=(mail(FORMS["KDDI"][0]), [SOFT])))

    assert (score.hard_precision, score.hard_recall) == (1.0, 1.0)


def test_the_command_ends_with_one_line_of_json(tmp_path, capsys):
    call_command("bounce_score", a_folder(tmp_path, right=(mail(FORMS["Exim"][0]), [HARD])), "--json")

    *words, last = capsys.readouterr().out.splitlines()
    assert json.loads(last) == {"hard_precision": 1, "hard_recall": 1, "address_found": 1, "files": 1, "crashes": 0}
    assert any("dead_address" in line for line in words)


@pytest.mark.parametrize("labels", [None, "{", "[1]", '{"a.eml": 7}', '{"a.eml": []}'])
def test_a_folder_without_good_labels_says_so(tmp_path, labels):
    if labels is not None:
        (tmp_path / "labels.json").write_text(labels)

    with pytest.raises(CommandError, match=r"labels\.json|a\.eml"):
        call_command("bounce_score", tmp_path)
