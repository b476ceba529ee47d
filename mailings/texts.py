"""Text messages before they go: keeping what is written, seeing it as somebody gets it, counting what all of them cost."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from mailings import accounts, audience, candidates, content, editions, merge_data, policy
from mailings.models import Mailing, TextPrice
from mailings.rendering import sms, texting
from mailings.rendering.escaping import RenderError
from mailings.rendering.sms import Encoding, Measure, Offender
from mailings.rendering.texting import Compiled, Wording
from recipients import phones
from tracking import tokens

AT_ONCE = 2_000  # different texts that are filled in between two looks at the database


def text_of(mailing: Mailing) -> str:
    """Give what was written; empty when nothing was, or something else."""
    text = mailing.content.get("text", "")
    return text if isinstance(text, str) else ""


def is_plain(mailing: Mailing) -> bool:
    """Whether names too are written in the GSM alphabet."""
    return mailing.content.get("plain") is True


def sender_of(mailing: Mailing) -> str:
    """What it comes from; empty while there is no account to send it."""
    try:
        account = accounts.choose(mailing)
    except accounts.Unusable:
        return ""
    return str(account.options.get("sender", "")) if account else ""


def wording_of(mailing: Mailing) -> Wording:
    """Give the plain values that rendering needs."""
    return Wording(
        text=text_of(mailing),
        name=mailing.name,
        language=editions.language_of(mailing),
        sender=sender_of(mailing),
        track_clicks=mailing.track_clicks,
        campaign=tuple((name, getattr(mailing, name)) for name in Mailing.CAMPAIGN),
        is_plain=is_plain(mailing),
    )


def compiled_of(mailing: Mailing) -> Compiled:
    """Compile the text as it stands, mistakes and all."""
    return texting.compile_text(wording_of(mailing))


def save(mailing: Mailing, text: str, *, plain: bool, version: int, window: str, now: dt.datetime) -> None:
    """Keep what was written on top of `version`. Raises content.Changed when another window saved since.

    One window may have two savings under way (a pause in typing, and a button): they do not refuse each other.
    """
    written = sms.one_form(text.replace("\x00", ""))[: sms.LONGEST * 2]
    kept = mailing.content | {"text": written, "plain": plain, "window": window}
    drafts = Mailing.objects.filter(pk=mailing.pk, status=Mailing.Status.DRAFT)
    newest = Q(content_version=version)
    if window:
        newest |= Q(content__window=window)
    if not drafts.filter(newest).update(content=kept, content_version=F("content_version") + 1, updated_at=now):
        mailing.refresh_from_db(fields=["content_version"])
        raise content.Changed(mailing.content_version)
    mailing.refresh_from_db(fields=["content", "content_version", "updated_at"])


@dataclass(frozen=True)
class Seen:
    """One text as somebody gets it."""

    text: str
    measure: Measure
    offenders: Sequence[Offender]
    problem: str = ""


def seen(mailing: Mailing, data: Mapping[str, object]) -> Seen:
    """Fill the draft in for somebody, with links as long as the real ones."""
    try:
        text = as_sent(compiled_of(mailing), mailing, data, tokens.TEST)
    except RenderError as refusal:
        return Seen("", sms.measure(""), (), str(refusal))
    return Seen(text, sms.measure(text), sms.offenders(text))


def as_sent(compiled: Compiled, mailing: Mailing, data: Mapping[str, object], message: int) -> str:
    """Fill a text in for one message; message 0 makes links that work and never count. Raises RenderError."""
    make = tokens.short_maker()
    own = {
        texting.short_key(number): f"{settings.SHORT_URL}{make(mailing.pk, message, number)}"
        for number in compiled.numbers
    }
    own["_preferences"] = f"{settings.BASE_URL}/p/{data.get('_p') or ''}"
    return compiled.render({**data, **own})


# what all of them cost --------------------------------------------------------------------------------------------------


@dataclass
class ToCountry:
    """What goes to one country; `price` of a part is None when the list has none."""

    country: str
    price: Decimal | None
    people: int = 0
    segments: int = 0

    @property
    def cost(self) -> Decimal | None:
        return None if self.price is None else self.price * self.segments


@dataclass
class Survey:
    """Everybody's text, measured. `longest` is the person whose text takes the most parts."""

    currency: str
    people: int = 0
    segments: int = 0
    unicode: int = 0  # people whose text is UCS-2
    most: int = 0  # parts of the longest
    longest: int | None = None
    unwritable: int = 0  # people whose text cannot be written: too long, or a value that no text can hold
    by_country: dict[str, ToCountry] = field(default_factory=dict)

    @property
    def cost(self) -> Decimal:
        return sum((one.cost for one in self.by_country.values() if one.cost is not None), Decimal())

    @property
    def unpriced(self) -> list[ToCountry]:
        return [one for one in self.by_country.values() if one.price is None]

    @property
    def countries(self) -> list[ToCountry]:
        return sorted(self.by_country.values(), key=lambda one: -one.segments)


