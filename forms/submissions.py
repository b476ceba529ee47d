"""An answer is taken: stored whole, in one statement, while the visitor waits. The same page sent twice is one submission.

What it means - a mail that asks for confirmation, entries of the ledger, a count - follows within a second, for many
answers at once: `forms.agreeing`.
"""

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.core.files.base import ContentFile
from django.db import connection, transaction
from psycopg.types.json import Jsonb

from consent import law
from consent.seen import Seen
from forms import publishing
from forms.answers import Read
from forms.definition import Definition
from forms.guard import SIGNS, Sign
from forms.models import File, Form, Submission, Version

State = Submission.State


class Moved(Exception):
    """The form was written since it was read: read it again, it may be closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How an answer came: the page's own number, from where, and what it looks like."""

    nonce: str
    seen: Seen
    embed: str = "page"
    campaign: Mapping[str, str] = field(default_factory=dict)
    sign: Sign | None = None


def take(
    form: Form,
    version: Version,
    read: Read,
    arrival: Arrival,
    *,
    files: Mapping[str, Sequence[Any]] | None = None,
    now: dt.datetime,
) -> bool:
    """Keep an answer; say whether it is new. Raises Moved when the form is not what it was when it was read."""
    asks = bool(read.types) and arrival.sign is None and must_confirm(form, publishing.shown(version), read)
    values = {
        "form_id": form.pk,
        "version_id": version.pk,
        "nonce": arrival.nonce,
        "state": State.SPAM if arrival.sign else State.AWAITING if asks else State.SUBMITTED,
        "address": read.address,
        "answers": Jsonb(read.values),
        "types": Jsonb(read.types),
        "language": arrival.seen.language,
        "url": arrival.seen.url[:2000],
        "embed": arrival.embed,
        "campaign": Jsonb(arrival.campaign),
        "ip": arrival.seen.ip,
        "user_agent": arrival.seen.user_agent,
        "submitted_at": now,
        "recorded_at": now if arrival.sign else None,
        "problem": str(SIGNS[arrival.sign.value]) if arrival.sign else "",
        "is_new_person": False,
    }
    if any((files or {}).values()):
        with transaction.atomic():
            new = _insert(values, form.stands)
            if new:
                _keep_files(new[0], read, files or {})
    else:
        new = _insert(values, form.stands)
    if new is None and form.stands and not Submission.objects.filter(nonce=arrival.nonce).exists():
        raise Moved
    return new is not None


def _insert(values: Mapping[str, Any], stands: str) -> tuple[int] | None:
    """Write the row past Django's question whether the connection still lives: what fails is done again, it is safe to."""
    statement = KEEP.format(", ".join(values), ", ".join(f"%({name})s" for name in values))
    for is_last in (connection.in_atomic_block, True):
        connection.ensure_connection()
        try:
            return (
                psycopg.Cursor(connection.connection)
                .execute(statement, {**values, "stands": stands}, prepare=True)
                .fetchone()
            )
        except psycopg.OperationalError:
            if is_last:
                raise
            connection.close()
    return None


# One statement, in which the nonce decides: the same page sent twice at the same moment is one answer as well.
KEEP = """
INSERT INTO webforms_submission ({}) SELECT {}
WHERE %(stands)s = '' OR EXISTS (SELECT FROM webforms_form WHERE id = %(form_id)s AND xmin || '/' || ctid = %(stands)s)
ON CONFLICT (nonce) DO NOTHING RETURNING id
"""


def must_confirm(form: Form, definition: Definition, read: Read) -> bool:
    """Say whether a mail asks first: the form says so, or the law of the visitor's country does."""
    asked = definition.find("country")
    country = str(read.values.get(asked.id, "")) if asked else ""
    return form.asks_confirmation or law.SHIPPED.must_be_confirmed("email", law.regime_of(country))


def _keep_files(submission: int, read: Read, files: Mapping[str, Sequence[Any]]) -> None:
    for number, several in files.items():
        for one, said in zip(several, read.values.get(number, []), strict=False):
            content = ContentFile(one.read(), name=f"{secrets.token_urlsafe(12)}.bin")
            File.objects.create(
                submission_id=submission, field=number, name=said["name"], size=one.size, content=content
            )
