"""The promise of the gate: its decision in plain values and its decision in SQL are the same decision."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import gate, law, ledger, rules, standings, suppressions
from consent.models import Ground, Standing, SuppressionReason
from tests.conftest import NOON
from tests.consent.factories import EVIDENCE, SOFT, a_subscription_type, an_entry

ADDRESSES = [
    "ada@example.org",
    "bob@example.org",
    "info+x@example.org",
    "nobody@localhost",
    "+31612345678",
    "+12025550123",
]
COUNTRIES = ["", "NL", "DE", "FR", "GB", "uk", "CA", "US", "BE", "Atlantis"]
CHANNELS = ["email", "email", "sms", "letter"]
SOURCES = sorted(rule.code for rule in rules.SOURCES.values() if rule.is_recordable)
SCOPES = ["newsletter", "events", ""]  # "": the purpose as a whole
moments = st.integers(-60, 0).map(lambda hours: NOON + dt.timedelta(hours=hours))
days = st.one_of(
    st.dates(dt.date(2023, 12, 1), dt.date(2026, 11, 20)),
    st.sampled_from([dt.date(2024, 2, 29), dt.date(2024, 11, 22), dt.date(2024, 11, 23), dt.date(2024, 11, 24)]),
)
acts = st.fixed_dictionaries(
    {
        "address": st.sampled_from(ADDRESSES),
        "act": st.sampled_from(["given", "given", "confirmed", "withdrawn", "restored"]),
        "source": st.sampled_from(SOURCES),
        "scope": st.sampled_from(SCOPES),
        "actor": st.sampled_from(["self", "self", "import:1", "user:7"]),
        "box": st.booleans(),
        "channel": st.sampled_from(CHANNELS),
        "soft": st.integers(0, 3),
        "on": days,
        "acted_at": moments,
    }
)
blocks = st.fixed_dictionaries(
    {
        "address": st.sampled_from(ADDRESSES),
        "reason": st.sampled_from(["unsubscribed", "unsubscribed", *SuppressionReason.values]),
        "scope": st.sampled_from(SCOPES),
        "at": moments,
        "channel": st.sampled_from(CHANNELS),
    }
)
stories = st.lists(st.one_of(st.lists(acts, min_size=1, max_size=4), blocks), max_size=6)


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    story=stories,
    at=st.sampled_from([NOON, NOON - dt.timedelta(hours=30), NOON + dt.timedelta(days=400)]),
    country=st.sampled_from(COUNTRIES),
    channel=st.sampled_from(CHANNELS),
    of_class=st.sampled_from([gate.MessageClass.MARKETING, *gate.MessageClass]),
    matrix=st.sampled_from([law.SHIPPED, law.SHIPPED, law.NONE]),
    override=st.booleans(),
)
def test_both_forms_of_the_gate_decide_the_same(
    story: list[object],
    at: dt.datetime,
    country: str,
    channel: str,
    of_class: gate.MessageClass,
    matrix: law.Law,
    *,
    override: bool,
) -> None:
    with transaction.atomic():
        for step in story:
            tell(step)

        where = Where(country, channel, of_class, matrix, override)
        for code in ("newsletter", "events"):
            assert in_sql(code, at, where=where) == in_plain_values(code, at, where=where)
        derived = the_standings()
        standings.rebuild()
        assert the_standings() == derived
        assert ledger.verify().is_whole
        transaction.set_rollback(True)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.text("aé@.+%_\\ \n-", max_size=8),
            st.from_regex(r"(info|sales-request|noc|info-request|bob)(\+x)?@(a|@)?\.?x\.nl", fullmatch=True),
        ),
        max_size=20,
    )
)
def test_both_forms_agree_on_what_an_address_is(texts: list[str]) -> None:
    assert in_sql("newsletter", NOON, texts) == in_plain_values("newsletter", NOON, texts)


def tell(step: object) -> None:
    if isinstance(step, list):
        ledger.record([as_entry(**act) for act in step], now=NOON)
    elif isinstance(step, dict):
        scope = a_subscription_type(step["scope"]) if step["scope"] else None
        suppressions.add(
            step["channel"],
            step["address"],
            step["reason"],
            subscription_type=scope,
            evidence={},
            actor="self",
            now=step["at"],
        )


def as_entry(
    address: str,
    act: str,
    source: str,
    scope: str,
    actor: str,
    *,
    channel: str,
    soft: int,
    box: bool,
    on: dt.date,
    acted_at: dt.datetime,
) -> ledger.Entry:
    evidence = {key: value for key, value in EVIDENCE[source].items() if key not in SOFT}
    return an_entry(
        address,
        source,
        of=a_subscription_type(scope or "newsletter"),
        whole_purpose=not scope,
        on=on,
        actor=actor,
        act=act,
        box_ticked=box and rules.SOURCES[source].may_be_explicit,
        acted_at=acted_at,
        channel=channel,
        evidence=evidence | dict(list(SOFT.items())[:soft]),
    )


@dataclass(frozen=True)
class Where:
    country: str = ""
    channel: str = "email"
    of_class: gate.MessageClass = gate.MessageClass.MARKETING
    matrix: law.Law = law.SHIPPED
    override: bool = False


ANYWHERE = Where()


def in_sql(
    code: str, at: dt.datetime, addresses: Sequence[str] = ADDRESSES, *, where: Where = ANYWHERE
) -> dict[str, tuple[object, ...]]:
    query = f"""WITH candidate AS (SELECT unnest(%(all)s::text[]) AS address, %(country)s::text AS country), judged AS ({gate.verdicts_sql()})
        SELECT address, verdict, reason, evidence, block, waived FROM judged"""  # noqa: S608
    parameters = gate.parameters(
        where.channel,
        a_subscription_type(code).pk,
        message_class=where.of_class,
        override=where.override,
        at=at,
        law=where.matrix,
    ) | {"all": list(addresses), "country": where.country}
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return {row[0]: row[1:] for row in cursor.fetchall()}


def in_plain_values(
    code: str, at: dt.datetime, addresses: Sequence[str] = ADDRESSES, *, where: Where = ANYWHERE
) -> dict[str, tuple[object, ...]]:
    of = a_subscription_type(code)
    decided = {}
    for address in addresses:
        found = gate.judge(
            gate.Candidate(address, where.country),
            ledger.evidence_of(where.channel, address),
            suppressions.blocks_of(where.channel, address),
            purpose=of.purpose_id,
            subscription_type=of.pk,
            channel=where.channel,
            message_class=where.of_class,
            override=where.override,
            at=at,
            zone=timezone.get_default_timezone(),
            law=where.matrix,
        )
        decided[address] = (found.verdict.value, found.reason, found.evidence, found.block, found.waived)
    return decided


def the_standings() -> Sequence[dict[str, object]]:
    scope = ("address", "channel", "purpose_id", "subscription_type_id")
    rows = [*Standing.objects.order_by(*scope).values(), *Ground.objects.order_by(*scope, "source", "is_soft").values()]
    return [{key: value for key, value in row.items() if key != "id"} for row in rows]
