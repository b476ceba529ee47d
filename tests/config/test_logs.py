"""Nobody who reads the logs can act for a reader."""

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
