"""Selections that follow from criteria: who is in them, kept true, safe against what is missing or goes in circles."""

import datetime as dt

import pytest
from django.utils.translation import override

from recipients import members, selections
from recipients.criteria import glossary, meaning, tree
from recipients.criteria.tree import Group, How
from recipients.models import Person, Selection
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents
from tests.recipients.criteria.stories import (
    a_combined_selection,
    a_dynamic_selection,
    all_of,
    any_of,
    ask,
    inside,
    none_of,
    people_in,
)
from tests.recipients.factories import a_company, a_person, a_project, a_selection

pytestmark = pytest.mark.django_db


def found(*parts: tree.Node, how: How = How.ALL) -> set[str]:
    root = Group(how, parts)
    looked = selections.look(root, glossary.load(root), now=NOON)
    assert looked.people == len(looked.sample)
    return {person.first_name for person in looked.sample}


def test_a_person_is_found_by_what_is_written_down() -> None:
    bakery = a_company("Bakkerij De Wit", city="Rotterdam", country="NL")
    a_person("Hanna Wit", at=bakery, language="nl", country="NL", email="hanna@dewit.example", title="Owner")
    a_person("Émile Zola", language="fr", phone="+31612345678", email="zola@sub.dewit.example", is_former_employee=True)
    a_person("Nobody", email="")

    assert found(ask("person.language", codes=["nl", "de"])) == {"Hanna"}
    assert found(ask("person.language", "empty")) == {"Nobody"}
    assert found(ask("person.name", text="émile zola")) == {"Émile"}
    assert found(ask("person.name", "starts", text="HANNA")) == {"Hanna"}
    assert found(ask("person.title", "has_not", text="own")) == {"Émile", "Nobody"}
    assert found(ask("person.phone", "filled")) == {"Émile"}
    assert found(ask("person.former", "yes")) == {"Émile"}
    assert found(ask("company.city", text="rotterdam")) == {"Hanna"}
    assert found(ask("company.city", "is_not", text="rotterdam")) == {"Émile", "Nobody"}
    assert found(ask("company.country", "empty")) == {"Émile", "Nobody"}
    assert found(ask("mail.domain", text="dewit.example")) == {"Hanna"}
    assert found(ask("mail.address", "empty")) == {"Nobody"}
    assert found(ask("mail.address", "has", text="_")) == set()
    assert found(ask("person.created", "last", days=10)) == {"Hanna", "Émile", "Nobody"}
    assert found(ask("person.created", "before", day="2020-01-01")) == set()


def test_groups_say_and_or_and_not() -> None:
    a_person("Ada", language="en", country="GB")
    a_person("Bob", language="en", country="NL")
    a_person("Cor", language="nl", country="NL")
    english, dutch = ask("person.language", codes="en"), ask("person.country", codes="NL")

    assert found(english, dutch) == {"Bob"}
    assert found(english, dutch, how=How.ANY) == {"Ada", "Bob", "Cor"}
    assert found(english, none_of(dutch)) == {"Ada"}
    assert found(none_of(all_of(english, dutch))) == {"Ada", "Cor"}


def test_lists_and_consent_are_criteria() -> None:
    newsletter = a_subscription_type()
    fair, readers = a_project("Fair"), a_selection("Readers")
    a_person("Ada", email="ada@example.org", in_=readers)
    a_person("Bob", email="bob@example.org", joins=fair)
    consents("ada@example.org")

    assert found(inside(readers)) == {"Ada"}
    assert found(ask("lists.selection", "out", selection=readers.pk)) == {"Bob"}
    assert found(ask("lists.project", "in", project=fair.pk)) == {"Bob"}
    assert found(ask("consent.gate", "yes", type=newsletter.pk)) == {"Ada"}
    assert found(ask("consent.gate", "no", type=newsletter.pk)) == {"Bob"}
    assert found(ask("consent.suppressed", "yes")) == set()


def test_evaluating_writes_only_what_differs() -> None:
    ada, bob = a_person("Ada", language="nl"), a_person("Bob", language="en")
    dutch = a_dynamic_selection(ask("person.language", codes="nl"))
    assert selections.evaluate(dutch, now=NOON) == selections.Evaluated(1, 1, 0)

    Person.objects.filter(pk=bob.pk).update(language="nl")
    Person.objects.filter(pk=ada.pk).update(language="de")
    later = NOON + dt.timedelta(hours=1)

    assert selections.evaluate(dutch, now=later) == selections.Evaluated(1, 1, 1)
    assert people_in(dutch) == {bob}
    assert dutch.evaluated_at == later
    assert selections.evaluate(dutch, now=later) == selections.Evaluated(1, 0, 0)


@pytest.mark.parametrize(
    ("combine", "expected"),
    [("union", {"Ada", "Bob", "Cor"}), ("intersection", {"Bob"}), ("difference", {"Ada"})],
)
def test_selections_are_combined(combine: str, expected: set[str]) -> None:
    ada, bob, _cor = a_person("Ada"), a_person("Bob", language="nl"), a_person("Cor", language="nl")
    by_hand = a_selection(of=(ada, bob))
    dutch = a_dynamic_selection(ask("person.language", codes="nl"))

    both = a_combined_selection(combine, by_hand, dutch)
    selections.evaluate(both, now=NOON)

    assert {person.first_name for person in people_in(both)} == expected


def test_a_list_by_hand_stays_as_it_is_and_a_list_by_criteria_takes_nobody_by_hand() -> None:
    ada = a_person("Ada")
    by_hand, dutch = a_selection(of=(ada,)), a_dynamic_selection(ask("person.language", codes="nl"))

    assert selections.evaluate(by_hand, now=NOON) == selections.Evaluated(1, 0, 0)
    with pytest.raises(members.NotByHand, match="follows from its criteria"):
        members.add(dutch, Person.objects.all())
    with pytest.raises(members.NotByHand):
        members.remove(dutch, Person.objects.all())


