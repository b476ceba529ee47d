"""The database itself keeps the ledger: no way of writing over it, emptying it or taking a row out."""

import pytest
from django.db import connection
from django.db.utils import DatabaseError

from consent import ledger
from tests.conftest import NOON
from tests.consent.factories import an_entry


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_consentevent SET source = 'own_form'",
        "UPDATE consent_consentevent SET expires_at = NULL WHERE id = (SELECT max(id) FROM consent_consentevent)",
        "DELETE FROM consent_consentevent",
        "DELETE FROM consent_consentevent WHERE id = (SELECT max(id) FROM consent_consentevent)",
        "TRUNCATE consent_consentevent CASCADE",
        "UPDATE consent_consentdetail SET address = 'eve@example.org'",
        "DELETE FROM consent_consentdetail",
        "TRUNCATE consent_consentdetail",
    ],
)
def test_the_database_refuses_to_change_the_ledger(statement: str) -> None:
    ledger.record([an_entry("ada@example.org")], now=NOON)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE consent_consentevent ENABLE TRIGGER ALL")
        cursor.execute("ALTER TABLE consent_consentdetail ENABLE TRIGGER ALL")

        with pytest.raises(DatabaseError, match=r"[Cc]annot (update|delete|be truncated)"):
            cursor.execute(statement)
