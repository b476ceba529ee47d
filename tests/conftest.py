"""What every test stands on: the clock's NOON, and story-telling factories beside the apps' own tests."""

import datetime as dt
import os

import pytest
from django.conf import settings

NOON = dt.datetime(2026, 11, 23, 11, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """POSTDUIF_TEST_DB names the database, so that several runs fit on one server."""
    if name := os.environ.get("POSTDUIF_TEST_DB"):
        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = name
