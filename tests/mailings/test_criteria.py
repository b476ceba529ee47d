"""What people did with mailings as criteria, and selections by criteria as the source of a mailing."""

import datetime as dt
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailings import audience, preflight
from mailings.models import Mailing, Message
from recipients import selections
from recipients.criteria import glossary, meaning, tree
from recipients.criteria.tree import Condition, Group, How
from recipients.models import Person
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, a_person
from tests.mailings.returns import a_message, a_reader, a_sent_mailing, fold, it_happened
from tests.recipients.criteria.stories import a_combined_selection, a_dynamic_selection, all_of, ask, none_of
from tracking.models import Kind, Link

pytestmark = pytest.mark.django_db
NOW = NOON + dt.timedelta(days=10)


def found(*parts: tree.Node) -> set[str]:
    root = all_of(*parts)
    return {person.first_name for person in selections.look(root, glossary.load(root), now=NOW).sample}


def test_behaviour_is_read_from_the_messages() -> None:
    fair, news = a_sent_mailing(name="Fair"), a_sent_mailing(name="News")
    ada, bob, cor, _eve = (a_reader(name) for name in ("Ada", "Bob", "Cor", "Eve"))
    a_message(fair, person=ada, opened_at=NOON, clicked_at=NOON)
    a_message(fair, person=bob)
    a_message(fair, person=cor, bounced_at=NOON)
    a_message(news, person=bob, opened_at=NOON, unsubscribed_at=NOON, complained_at=NOON)
    a_message(news, person=cor, state=Message.State.HELD, reason="no_consent")

    assert found(ask("mailing.sent", "did", mailing=fair.pk)) == {"Ada", "Bob", "Cor"}
    assert found(ask("mailing.sent", "did", mailing=news.pk)) == {"Bob"}
    assert found(ask("mailing.sent", "did_not")) == {"Eve"}
    assert found(ask("mailing.opened", "did")) == {"Ada", "Bob"}
    assert found(ask("mailing.opened", "did", days=9)) == set()
    assert found(ask("mailing.opened", "did", days=11)) == {"Ada", "Bob"}
    assert found(ask("mailing.opened", "did_not", mailing=fair.pk)) == {"Bob"}
    assert found(ask("mailing.opened", "did_not")) == set(), "Bob opened another one"
    assert found(ask("mailing.clicked", "did", mailing=fair.pk)) == {"Ada"}
    assert found(none_of(ask("mailing.clicked", "did", mailing=fair.pk))) == {"Bob", "Cor", "Eve"}
    assert found(ask("mailing.bounced", "did")) == {"Cor"}
    assert found(ask("mailing.unsubscribed", "did")) == {"Bob"}
    assert found(ask("mailing.complained", "did", mailing=fair.pk)) == set()


def test_one_link_is_asked_after_and_machines_do_not_count() -> None:
    fair, other = a_sent_mailing(name="Fair"), a_sent_mailing(name="Other")
    ada, bob = a_reader("Ada"), a_reader("Bob")
    one = Link.objects.create(mailing=fair.pk, number=1, url="https://example.org/one", name="Programme")
    two = Link.objects.create(mailing=fair.pk, number=2, url="https://example.org/two")
    it_happened(a_message(fair, person=ada), Kind.CLICK, link=1)
    it_happened(a_message(fair, person=bob), Kind.CLICK, link=2)
    fold()

    assert found(ask("mailing.clicked", "did", mailing=fair.pk, link=one.pk)) == {"Ada"}
    assert found(ask("mailing.clicked", "did", mailing=fair.pk, link=two.pk, days=30)) == {"Bob"}
    elsewhere = all_of(ask("mailing.clicked", "did", mailing=other.pk, link=one.pk))
    known = glossary.load(elsewhere)
    assert "belongs to another choice" in meaning.problems(elsewhere, known)[(0,)]
    said = meaning.said(ask("mailing.clicked", "did", mailing=fair.pk, link=one.pk, days=30), known_of(fair, one))
    assert said == "Clicked <b>Programme</b> in <b>Fair</b> <b>in the last 30 days</b>"


def known_of(mailing: Mailing, link: Link) -> glossary.Glossary:
    return glossary.load(all_of(ask("mailing.clicked", "did", mailing=mailing.pk, link=link.pk)))


def test_a_criterion_about_a_mailing_that_is_gone_lets_nobody_in() -> None:
    fair = a_sent_mailing()
    a_message(fair, person=a_reader("Ada"))
    asked = ask("mailing.opened", "did", mailing=fair.pk)
    fair.delete()

    assert found(none_of(asked)) == set()
    root = all_of(asked)
    assert "That mailing was deleted" in meaning.problems(root, glossary.load(root))[(0,)]


