"""`manage.py consent_judge`: cases in, verdicts out, a line each; what is no case is said and passed over."""

import io
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from consent import cases
from consent.management.commands.consent_judge import answers
from tests.conftest import NOON


def judged(tmp_path: Path, *lines: str | bytes) -> list[dict[str, str]]:
    file = tmp_path / "cases.jsonl"
    file.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines) + b"\n")
    out = io.StringIO()
    call_command("consent_judge", str(file), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.django_db
def test_each_case_gets_a_line_in_its_place(tmp_path: Path) -> None:
    assert judged(
        tmp_path,
        '{"source": "third_party_list", "explicit": true}',
        '{"source": "purchase", "evidence_date": "2024-11-23", "at": "2026-11-22T23:59", "overlay": false}',
        '{"source": "purchase", "evidence_date": "2024-11-23", "at": "2026-11-23", "overlay": false}',
        '{"source": "employer_list", "evidence_date": "2026-01-01", "at": "2026-11-23T12:00:00Z"}',
        "",
        '{"source": "PURCHASE", "evidence_date": "2026-01-01", "at": "2026-11-23", "country": "nl", "soft_opt_in": true}',
        '{"id": 7, "message_class": "one-to-one", "channel": "e-mail", "country": null}',
        "{}",
    ) == [
        {"verdict": "refuse", "reason": "refused_source"},
        {"verdict": "allow", "reason": "implicit"},
        {"verdict": "refuse", "reason": "expired"},
        {"verdict": "verify", "reason": "verify_first"},
        {"verdict": "allow", "reason": "soft_opt_in_complete"},
        {"verdict": "allow", "reason": "not_marketing"},
        {"verdict": "refuse", "reason": "no_consent"},
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nonsense", "not JSON"),
        ("[]", "no JSON object"),
        ("[" * 30_000, "not JSON"),
        (b'{"source": "\xff"}', "not UTF-8"),
        ('{"source": "newspaper"}', "source: “newspaper” is none of"),
        ('{"source": "\\ud800"}', "source: “?” is none of"),
        ('{"source": 7}', "source: it must be a text"),
        ('{"explicit": "yes"}', "explicit: it must be true or false"),
        ('{"evidence_date": "yesterday"}', "evidence_date: “yesterday” is no date"),
        ('{"evidence_date": "2025-02-29"}', "evidence_date: “2025-02-29” is no date"),
        ('{"at": "9999-12-31"}', "at: “9999-12-31” lies too far away"),
        ('{"channel": "fax"}', "channel: “fax” is none of email, sms, letter"),
        ('{"message_class": "spam"}', "message_class: “spam” is none of marketing"),
        ('{"address": "' + "a" * 70_000 + '"}', "the line is too long"),
    ],
)
@pytest.mark.django_db
def test_a_line_that_is_no_case_is_named_and_the_rest_goes_on(tmp_path: Path, line: str | bytes, says: str) -> None:
    error, after = judged(tmp_path, line, "{}")

    assert error["error"].startswith("line 1: ")
    assert says in error["error"]
    assert after == {"verdict": "refuse", "reason": "no_consent"}


A, V, R = "allow", "verify", "refuse"


