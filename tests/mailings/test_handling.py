"""Doing something about an address whose mail came back, and undoing it."""

import pytest
from django.contrib.auth.models import Permission, User

from consent import suppressions
from consent.models import Suppression
from mailings import handling
from mailings.models import Counts, Handling, Message
from recipients.models import EmailAddress, Person, Selection
from tests.conftest import NOON
from tests.mailings.factories import an_author
from tests.mailings.returns import LATER, a_message, a_reader, a_sent_mailing
from tracking.models import SoftBounce

pytestmark = pytest.mark.django_db
GONE = "ada@gmial.com"


def a_bounce(*addresses: str, reason: str = "dead_address", name: str = "Ada Lovelace") -> Message:
    """A message to the first of the addresses, which came back."""
    person = a_reader(name)
    for rank, address in enumerate(addresses or (GONE,), start=1):
        EmailAddress.objects.create(person=person, address=address, rank=rank)
    failed = (addresses or (GONE,))[0]
    message = a_message(a_sent_mailing(), address=failed, person=person, bounced_at=LATER, reason=reason)
    if reason == "dead_address":
        suppressions.add("email", failed, "hard_bounce", evidence={"said": "550 no"}, actor="system", now=LATER)
    return message


def addresses(person: Person) -> list[str]:
    return list(EmailAddress.objects.filter(person=person).order_by("rank").values_list("address", flat=True))


@pytest.fixture
def by() -> User:
    return an_author()


def test_a_corrected_address_stands_where_the_wrong_one_stood_and_back(by):
    message = a_bounce(GONE, "ada@home.example")

    done = handling.correct(message, "ada@gmail.com", by=by, now=NOON)
    assert addresses(message.person) == ["ada@gmail.com", "ada@home.example"]
    assert (done.act, done.by, done.new_address) == ("corrected", by, "ada@gmail.com")

    handling.undo(done, now=NOON)
    assert addresses(message.person) == [GONE, "ada@home.example"]


def test_correcting_to_an_address_the_person_has_keeps_it_once(by):
    message = a_bounce(GONE, "ada@home.example")

    done = handling.correct(message, "ada@home.example", by=by, now=NOON)
    assert addresses(message.person) == ["ada@home.example"]

    handling.undo(done, now=NOON)
    assert addresses(message.person) == [GONE, "ada@home.example"]


def test_a_removed_address_comes_back_in_its_place(by):
    message = a_bounce(GONE, "ada@home.example")

    done = handling.remove(message, by=by, now=NOON)
    assert addresses(message.person) == ["ada@home.example"]

    handling.undo(done, now=NOON)
    assert addresses(message.person) == [GONE, "ada@home.example"]


def test_a_former_employee_is_marked_and_unmarked(by):
    message = a_bounce()

    done = handling.call_former(message, by=by, now=NOON)
    assert Person.objects.get().is_former_employee

    handling.undo(done, now=NOON)
    assert not Person.objects.get().is_former_employee


def test_clearing_lifts_what_bounces_blocked_and_forgets_the_count_until_it_is_undone(by):
    message = a_bounce()
    suppressions.add("email", GONE, "manual", evidence={}, actor="user:1", now=LATER)
    SoftBounce.objects.create(address=GONE, mailing=1, message=1, at=LATER, category="full")

    done = handling.clear(message, by=by, now=NOON)
    assert list(Suppression.objects.filter(released_at=None).values_list("reason", flat=True)) == ["manual"]
    assert SoftBounce.objects.get().ended_because == "cleared"

    handling.undo(done, now=NOON)
    assert set(Suppression.objects.filter(released_at=None).values_list("reason", flat=True)) == {
        "manual",
        "hard_bounce",
    }
    assert SoftBounce.objects.get().ended_at is None


def test_an_unsubscription_is_never_lifted_here(by):
    message = a_bounce(reason="full")
    suppressions.add("email", GONE, "unsubscribed", evidence={}, actor="self", now=LATER)

    with pytest.raises(handling.CannotHandle):
        handling.clear(message, by=by, now=NOON)

    assert Suppression.objects.get().released_at is None


@pytest.mark.parametrize("act", [handling.remove, lambda m, **k: handling.correct(m, "b@example.org", **k)])
def test_who_lost_the_address_since_is_left_alone(by, act):
    message = a_bounce()
    EmailAddress.objects.all().delete()

    with pytest.raises(handling.CannotHandle):
        act(message, by=by, now=NOON)

    assert not Handling.objects.exists()


def test_undoing_twice_does_nothing_the_second_time(by):
    message = a_bounce()
    done = handling.remove(message, by=by, now=NOON)

    handling.undo(done, now=NOON)
    EmailAddress.objects.all().delete()
    handling.undo(Handling.objects.get(), now=NOON)

    assert addresses(message.person) == []


