"""Mail without the picture that counts opens, to those whose law or whose own no asks for it."""

from collections.abc import Sequence

from django.db import connection

from consent import measuring
from mailings.models import Mailing

KEY = "_unseen"  # in a message's data: it gets the form without the picture


def of_audience_sql(mailing: Mailing) -> str:
    """Give the SQL condition over `audience` that somebody gets the mail without the picture."""
    return measuring.unseen_sql("audience.address", "audience.country") if mailing.track_opens else "false"


def silenced(messages: Sequence[int]) -> set[int]:
    """Give those of these messages whose address said no since: their picture is not listened to."""
    refused = measuring.refused_sql("m.address")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT m.id FROM mailings_message m WHERE m.id = ANY(%s) AND {refused}", [list(messages)])  # noqa: S608
        return {number for (number,) in cursor.fetchall()}