@pytest.mark.parametrize(
    ("case", "verdict", "reason"),
    [
        # the policy alone: status, window, explicit beside it
        ({"source": "own_form", "evidence_date": "2026-01-01", "overlay": False}, A, "implicit"),
        ({"source": "own_form", "explicit": True, "overlay": False}, R, "no_evidence"),
        ({"source": "purchase", "evidence_date": "2024-11-24", "overlay": False}, A, "implicit"),
        ({"source": "purchase", "evidence_date": "2024-11-23", "overlay": False}, R, "expired"),
        ({"source": "purchase", "evidence_date": "2020-01-01", "explicit": True, "overlay": False}, A, "explicit"),
        ({"source": "purchase", "evidence_date": "2026-01-01", "soft_opt_in": True, "overlay": False}, A, "implicit"),
        ({"source": "active_member", "evidence_date": "2025-11-23", "overlay": False}, R, "expired"),
        ({"source": "friends_family", "evidence_date": "2026-01-01", "explicit": True}, V, "verify_first"),
        ({"source": "friends_family", "confirmed": True}, A, "confirmed"),
        ({"source": "employer_list", "evidence_date": "2027-01-01", "confirmed": True}, V, "verify_first"),
        ({"source": "merger_acquisition", "evidence_date": "2020-01-01", "confirmed": True}, A, "confirmed"),
        ({"source": "emailed_us", "confirmed": True, "explicit": True}, R, "refused_source"),
        ({"source": "newspaper"}, R, "unknown_source"),
        # the countries, however they are written
        (
            {"source": "own_form", "evidence_date": "2026-01-01", "explicit": True, "country": "Germany"},
            V,
            "confirm_needed",
        ),
        ({"source": "own_form", "evidence_date": "2026-01-01", "country": "usa"}, A, "implicit"),
        ({"source": "own_form", "evidence_date": "2026-05-24", "country": "CAN"}, A, "implicit"),
        ({"source": "own_form", "evidence_date": "2026-05-23", "country": "CA"}, R, "expired"),
        ({"source": "purchase", "evidence_date": "2026-01-01", "soft_opt_in": True, "country": "U.S."}, A, "implicit"),
        (
            {"source": "purchase", "evidence_date": "2026-01-01", "soft_opt_in": True, "country": "Atlantis"},
            A,
            "soft_opt_in_complete",
        ),
        # text messages: the number's own country, and numbers as people write them
        (
            {
                "source": "purchase",
                "evidence_date": "2026-01-01",
                "soft_opt_in": True,
                "channel": "sms",
                "country": "US",
            },
            V,
            "explicit_needed",
        ),
        (
            {
                "source": "purchase",
                "evidence_date": "2026-01-01",
                "soft_opt_in": True,
                "channel": "sms",
                "address": "+1 (202) 555-0123",
            },
            V,
            "explicit_needed",
        ),
        (
            {
                "source": "purchase",
                "evidence_date": "2026-01-01",
                "soft_opt_in": True,
                "channel": "sms",
                "address": "06 1234 5678",
            },
            A,
            "soft_opt_in_complete",
        ),
        (
            {
                "source": "purchase",
                "evidence_date": "2026-01-01",
                "soft_opt_in": True,
                "channel": "sms",
                "address": "call me",
            },
            R,
            "invalid_address",
        ),
        # classes of message
        ({"source": "third_party_list", "message_class": "one_to_one"}, A, "not_marketing"),
        (
            {"source": "role_address", "message_class": "transactional", "address": "info@example.org"},
            A,
            "not_marketing",
        ),
        ({"message_class": "form response", "address": "nobody"}, R, "invalid_address"),
    ],
)
def test_cases_as_somebody_else_would_write_them(case: dict[str, object], verdict: str, reason: str) -> None:
    line = json.dumps({"at": "2026-11-23"} | case).encode()

    (found,) = answers(io.BytesIO(line), now=NOON, zone=ZoneInfo("Europe/Amsterdam"))

    assert (found["verdict"], found["reason"]) == (verdict, reason)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("consent_judge", str(tmp_path / "none.jsonl"))


@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_soft_opt_in_is_all_three_conditions_or_none(flags: int) -> None:
    keys = ["own_similar_products", "refusal_offered", "refusal_in_every_message"]
    line = json.dumps({"soft_opt_in": dict.fromkeys(keys[:flags], True)})

    assert cases.read(line.encode(), now=NOON, zone=NOON.tzinfo).soft_opt_in is (flags == 3)  # type: ignore[arg-type]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["purchase", "2026-01-01", "sms"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
lines = st.dictionaries(st.sampled_from(sorted(cases._KEYS)), values).map(lambda case: json.dumps(case).encode())


@given(st.lists(lines | st.binary(max_size=60).map(lambda junk: junk.replace(b"\n", b"")), max_size=8))
def test_whatever_a_stranger_writes_each_line_is_answered(given_lines: list[bytes]) -> None:
    file = io.BytesIO(b"\n".join(given_lines))

    found = list(answers(file, now=NOON, zone=NOON.tzinfo))  # type: ignore[arg-type]

    assert len(found) == sum(bool(line.strip()) for line in given_lines)
    assert all(set(answer) in ({"error"}, {"verdict", "reason"}, {"verdict", "reason", "error"}) for answer in found)