MISSING = [
    (ask("lists.selection", "in", selection=987654), "That selection was deleted"),
    (ask("lists.selection", "out", selection=987654), "That selection was deleted"),
    (ask("lists.project", "out", project=987654), "That project was deleted"),
    (ask("consent.gate", "no", type=987654), "That subscription type was deleted"),
    (ask("person.shoe_size", "is", text="44"), "This field does not exist any more"),
    (ask("person.name", "rhymes_with", text="x"), "Choose what to ask"),
    (ask("person.name", "is"), "Fill in a text"),
    (ask("person.language", "is", codes=["xx"]), "Choose from the list"),
    (ask("person.created", "last", days="-4"), "1 or more"),
    (ask("person.created", "last", days="9" * 40), "1 or more"),
    (ask("person.created", "since", day="31-31-2020"), "Choose a day"),
    (Group(How.NONE), "This group is empty"),
    (ask(""), "Choose what to look at"),
]


@pytest.mark.parametrize(("broken", "said"), MISSING)
def test_what_is_missing_is_explained_and_lets_nobody_in(broken: tree.Node, said: str) -> None:
    a_person("Ada", language="nl")

    assert found(broken) == set()
    assert found(none_of(broken)) == set()
    assert found(ask("person.language", codes="nl"), broken) == set()
    assert found(any_of(ask("person.language", codes="nl"), broken)) == {"Ada"}
    root = all_of(broken)
    assert said in meaning.problems(root, glossary.load(root))[(0,)]


def test_a_selection_that_speaks_of_itself_is_refused() -> None:
    first = a_dynamic_selection(ask("person.language", codes="nl"), name="First")
    second = a_combined_selection("union", first, first, name="Second")
    selections.keep_draft(first, tree.write(all_of(inside(second))), version=0, by=None)

    with pytest.raises(selections.CannotSave, match="“Second” is itself made of this selection"):
        selections.save(first, now=NOON)

    first.refresh_from_db()
    assert first.draft is not None, "nothing is lost"


def test_a_circle_that_came_about_behind_our_back_lets_nobody_in() -> None:
    a_person("Ada", language="nl")
    first = a_dynamic_selection(ask("person.language", codes="nl"))
    second = a_dynamic_selection(none_of(inside(first)))
    Selection.objects.filter(pk=first.pk).update(criteria=tree.write(all_of(none_of(inside(second)))))

    for selection in (first, second):
        assert selections.evaluate(selection, now=NOON).people == 0
    assert "itself made of this selection" in next(iter(selections.problems(second).values()))


@pytest.mark.parametrize("kind", ["dynamic", "combined"])
def test_a_selection_that_stood_on_a_deleted_one_says_so_and_lets_nobody_in_by_it(kind: str) -> None:
    ada = a_person("Ada", language="nl")
    gone, other = a_selection(of=(ada,)), a_selection(of=(ada,))
    mine = a_dynamic_selection(inside(gone)) if kind == "dynamic" else a_combined_selection("intersection", gone, other)
    selections.evaluate(mine, now=NOON)
    before = people_in(mine)
    gone.delete()
    mine.refresh_from_db()

    after = selections.evaluate(mine, now=NOON).people

    assert before == {ada}
    assert after == 0
    assert selections.problems(mine)


def test_a_draft_is_nobody_elses_business_until_it_is_saved() -> None:
    ada = a_person("Ada", language="nl")
    a_person("Bob", language="en")
    mine = a_dynamic_selection(ask("person.language", codes="en"))

    selections.keep_draft(mine, tree.write(all_of(ask("person.language", codes="nl"))), version=0, by=None)
    selections.evaluate(mine, now=NOON)
    assert {person.first_name for person in people_in(mine)} == {"Bob"}
    selections.save(mine, now=NOON)

    assert people_in(mine) == {ada}
    mine.refresh_from_db()
    assert mine.draft is None


def test_two_people_do_not_overwrite_each_other() -> None:
    one = a_dynamic_selection()
    other = Selection.objects.get(pk=one.pk)
    selections.keep_draft(one, tree.write(all_of(ask("person.phone", "filled"))), version=0, by=None)

    with pytest.raises(selections.Conflict):
        selections.keep_draft(other, {"how": "all", "parts": []}, version=0, by=None)

    other.refresh_from_db()
    assert other.draft == one.draft


def test_why_somebody_is_in_it_or_not() -> None:
    ada = a_person("Ada", language="nl", email="ada@example.org")
    consents("ada@example.org")
    root = all_of(
        ask("person.language", codes="nl"),
        any_of(ask("person.country", codes="BE"), ask("consent.gate", "yes", type=a_subscription_type().pk)),
        none_of(ask("lists.project", "in", project=123456)),
    )

    asked = selections.why(root, glossary.load(root), ada, now=NOON)

    assert asked.holds is None
    assert [part.holds for part in asked.parts] == [True, True, None]
    assert [part.holds for part in asked.parts[1].parts] == [False, True]


def test_a_criterion_is_said_in_plain_words() -> None:
    readers = a_selection("Readers <b>")
    tree_ = all_of(
        ask("person.language", codes=["nl", "de", "fr"]),
        ask("person.created", "last", days=30),
        inside(readers),
        ask("lists.selection", "in", selection=987654),
    )
    known = glossary.load(tree_)

    with override("en"):
        said = [meaning.said(condition, known) for condition in tree.conditions(tree_)]

    assert said == [
        "Language is <b>Dutch, German or French</b>",
        "Added <b>in the last 30 days</b>",
        "In selection <b>Readers &lt;b&gt;</b>",
        "In selection <b>(deleted)</b>",
    ]
