"""A sample of messages as they leave, each read by two parsers of different hands and verified by dkimpy.

POSTDUIF_SAMPLE=10000 makes it as large as the promise; by default it is small enough for every run.
"""

import json
import os
import random
import re
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dkim
import pytest

from mailings.channels.dkim import Signer
from mailings.rendering.compile import compile_letter
from tests.mailings.channels.test_dkim import AT, keys, published
from tests.mailings.rendering.letters import a_letter, a_recipient, body, parsed

SAMPLE = int(os.environ.get("POSTDUIF_SAMPLE", "150"))
PROJECT = Path(__file__).resolve().parents[2]
NAMES = [
    "Ada",
    "Zoë",
    "Ďurčanská",
    "李雷",
    "O'Brien & Zn.",
    'Piet "de Bakker"',
    "",
    ".dot",
    "=equals=",
    "a" * 120,
    "🕊 Duif",
    "Jan, Piet",
]
WORDS = [
    "",
    "Rotterdam",
    "'s-Gravenhage",
    "<b>bold</b>",
    "100% & more",
    "https://example.org/?a=b&c=d",
    "." * 90,
    "x = y " * 30,
]
ONCE = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "feedback-id",
)


def a_sample(size: int) -> list[tuple[dict[str, object], bytes]]:
    """So many recipients with their signed messages; the same every time."""
    dice, compiled, signer = random.Random(7), compile_letter(a_letter()), Signer(keys())
    sample = []
    for number in range(size):
        recipient = a_recipient(
            _to=f"reader{number}@example.org",
            _name=f"{dice.choice(NAMES)} {dice.choice(NAMES)}".strip(),
            _message_id=f"7.{number}@bounces.dewerkbank.example",
            customer_firstname=dice.choice(NAMES),
            customer_lastname=dice.choice(NAMES),
            company_name=dice.choice(WORDS),
            customer_id=str(number),
            customer_language=dice.choice(["nl", "en"]),
        )
        sample.append((recipient, signer.sign(compiled.render(recipient), at=AT)))
    return sample


def read_by_another(messages: Sequence[bytes]) -> list[dict[str, Any]]:
    lines = b"\n".join(b64encode(message) for message in messages)
    node = subprocess.run(
        ["node", "tests/mailings/read_mails.mjs"],
        cwd=PROJECT,
        input=lines,
        capture_output=True,
        check=True,
        timeout=900,
    )
    return [json.loads(line) for line in node.stdout.splitlines()]


def assert_fit_for_the_wire(message: bytes) -> None:
    message.decode("ascii")
    lines = message.split(b"\r\n")
    assert all(len(line) <= 998 for line in lines)
    assert not any(line.startswith(b".") or b"\n" in line or b"\r" in line for line in lines)
    assert message.index(b"text/plain") < message.index(b"text/html")


@pytest.mark.skipif(not shutil.which("node"), reason="needs node for the second parser")
def test_every_message_is_read_alike_by_two_parsers_and_its_signatures_hold() -> None:
    sample = a_sample(SAMPLE)

    others = read_by_another([message for _recipient, message in sample])

    assert len(others) == SAMPLE
    assert len({other["message_id"] for other in others}) == SAMPLE
    for (recipient, message), other in zip(sample, others, strict=True):
        assert_fit_for_the_wire(message)
        ours = parsed(message)
        assert not ours.defects
        assert all(len(ours.get_all(name, [])) == 1 for name in ONCE)
        assert all(other["headers"].count(name) == 1 for name in ONCE)
        assert other["subject"] == str(ours["Subject"])
        assert other["from"] == ["hallo@dewerkbank.example"]
        assert [one["address"] for one in other["to"]] == [recipient["_to"]]
        assert squeezed(other["to"][0]["name"]) == squeezed(str(recipient["_name"]))
        assert squeezed(other["text"]) == squeezed(body(message, "plain"))
        assert squeezed(other["html"]) == squeezed(body(message, "html"))
        assert other["unsubscribe"] == recipient["_unsubscribe"]
        reader = dkim.DKIM(message)
        assert reader.verify(idx=0, dnsfunc=published)
        assert reader.verify(idx=1, dnsfunc=published)


def squeezed(text: str) -> str:
    """White space at the ends of lines and between encoded words is read differently, and means nothing."""
    return re.sub(r"\s+", "", text)
