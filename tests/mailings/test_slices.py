"""Slices: every number of a report is a set of people, and each filter finds exactly them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailings import followup, slices
from mailings.models import Mailing
from mailings.slices import Slice
from recipients.models import Project, Selection
from tests.mailings.factories import an_author
from tests.mailings.returns import a_message, a_reader, a_sent_mailing, fold, it_happened

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailing():
    """Seven people to whom everything happened."""
    mailing = a_sent_mailing()
    for name in ("reader", "clicker", "silent", "bouncer", "leaver", "scanned"):
        a_message(mailing, address=f"{name}@example.org", person=a_reader(f"{name.title()} Jansen"))
    a_message(mailing, address="held@example.org", state="held", reason="no_consent")
    a_message(mailing, address="failed@example.org", state="failed", reason="dead_address")
    happened(mailing, "reader", "open")
    happened(mailing, "clicker", "click", link=2)
    happened(mailing, "bouncer", "bounce", category="full")
    happened(mailing, "leaver", "unsubscribe")
    happened(mailing, "scanned", "open", user_agent="")
    happened(mailing, "scanned", "click", link=1, user_agent="")
    fold()
    return mailing


def happened(mailing: Mailing, name: str, kind: str, **more: object) -> None:
    it_happened(mailing.messages.get(address=f"{name}@example.org"), kind, **more)


def found(mailing: Mailing, **asked: str) -> set[str]:
    messages = slices.messages(Slice.asked(mailing, asked))
    return {address.partition("@")[0] for address in messages.values_list("address", flat=True)}


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"state": "held"}, {"held"}),
        ({"state": "failed"}, {"failed"}),
        ({"state": "held", "reason": "no_consent"}, {"held"}),
        ({"reason": "full"}, {"bouncer"}),
        ({"did": "opened"}, {"reader", "clicker"}),
        ({"did": "opened_only"}, {"reader"}),
        ({"did": "not_opened"}, {"silent", "leaver", "scanned"}),
        ({"did": "clicked"}, {"clicker"}),
        ({"did": "not_clicked"}, {"reader", "silent", "leaver", "scanned"}),
        ({"did": "delivered_only"}, {"silent", "leaver", "scanned"}),
        ({"did": "bounced"}, {"bouncer"}),
        ({"did": "unsubscribed"}, {"leaver"}),
        ({"did": "complained"}, set()),
        ({"did": "machine_opened"}, {"scanned"}),
        ({"did": "machine_clicked"}, {"scanned"}),
        ({"link": "2"}, {"clicker"}),
        ({"link": "1"}, set()),
        ({"q": "silent jansen"}, {"silent"}),
        ({"q": "held@example.org"}, {"held"}),
        ({"did": "opened", "q": "reader"}, {"reader"}),
        ({"state": "sent", "did": "delivered"}, {"reader", "clicker", "silent", "leaver", "scanned"}),
    ],
)
def test_a_filter_finds_exactly_its_people(mailing, asked, names):
    assert found(mailing, **asked) == names


def test_a_slice_is_of_one_mailing_only(mailing):
    a_message(a_sent_mailing(), address="stranger@example.org")

    assert "stranger" not in found(mailing)
    assert len(found(mailing)) == 8


@given(st.dictionaries(st.sampled_from(["state", "did", "reason", "link", "q"]), st.text(max_size=50)))
def test_an_address_with_nonsense_in_it_asks_for_nothing_dangerous(asked):
    slice_ = Slice.asked(Mailing(pk=1), asked)

    assert Slice.asked(Mailing(pk=1), slice_.query) == slice_


def test_a_slice_becomes_a_new_selection_once(mailing):
    opened = slices.people(Slice(mailing.pk, did="opened"))

    added = followup.add(opened, followup.Target(new_selection="Readers of November"), by=an_author())

    assert added.new == 2
    assert {person.first_name for person in added.to.people.all()} == {"Reader", "Clicker"}
    assert followup.add(opened, followup.Target(selection=added.to), by=an_author()).new == 0


def test_a_slice_becomes_members_of_a_project(mailing):
    project = Project.objects.create(name="Open day")

    followup.add(slices.people(Slice(mailing.pk, link=2)), followup.Target(project=project), by=an_author())

    assert [str(person) for person in project.people.all()] == ["Clicker Jansen"]


def test_recipients_without_a_person_are_left_out(mailing):
    added = followup.add(slices.people(Slice(mailing.pk)), followup.Target(new_selection="All"), by=an_author())

    assert added.new == 6
    assert Selection.objects.get().created_by == an_author()