# as Python says it ----------------------------------------------------------------------------------------------------


def naive(person: Person, asked: Condition, rows: Mapping[int, list[Message]]) -> bool:
    """Whether a person meets a criterion, told from their messages one by one."""
    mailing = [int(text) for text in asked.given.get("mailing", ()) if text]
    days = "".join(asked.given.get("days", ()))
    since = NOW - dt.timedelta(days=int(days)) if days else None
    mine = [row for row in rows.get(person.pk, []) if not mailing or row.mailing_id in mailing]

    def lately(moment: dt.datetime | None) -> bool:
        return moment is not None and (since is None or moment >= since)

    code = asked.field.partition(".")[2]
    if code == "sent":
        sent = any(row.state == "sent" and (since is None or lately(row.sent_at)) for row in mine)
        return sent == (asked.operator == "did")
    if asked.operator == "did":
        return any(lately(getattr(row, f"{code}_at")) for row in mine)
    sent_lately = [row for row in mine if since is None or lately(row.sent_at)]
    got = any(row.state == "sent" and row.bounced_at is None for row in sent_lately)
    return got and not any(getattr(row, f"{code}_at") for row in sent_lately)


def test_the_count_equals_a_naive_filter() -> None:
    mailings = [a_sent_mailing(name=f"Mailing {n}").pk for n in range(3)]
    people = [a_reader(f"Reader{n} X") for n in range(24)]
    rows: dict[int, list[Message]] = {}
    for n, person in enumerate(people):
        for place, mailing in enumerate(mailings):
            if (n + place) % 4:
                continue
            moment = NOON - dt.timedelta(days=20 * place)
            held = n % 11 == 0
            row = a_message(
                Mailing.objects.get(pk=mailing),
                person=person,
                state="held" if held else "sent",
                sent_at=None if held else moment,
                opened_at=moment if n % 3 == 0 and not held else None,
                clicked_at=moment + dt.timedelta(days=n) if n % 5 == 0 and not held else None,
                bounced_at=moment if n % 7 == 0 and not held else None,
            )
            rows.setdefault(person.pk, []).append(row)
    asked = st.builds(
        lambda one, mailing, days: Condition(
            one[0], one[1], {"mailing": (str(mailing),) if mailing else (), "days": (days,) if days else ()}
        ),
        st.sampled_from([(f"mailing.{code}", operator) for code, operator in ASKED]),
        st.sampled_from([*mailings, 0]),
        st.sampled_from(["", "5", "12", "25", "45", "90"]),
    )

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(asked, min_size=1, max_size=4), st.sampled_from(How))
    def agree(conditions: list[Condition], how: How) -> None:
        root = Group(how, tuple(conditions))
        combine = {How.ALL: all, How.ANY: any, How.NONE: lambda answers: not any(answers)}[how]
        expected = sum(combine([naive(person, one, rows) for one in conditions]) for person in people)
        assert selections.count(root, glossary.load(root), now=NOW) == expected

    agree()


ASKED = [("sent", "did"), ("sent", "did_not"), ("opened", "did"), ("opened", "did_not")]
ASKED += [("clicked", "did"), ("clicked", "did_not"), ("bounced", "did")]


# as the source of a mailing -------------------------------------------------------------------------------------------


def test_a_mailing_to_a_dynamic_selection_is_frozen_with_who_meets_it_then() -> None:
    a_person("ada@example.org", language="nl", consents_to="newsletter")
    late = a_person("bob@example.org", language="en", consents_to="newsletter")
    mailing = a_mailing(to=a_dynamic_selection(ask("person.language", codes="nl")))
    assert audience.recount(mailing, now=NOON).gets == 1

    Person.objects.filter(pk=late.pk).update(language="nl")
    frozen = audience.freeze(mailing, now=NOON)

    assert frozen.gets == 2


def test_a_combined_source_is_evaluated_through_its_parts() -> None:
    ada = a_person("ada@example.org", language="nl", consents_to="newsletter")
    dutch = a_dynamic_selection(ask("person.language", codes="nl"))
    nobody = a_dynamic_selection(ask("person.language", codes="fr"))
    mailing = a_mailing(to=a_combined_selection("difference", dutch, nobody))

    assert audience.freeze(mailing, now=NOON).gets == 1
    assert mailing.messages.get().person == ada


def test_the_check_names_a_source_whose_criteria_no_longer_work() -> None:
    a_person("ada@example.org", language="nl", consents_to="newsletter")
    broken = a_dynamic_selection(ask("lists.project", "out", project=99999), name="Not at the fair")

    findings = preflight.check(a_mailing(to=broken), now=NOON)

    said = next(finding.sentence for finding in findings if finding.code == "selection_broken")
    assert "“Not at the fair” no longer work: That project was deleted." in said
