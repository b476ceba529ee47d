"""Secrets of other systems at rest."""

import pytest

from consent import sealed


def test_a_sealed_secret_opens_again_and_shows_nothing():
    closed = sealed.seal("hunter2 ë")

    assert "hunter2" not in closed
    assert sealed.unseal(closed) == "hunter2 ë"
    assert sealed.unseal(sealed.seal("")) == ""


def test_a_former_key_still_opens_and_a_foreign_one_does_not(settings):
    closed = sealed.seal("hunter2")

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the next one", [settings.SECRET_KEY]
    assert sealed.unseal(closed) == "hunter2"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(sealed.CannotOpen):
        sealed.unseal(closed)
