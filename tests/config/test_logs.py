"""Nobody who reads the logs can act for a reader."""

import logging

import pytest

from config import logs


@pytest.mark.parametrize(
    "path", ["/c/{}/3", "/o/{}", "/v/{}/", "/u/{}/2/", "/p/{}/", "/c/{}/3?x=1", "/confirm/{}/", "/data/{}/"]
)
def test_a_token_in_an_address_is_cut_out(path: str) -> None:
    token = "AQAAAA4AAAAAAAAfBZRNiSPxolFxMnAC"

    event = logs.without_tokens(None, "info", {"event": "request_started", "request": f"GET {path.format(token)}"})

    assert token not in event["request"]
    assert event["request"].startswith(f"GET {path.partition(chr(123))[0]}…")


def test_other_addresses_stay_as_they_are() -> None:
    event = {"event": "request_started", "request": "GET /people/12/", "user_id": 7}

    assert logs.without_tokens(None, "info", event) == event


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("GET /people/?q=ada%40example.org&page=2", "GET /people/?q=…@…&page=2"),
        ("DETAIL:  Key (address)=(ada@example.org) already exists.", "DETAIL:  Key (address)=(…@…) already exists."),
        ("550 <Ada.Byron+x@work.example> unknown", "550 <…@…> unknown"),
        ("smtp://mail.example.org:587 took 12 of 30", "smtp://mail.example.org:587 took 12 of 30"),
    ],
)
def test_an_address_is_cut_out_of_every_line(text: str, told: str, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("mailings").warning("%s", text)

    assert caplog.messages == [told]
    assert logs.without_tokens(None, "info", {"event": "x", "request": text})["request"] == told


def test_an_address_is_cut_out_of_the_story_of_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("ada@example.org is on it twice")
    except ValueError:
        logging.getLogger("recipients").exception("import 7 failed")

    assert "ValueError: …@… is on it twice" in caplog.text
    assert "ada@" not in caplog.text