# the pages ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def marieke(client, by):
    by.user_permissions.add(Permission.objects.get(codename="change_suppression"))
    client.force_login(by)
    return client


def test_the_page_lists_what_came_back_from_all_mailings_and_filters(marieke, django_assert_max_num_queries):
    a_bounce()
    a_bounce("full@example.org", reason="full", name="Grace Hopper")
    a_message(a_sent_mailing(), address="fine@example.org")

    with django_assert_max_num_queries(20):
        page = marieke.get("/bounces/").content.decode()
    assert GONE in page
    assert "full@example.org" in page
    assert "fine@example.org" not in page
    assert "Meant ada@gmail.com?" in page

    assert GONE not in marieke.get("/bounces/?reason=full").content.decode()
    assert GONE not in marieke.get("/bounces/?q=full@example.org").content.decode()
    assert "Nothing came back for this reason." in marieke.get("/bounces/?reason=nonsense").content.decode()


def test_an_empty_page_teaches(marieke):
    assert "blocked by itself" in marieke.get("/bounces/").content.decode()


def test_the_address_is_corrected_from_its_page_and_goes_on_a_selection(marieke):
    message = a_bounce()
    again = Selection.objects.create(name="Again")
    assert 'value="ada@gmail.com"' in marieke.get(f"/bounces/{message.pk}/").content.decode()

    answer = marieke.post(f"/bounces/{message.pk}/correct/", {"address": "ada@gmail.com", "selection": again.pk})

    assert (answer.status_code, answer["Location"]) == (302, "/bounces/")
    assert addresses(message.person) == ["ada@gmail.com"]
    assert list(again.people.all()) == [message.person]
    page = marieke.get("/bounces/").content.decode()
    assert "Done lately" in page


@pytest.mark.parametrize("typed", ["", "no address", GONE, "a@b\r\nBcc: c@d"])
def test_a_bad_address_is_answered_with_what_is_wrong_and_changes_nothing(marieke, typed):
    message = a_bounce()

    answer = marieke.post(f"/bounces/{message.pk}/correct/", {"address": typed})

    assert answer.status_code == 422
    assert addresses(message.person) == [GONE]


def test_each_act_works_from_the_page_and_can_be_undone_there(marieke):
    message = a_bounce()
    for act in ("former", "clear", "remove"):
        marieke.post(f"/bounces/{message.pk}/handle/", {"act": act})
    assert list(Handling.objects.order_by("pk").values_list("act", flat=True)) == ["former", "cleared", "removed"]

    for done in Handling.objects.order_by("-pk"):
        marieke.post(f"/bounces/done/{done.pk}/undo/")

    assert addresses(message.person) == [GONE]
    assert not Person.objects.get().is_former_employee
    assert Suppression.objects.filter(released_at=None).count() == 1


def test_ticked_people_go_to_a_new_selection(marieke):
    message, other = a_bounce(), a_bounce("full@example.org", reason="full", name="Grace Hopper")

    marieke.post("/bounces/follow-up/", {"message": [message.pk], "new_selection": "Call them"})

    assert list(Selection.objects.get(name="Call them").people.all()) == [message.person]
    assert other.person not in Selection.objects.get(name="Call them").people.all()


def test_looking_changes_nothing_and_strangers_see_nothing(client, marieke):
    message = a_bounce()

    for path in (f"/bounces/{message.pk}/correct/", f"/bounces/{message.pk}/handle/", "/bounces/follow-up/"):
        assert marieke.get(path).status_code == 405
    marieke.logout()
    assert marieke.get("/bounces/").status_code == 302


def test_who_may_not_change_people_changes_nothing(client):
    message = a_bounce()
    client.force_login(User.objects.create_user("reader@example.org"))

    assert client.get("/bounces/").status_code == 403
    assert client.post(f"/bounces/{message.pk}/handle/", {"act": "remove"}).status_code == 403
    assert addresses(message.person) == [GONE]


def test_a_message_that_did_not_come_back_has_no_page(marieke):
    assert marieke.get(f"/bounces/{a_message(a_sent_mailing()).pk}/").status_code == 404


def test_a_mailing_warns_when_it_was_refused_because_of_its_sender(marieke):
    mailing = a_sent_mailing()
    a_message(mailing, bounced_at=LATER, reason="auth")
    a_message(mailing, bounced_at=LATER, reason="full")
    Counts.objects.create(mailing=mailing, bounced=2, states={"sent": 2}, returned={"auth": 1, "full": 1})

    for tab in ("summary/", "bounces/"):
        assert "1 mail was refused because of us" in marieke.get(f"/mailings/{mailing.pk}/{tab}").content.decode()