def prices() -> dict[str, Decimal]:
    """The price list: {country: price of a part}, "" for all others."""
    return dict(TextPrice.objects.values_list("country", "price"))


def survey(mailing: Mailing, *, now: dt.datetime) -> Survey:
    """Measure the text of everybody who would get it now; each different text is written once."""
    terms = candidates.terms_of(mailing, now=now)
    data = merge_data.of(mailing)
    parameters = terms.parameters
    judged = candidates.judged(candidates.chosen(mailing.sources.all(), parameters), terms)
    groups = f"""{judged}
        SELECT data::text, min(address), count(*), min(id) FROM (
            SELECT {data.object_sql({})} AS data, audience.address, p.id
              FROM judged audience JOIN recipients_person p ON p.id = audience.person_id {data.joins}
             WHERE reason = '') each GROUP BY data, left(address, 5)"""  # noqa: S608 our own words from merge_data
    return _measured(compiled_of(mailing), groups, parameters)


def survey_sent(mailing: Mailing) -> Survey:
    """Measure the texts that were handed over, from what was copied when the audience was frozen."""
    groups = """SELECT data::text, min(address), count(*), min(person) FROM (
            SELECT data - '{_u,_p,_name}'::text[] AS data, address, coalesce(person_id, 0) AS person FROM mailings_message
             WHERE mailing_id = %(mailing)s AND state IN ('sent', 'unknown')) each GROUP BY data, left(address, 5)"""
    compiled = Compiled.from_json(mailing.compiled) if mailing.compiled else compiled_of(mailing)
    return _measured(compiled, groups, {"mailing": mailing.pk})


def _measured(compiled: Compiled, groups: str, parameters: Mapping[str, Any]) -> Survey:
    found = Survey(policy.of_house().currency)
    known = prices()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(audience.AT_LARGE)
        cursor.execute(groups, parameters)
        while rows := cursor.fetchmany(AT_ONCE):
            _add(found, compiled, rows, known)
    return found


def _add(
    found: Survey, compiled: Compiled, rows: Iterable[tuple[str, str, int, int]], known: Mapping[str, Decimal]
) -> None:
    own = texting.examples(compiled, settings.SHORT_URL)
    own["_preferences"] = f"{settings.BASE_URL}/p/{'x' * 22}"
    for kept, address, people, person in rows:
        try:
            counted = sms.measure(compiled.render({**json.loads(kept), **own}))
        except RenderError:
            found.unwritable += people
            continue
        country = phones.country(address)
        price = known.get(country, known.get(""))
        to = found.by_country.setdefault(country, ToCountry(country, price))
        to.people, to.segments = to.people + people, to.segments + people * counted.segments
        found.people += people
        found.segments += people * counted.segments
        found.unicode += people * (counted.encoding is Encoding.UCS2)
        if counted.segments > found.most:
            found.most, found.longest = counted.segments, person
