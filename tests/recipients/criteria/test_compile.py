"""The compiled criteria find whom a naive filter finds, for trees that nobody would think of."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.models import Suppression
from recipients import custom, members, selections
from recipients.criteria import fields, glossary, meaning, tree
from recipients.criteria.tree import Condition, Group, How, Node
from recipients.models import CustomField, Interest, Person, ProjectMember, Selection
from tests.conftest import NOON
from tests.recipients.criteria import naive
from tests.recipients.criteria.naive import Someone
from tests.recipients.criteria.stories import all_of, any_of, ask, none_of
from tests.recipients.factories import a_company, a_person, a_project, a_selection

NAMES = [
    "Ada",
    "ADA",
    "ad",
    "Émile",
    "émile zola",
    "100%",
    "a_b",
    "a\\b",
    "O'Hara",
    "",
    "  ",
    "van der Wit",
    "王",
    "😀",
]
CITIES = ["Rotterdam", "rotterdam", "Gent", ""]
DOMAINS = ["example.org", "mail.example.org", "wit.example"]
DAYS = [dt.date(2026, 11, 22), dt.date(2026, 11, 23), dt.date(2026, 3, 29), dt.date(2020, 2, 29)]


class World:
    """Forty people, made once: every test asks about the same ones."""

    def __init__(self) -> None:
        self.by_hand = [a_selection().pk for _ in range(2)]
        self.projects = [a_project().pk for _ in range(2)]
        self.interests = [Interest.objects.create(name=name).pk for name in ("Cheese", "Wine")]
        self.colleagues = [User.objects.create_user(name).pk for name in ("marieke", "joost")]
        made = {
            kind: custom.add(CustomField(of="person", kind=kind, name=kind, choices=["Red", "Blue"]))
            for kind in CustomField.Kind.values
        }
        self.own = {kind: f"own.{field.pk}" for kind, field in made.items()}
        fleet = custom.add(CustomField(of="company", kind="number", name="Fleet"))
        self.fleet = f"own.{fleet.pk}"
        trees = [
            any_of(ask("person.language", codes=["nl"]), ask("company.city", text="gent")),
            all_of(none_of(ask("lists.selection", "in", selection=self.by_hand[0])), ask("mail.address", "filled")),
            all_of(ask("lists.project", "in", project=10**9)),  # broken: nobody is in it, nor out of it
        ]
        self.definitions = {
            Selection.objects.create(name="Dynamic", kind="dynamic", criteria=tree.write(root)).pk: root
            for root in trees
        }
        self.broken = list(self.definitions)[2]
        self.people = [self.someone(number) for number in range(40)]

    def someone(self, number: int) -> Someone:
        values = {
            "text": NAMES[number % 7].strip() or None,
            "number": [None, 1, 2.5, -3][number % 4],
            "date": [None, "2026-11-23", "2020-02-29"][number % 3],
            "choice": [None, "Red", "Blue"][number % 3],
            "yesno": [None, True, False][(number // 2) % 3],
        }
        known = {kind: value for kind, value in values.items() if value is not None}
        fleet = {"fleet": number} if number % 2 else {}
        firm = (NAMES[number % 5], CITIES[number % 4], ["NL", "BE", ""][number % 3]) if number % 3 else None
        addresses = tuple(f"p{number}-{place}@{DOMAINS[(number + place) % 3]}" for place in range(number % 3))
        created = NOON - dt.timedelta(hours=13 * number)
        first, last = NAMES[number % len(NAMES)].strip(), NAMES[(number * 5) % len(NAMES)].strip()
        person = a_person(
            email=addresses[0] if addresses else "",
            also=addresses[1:],
            at=a_company(firm[0], city=firm[1], country=firm[2], custom=fleet) if firm and firm[0] else None,
            language=["nl", "en", "", "de"][number % 4],
            country=["NL", "", "BE"][number % 3],
            title=NAMES[(number * 3) % len(NAMES)].strip(),
            phone="+31612345678" if number % 4 == 1 else "",
            is_former_employee=number % 5 == 0,
            city=CITIES[number % 3],
            our_contact_id=[None, *self.colleagues][number % 3],
            custom=known,
        )
        Person.objects.filter(pk=person.pk).update(first_name=first, middle_name="", last_name=last, created_at=created)
        inside = [self.by_hand[place] for place in range(2) if number % (place + 2) == 0]
        joined = [self.projects[place] for place in range(2) if number % (place + 3) == 0]
        person.selections.add(*inside)
        person.projects.add(*joined)
        ProjectMember.objects.filter(person=person).update(role=["", "Speaker"][number % 2])
        person.interests.add(*(keen := [self.interests[place] for place in range(2) if number % (place + 2) == 1]))
        suppressed = addresses[:1] if number % 7 == 1 else ()
        for address in suppressed:
            Suppression.objects.create(
                channel="email", address=address, reason="manual", created_at=NOON, actor="user:1", evidence={}
            )
        person.refresh_from_db()
        return Someone(
            person.pk, first, last, person.title, person.language, person.country, "06" if number % 4 == 1 else "",
            person.is_former_employee, created, firm if firm and firm[0] else None, addresses,
            frozenset(inside), frozenset(joined), frozenset(suppressed),
            CITIES[number % 3], person.our_contact_id, frozenset(keen),
            dict.fromkeys(joined, ["", "Speaker"][number % 2]),
            {self.own[kind]: value for kind, value in known.items()},
            {self.fleet: fleet["fleet"]} if fleet and person.company_id else {},
        )  # fmt: skip


@pytest.fixture
def world(db: None) -> World:
    return World()


def conditions(world: World) -> st.SearchStrategy[Node]:
    """Any criterion about what the world has, with values that are right, empty or gone."""
    texts = st.sampled_from([*NAMES, *CITIES, *DOMAINS, "p1", "%", "_", "\\"])
    lists = [*world.by_hand, *world.definitions]
    days = st.sampled_from(["1", "3", "400"])
    choices = [
        st.tuples(
            st.sampled_from(list(naive.TEXTS)),
            st.sampled_from(["is", "is_not", "has", "has_not", "starts", "filled", "empty"]),
            texts.map(lambda text: {"text": (text,)}),
        ).filter(lambda one: one[0] != "mail.domain" or one[1] in ("is", "is_not")),
        st.tuples(
            st.sampled_from(list(naive.CODES)),
            st.sampled_from(["is", "is_not", "filled", "empty"]),
            st.just({}),
        ).flatmap(
            lambda one: st.tuples(
                st.just(one[0]),
                st.just(one[1]),
                st.lists(st.sampled_from(["nl", "en"] if "language" in one[0] else ["NL", "BE"]), max_size=2).map(
                    lambda codes: {"codes": tuple(codes)}
                ),
            )
        ),
        st.tuples(st.just("person.former"), st.sampled_from(["yes", "no"]), st.just({})),
        st.tuples(st.just("person.phone"), st.sampled_from(["filled", "empty"]), st.just({})),
        st.tuples(st.just("person.created"), st.sampled_from(["last", "not_last"]), days.map(lambda n: {"days": (n,)})),
        st.tuples(
            st.just("person.created"),
            st.sampled_from(["since", "before"]),
            st.sampled_from(DAYS).map(lambda day: {"day": (day.isoformat(),)}),
        ),
        st.tuples(
            st.just("lists.selection"),
            st.sampled_from(["in", "out"]),
            st.sampled_from(lists).map(lambda n: {"selection": (str(n),)}),
        ),
        st.tuples(
            st.just("lists.project"),
            st.sampled_from(["in", "out"]),
            st.sampled_from(world.projects).map(lambda n: {"project": (str(n),)}),
        ),
        st.tuples(
            st.just("person.our_contact"),
            st.sampled_from(["is", "is_not", "filled", "empty"]),
            st.sampled_from(world.colleagues).map(lambda n: {"user": (str(n),)}),
        ),
        st.tuples(
            st.just("interest.person"),
            st.sampled_from(["has", "has_not"]),
            st.sampled_from(world.interests).map(lambda n: {"interest": (str(n),)}),
        ),
        st.tuples(
            st.just("lists.role"),
            st.sampled_from(["is", "is_not"]),
            st.tuples(st.sampled_from(["speaker", "Guest"]), st.sampled_from(world.projects)).map(
                lambda one: {"text": (one[0],), "project": (str(one[1]),)}
            ),
        ),
        st.tuples(
            st.just(world.own["text"]),
            st.sampled_from(["is", "is_not", "has", "has_not", "starts", "filled", "empty"]),
            texts.map(lambda text: {"text": (text,)}),
        ),
        st.tuples(
            st.sampled_from([world.own["number"], world.fleet]),
            st.sampled_from(["is", "from", "below", "filled", "empty"]),
            st.sampled_from(["1", "2.5", "-3", "7"]).map(lambda text: {"number": (text,)}),
        ),
        st.tuples(
            st.just(world.own["date"]),
            st.sampled_from(["is", "since", "before", "filled", "empty"]),
            st.sampled_from(DAYS).map(lambda day: {"day": (day.isoformat(),)}),
        ),
        st.tuples(
            st.just(world.own["choice"]),
            st.sampled_from(["is", "is_not", "filled", "empty"]),
            st.lists(st.sampled_from(["Red", "Blue"]), max_size=2).map(lambda words: {"codes": tuple(words)}),
        ),
        st.tuples(st.just(world.own["yesno"]), st.sampled_from(["yes", "no", "filled", "empty"]), st.just({})),
        st.tuples(st.just("consent.suppressed"), st.sampled_from(["yes", "no"]), st.just({})),
    ]
    return st.one_of(*choices).map(lambda one: Condition(*one))


def trees(world: World) -> st.SearchStrategy[Group]:
    def grouped(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        return st.builds(Group, st.sampled_from(How), st.lists(parts, max_size=4).map(tuple))

    nodes = st.recursive(conditions(world), grouped, max_leaves=12)
    return grouped(nodes).filter(lambda root: isinstance(root, Group))  # type: ignore[return-value]


def test_the_count_equals_a_naive_filter(world: World) -> None:
    definitions = world.definitions | {world.broken: Group()}

    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(trees(world))
    def agree(root: Group) -> None:
        try:
            tree.checked(root)
        except tree.BadTree:
            return
        expected = naive.found(world.people, root, NOON, definitions)
        known = glossary.load(root)
        assert selections.count(root, known, now=NOON) == len(expected)
        kept = Selection(name="Any", kind="dynamic", criteria=tree.write(root))
        kept.save()
        assert selections.evaluate(kept, now=NOON).people == len(expected)
        assert set(members.of(kept).values_list("pk", flat=True)) == expected

    agree()


def test_one_person_gets_the_answer_that_the_set_gives(world: World) -> None:
    definitions = world.definitions | {world.broken: Group()}

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(trees(world), st.sampled_from(world.people))
    def agree(root: Group, someone: Someone) -> None:
        asked = selections.why(root, glossary.load(root), Person.objects.get(pk=someone.number), now=NOON)
        assert asked.holds == naive.meets(someone, root, NOON, definitions)

    agree()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["how", "parts", "field", "is", "with", "x"]), inner)
    ),
)


@given(json_values)
def test_whatever_json_is_read_it_is_a_tree_or_refused(data: object) -> None:
    try:
        root = tree.read(data)
    except tree.BadTree:
        return
    assert tree.read(tree.write(root)) == root


def test_every_operator_says_itself_and_has_sql_that_runs(world: World) -> None:
    for field in fields.vocabulary().values():
        for operator in field.operators:
            root = all_of(Condition(field.code, operator.code))
            assert selections.count(root, glossary.load(root), now=NOON) >= 0
            str(operator.words) % {"field": "x", **{place.name: "y" for place in operator.inputs}}


def test_criteria_over_a_removed_field_match_nobody_and_say_so(world: World) -> None:
    field = CustomField.objects.get(kind="yesno")
    asked = ask(f"own.{field.pk}", "empty")
    for root in (all_of(asked), none_of(asked)):
        assert selections.count(root, glossary.load(root), now=NOON) > 0 or root.how is How.NONE

    custom.remove(field)

    for root in (all_of(asked), none_of(asked)):
        known = glossary.load(root)
        assert selections.count(root, known, now=NOON) == 0
        assert "does not exist any more" in " ".join(meaning.problems(root, known).values())


def test_a_field_s_name_is_shown_as_it_is_and_never_run(world: World) -> None:
    field = custom.add(CustomField(of="person", kind="yesno", name="<script>alert(1)</script>"))
    asked = ask(f"own.{field.pk}", "yes")

    said = meaning.said(asked, glossary.load(all_of(asked)))

    assert "<script>" not in said
    assert "&lt;script&gt;" in said
