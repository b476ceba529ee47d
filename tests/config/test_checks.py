"""What is missing in production is said at start, with a hint."""

import pytest
from django.core import checks


def said() -> set[str]:
    return {str(one.id) for one in checks.run_checks(include_deployment_checks=True)}


def test_without_keys_of_their_own_erased_addresses_are_one_new_secret_away_from_coming_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SUPPRESSION_KEYS", raising=False)
    without = said()
    monkeypatch.setenv("SUPPRESSION_KEYS", "a secret of its own")

    assert "postduif.W003" in without
    assert "postduif.W003" not in said()
