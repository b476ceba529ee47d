"""Whether we may look if somebody opens our mail: where the law asks, only with a consent of its own (CNIL 2026-042).

It is a purpose beside those of mailings, given and taken back by the person on their preferences page, and in the ledger
like every other. In such a country no yes is no; anywhere a no is a no. Mail goes out without the picture to who did not
agree, and what the picture of an earlier mail still reports about them is not taken in.
"""

import datetime as dt

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent import ledger, overview
from consent.law import COUNTRIES, TRACKING_NEEDS_CONSENT, regime_of
from consent.models import OptOutKey, Purpose
from consent.seen import NOTHING, Seen

CODE = "open-tracking"
NAMES = {
    "name_en": "Counting opens",
    "name_nl": "Opens tellen",
    "description_en": "Seeing whether somebody opened our mail.",
    "description_nl": "Zien of iemand onze mail opende.",
}
FORM = "Preferences, counting opens, version 1"
ASKED_IN = sorted(code for code, regime in COUNTRIES.items() if regime in TRACKING_NEEDS_CONSENT)


def is_asked(person: OptOutKey) -> bool:
    """Say whether this person is to be asked at all: their law wants it, or they said something about it before."""
    return regime_of(overview.country_of(person.address)) in TRACKING_NEEDS_CONSENT or _said(person.address) is not None


def is_allowed(person: OptOutKey) -> bool:
    """Say whether the person agreed."""
    return _said(person.address) is True


def allow(person: OptOutKey, *, seen: Seen = NOTHING, now: dt.datetime) -> None:
    """Take the person's yes."""
    _record(person, "confirmed", seen, now)


def refuse(person: OptOutKey, *, seen: Seen = NOTHING, now: dt.datetime) -> None:
    """Take the person's no; also silences the pictures in mail they have already."""
    _record(person, "withdrawn", seen, now)


def unseen_sql(address: str, country: str) -> str:
    """Give the SQL condition that this address is to get mail without the picture. Both are SQL expressions."""
    codes = ", ".join(f"'{code}'" for code in ASKED_IN)
    return f'coalesce({_STANDS.replace("{address}", address)}, upper(btrim({country}) COLLATE "C") IN ({codes}))'


def refused_sql(address: str) -> str:
    """Give the SQL condition that this address said no."""
    return f"coalesce({_STANDS.replace('{address}', address)}, false)"


# true: said no, false: said yes, null: said nothing
_STANDS = f"""(SELECT NOT (st.own_event IS NOT NULL AND st.own_event > coalesce(st.withdrawn_event, 0))
    FROM consent_standing st JOIN consent_purpose pu ON pu.id = st.purpose_id AND pu.code = '{CODE}'
    WHERE st.address = {{address}} AND st.channel = 'email' AND st.subscription_type_id IS NULL)"""  # noqa: S608


def _said(address: str) -> bool | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_STANDS.replace('{address}', '%s')}", [address])
        (said_no,) = cursor.fetchone()
    return None if said_no is None else not said_no


def _record(person: OptOutKey, act: str, seen: Seen, now: dt.datetime) -> None:
    purpose, _is_new = Purpose.objects.get_or_create(code=CODE, defaults=NAMES)
    entry = ledger.Entry(
        address=person.address,
        channel=person.channel,
        purpose=purpose.pk,
        act=act,
        source="own_form" if act == "confirmed" else "preferences",
        box_ticked=act == "confirmed",
        evidence_on=timezone.localdate(now) if act == "confirmed" else None,
        evidence={"form": FORM, "how": "preferences"},
        actor="self",
        wording=seen.wording or _("Count whether I open your mail"),
        language=seen.language,
        url=seen.url or "/p/…/",
        ip=seen.ip,
        user_agent=seen.user_agent,
    )
    with transaction.atomic():
        ledger.lock()
        ledger.record([entry], now=now)
