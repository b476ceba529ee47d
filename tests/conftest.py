"""What every test stands on: the clock's NOON, and story-telling factories beside the apps' own tests."""

import datetime as dt
import os
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as effort
from pytest_django import DjangoDbBlocker

NOON = dt.datetime(2026, 11, 23, 11, 0, tzinfo=dt.UTC)

effort.register_profile(
    "ours", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # a busy machine is no fault
effort.load_profile("ours")


def empty_cache() -> None:
    """Forget what this run cached; the other workers of the suite use the same Redis."""
    with redis.Redis.from_url(settings.REDIS_URL) as kept:
        for key in kept.scan_iter(match=f"{connection.settings_dict['NAME']}:*", count=1_000):
            kept.delete(key)


@pytest.fixture(autouse=True)
def _in_english() -> None:
    """What a page of an earlier test spoke is over."""
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(worker_id: str) -> None:
    """POSTDUIF_TEST_DB names the database, so that several runs fit on one server; each worker has its own."""
    name = os.environ.get("POSTDUIF_TEST_DB", "test_postduif")
    own = name if worker_id == "master" else f"{name}_{worker_id}"
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = own


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let Django empty the tables between transactional tests: the ledger's trigger would refuse the TRUNCATE.

    At the end, whoever is still connected (a page that a browser left open) does not keep the database from going.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE consent_consentevent DISABLE TRIGGER pgtrigger_no_truncate_b5f47")
        cursor.execute("ALTER TABLE consent_consentdetail DISABLE TRIGGER pgtrigger_detail_no_truncate_9bd9c")
    yield
    with django_db_blocker.unblock():
        connection.close()  # a test may have left it dead
        with connection.cursor() as cursor:
            others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            cursor.execute(f"SELECT pg_terminate_backend(pid) {others}")
