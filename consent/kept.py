"""What consent itself keeps about a person, and how it forgets them.

Erasing takes the personal side of their entries in the ledger away, with its salt; the entries stay in the chain, and a
last entry says which ones were erased. Their blocks stay under a pseudonym, so that they are never mailed again.
"""

import datetime as dt
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from consent import pseudonyms
from consent.dossier import Holding, Subject, address_books
from consent.models import (
    ERASING,
    Confirmation,
    ConsentDetail,
    ConsentEvent,
    EvidenceFile,
    Ground,
    OptOutKey,
    PrivacyMail,
    Standing,
    SubjectRequest,
    Suppression,
)

address_books += [
    "SELECT address FROM consent_consentdetail",
    "SELECT address FROM consent_suppression WHERE channel = 'email' AND hashed_with = ''",
    "SELECT address FROM consent_optoutkey",
    "SELECT address FROM consent_confirmation",
    "SELECT address FROM consent_subjectrequest",
    "SELECT address FROM consent_privacymail",
]


def holdings() -> list[Holding]:
    """Give the tables of this app that hold people."""
    return [
        Holding(name="requests", rows=partial(_by_address, SubjectRequest), erase=_hide_requests, hidden=KEYS),
        Holding(name="blocks", rows=_blocks, erase=_hide_blocks),
        Holding(name="links", rows=partial(_by_address, OptOutKey), erase=_hide_links, hidden=KEYS),
        Holding(
            name="confirmations",
            rows=partial(_by_address, Confirmation),
            erase=partial(_delete, Confirmation),
            hidden=KEYS,
        ),
        Holding(name="privacy_mails", rows=partial(_by_address, PrivacyMail), erase=partial(_delete, PrivacyMail)),
        Holding(name="grounds", rows=partial(_by_address, Ground), erase=partial(_delete, Ground)),
        Holding(name="standings", rows=partial(_by_address, Standing), erase=partial(_delete, Standing)),
        Holding(name="scans", rows=_scans, erase=_remove_scans),
        Holding(name="consent_events", rows=_events, erase=lambda _subject, _now: 0),  # they hold nothing personal
        Holding(name="consent_details", rows=_details, erase=_erase_details, hidden=frozenset({"salt", "fingerprint"})),
    ]


KEYS = frozenset({"key", "preferences"})


def entries(subject: Subject) -> list[int]:
    """Give the numbers of the ledger's entries about somebody."""
    return list(_details(subject).order_by("pk").values_list("pk", flat=True))


def _by_address(model: Any, subject: Subject) -> QuerySet[Any]:
    found: QuerySet[Any] = model.objects.filter(address__in=subject.words)
    return found


def _details(subject: Subject) -> QuerySet[ConsentDetail]:
    return ConsentDetail.objects.filter(Q(address__in=subject.words) | Q(subject__in=subject.numbers))


def _events(subject: Subject) -> QuerySet[ConsentEvent]:
    return ConsentEvent.objects.filter(pk__in=_details(subject).values("pk"))


def _scans(subject: Subject) -> QuerySet[EvidenceFile]:
    digests = _details(subject).filter(evidence__has_key="file").values_list("evidence__file", flat=True)
    return EvidenceFile.objects.filter(digest__in=list(digests))


def _remove_scans(subject: Subject, _now: dt.datetime) -> int:
    """Remove the scans that are theirs; a list on which others stand too stays as the proof of those."""
    mine = set(entries(subject))
    removed = 0
    for scan in _scans(subject):
        if not ConsentDetail.objects.filter(evidence__file=scan.digest).exclude(pk__in=mine).exists():
            transaction.on_commit(partial(scan.file.storage.delete, str(scan.file.name)))
            scan.delete()
            removed += 1
    return removed


def _blocks(subject: Subject) -> QuerySet[Suppression]:
    return Suppression.objects.filter(address__in=[*subject.words, *_pseudonyms(subject)])


def _delete(model: Any, subject: Subject, _now: dt.datetime) -> int:
    count, _per_model = _by_address(model, subject).delete()
    return int(count)


def _erase_details(subject: Subject, _now: dt.datetime) -> int:
    """Take the personal side away. The numbers were read before, for the entry that names them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'on', true)", [ERASING])
        gone, _per_model = _details(subject).delete()
        cursor.execute("SELECT set_config(%s, 'off', true)", [ERASING])
    return gone


def _hide_blocks(subject: Subject, _now: dt.datetime) -> int:
    hidden = 0
    for address in subject.words:
        for row in Suppression.objects.filter(address=address):
            pseudonym = pseudonyms.of(row.channel, address)
            twin = Suppression.objects.filter(
                channel=row.channel,
                address=pseudonym,
                subscription_type=row.subscription_type_id,
                reason=row.reason,
                released_at=None,
            )
            if row.released_at is not None or twin.exists():
                row.delete()  # it holds nobody back
            else:
                row.address, row.hashed_with, row.evidence = pseudonym, pseudonyms.key_of(pseudonym), {}
                row.save(update_fields=["address", "hashed_with", "evidence"])
            hidden += 1
    return hidden


def _hide_links(subject: Subject, _now: dt.datetime) -> int:
    """The links in mail that they still have go on to say that they get nothing."""
    hidden = 0
    for row in _by_address(OptOutKey, subject):
        pseudonym = pseudonyms.of(row.channel, row.address)
        hidden += 1
        if OptOutKey.objects.filter(channel=row.channel, address=pseudonym).exists():
            row.delete()
        else:
            row.address, row.language = pseudonym, ""
            row.save(update_fields=["address", "language"])
    return hidden


def _hide_requests(subject: Subject, _now: dt.datetime) -> int:
    hidden = 0
    for address in subject.emails:
        rows = SubjectRequest.objects.filter(address=address)
        rows.exclude(identified_how="link").update(identified_how="")
        hidden += rows.update(address=pseudonyms.of("email", address), note="", problem="")
    return hidden


def _pseudonyms(subject: Subject) -> Iterable[str]:
    for address in subject.emails:
        yield from pseudonyms.every("email", address)
    for phone in subject.phones:
        yield from pseudonyms.every("sms", phone)
