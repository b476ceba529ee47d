"""After a mailing: the next one to the right people, tasks, projects."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from mailings import followup
from mailings.models import Mailing, Message
from mailings.slices import Slice
from recipients import selections
from recipients.models import Person, Project, Selection, Task
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, a_person, an_author

pytestmark = pytest.mark.django_db


def sent(**names: dict[str, object]) -> Mailing:
    mailing = a_mailing(status="sent", started_at=NOON, name="Fair")
    for name, values in names.items():
        person = a_person(f"{name}@example.org")
        Message.objects.create(
            mailing=mailing, person=person, address=f"{name}@example.org", state="sent", sent_at=NOON, **values
        )
    return mailing


def on(selection: Selection | Project) -> set[str]:
    return set(selection.people.values_list("first_name", flat=True))


def the_audience(mailing: Mailing) -> Selection:
    return mailing.sources.get().selection


def test_a_next_mailing_to_who_did_not_open_leaves_out_who_opens_before_it_starts():
    mailing = sent(ada={}, bob={}, cas={"opened_at": NOON})

    copy = followup.draft(mailing, Slice(mailing.pk, did="not_opened"), None, by=an_author(), now=NOON)

    assert (copy.status, copy.name, copy.subject) == ("draft", "Fair, follow-up", mailing.subject)
    assert on(the_audience(copy)) == {"Ada", "Bob"}
    Message.objects.filter(address="bob@example.org").update(opened_at=NOON)
    selections.evaluate(the_audience(copy), now=NOON)
    assert on(the_audience(copy)) == {"Ada"}


def test_a_slice_that_is_no_criterion_becomes_a_list_as_it_is_now():
    mailing = sent(ada={"bounced_at": NOON, "reason": "full"}, bob={})

    copy = followup.draft(mailing, Slice(mailing.pk, did="bounced", reason="full"), None, by=an_author(), now=NOON)

    assert the_audience(copy).is_by_hand
    assert on(the_audience(copy)) == {"Ada"}


def test_only_who_was_ticked_is_written_to():
    mailing = sent(ada={}, bob={})
    ada = Person.objects.filter(first_name="Ada")

    copy = followup.draft(mailing, Slice(mailing.pk, did="not_opened"), ada, by=an_author(), now=NOON)

    assert on(the_audience(copy)) == {"Ada"}


def test_a_task_for_each_goes_to_their_own_contact():
    mailing, marieke, jan = sent(ada={}, bob={}), an_author(), an_author("jan@example.org")
    Person.objects.filter(first_name="Ada").update(our_contact=marieke)

    made = followup.make_tasks(
        Person.objects.filter(messages__mailing=mailing),
        title="Call",
        notes="After the fair",
        due_on=dt.date(2026, 11, 30),
        assignee=jan,
        by=marieke,
        now=NOON,
    )

    assert made == 2
    assert {task.person.first_name: task.assignee for task in Task.objects.all()} == {"Ada": marieke, "Bob": jan}


@pytest.fixture
def author(client: Client) -> Client:
    user = an_author()
    user.user_permissions.add(Permission.objects.get(codename="add_task"))
    client.force_login(user)
    return client


def test_the_dialog_offers_a_draft_tasks_and_a_new_project(author):
    mailing = sent(ada={}, bob={"opened_at": NOON})

    page = author.get(f"/mailings/{mailing.pk}/messages/?did=not_opened").content.decode()
    assert "follow-up/draft/" in page
    assert "follow-up/tasks/" in page

    answer = author.post(f"/mailings/{mailing.pk}/follow-up/draft/", {"did": "not_opened"})
    copy = Mailing.objects.latest("pk")
    assert answer["Location"].endswith(f"/mailings/{copy.pk}/setup/")
    author.post(f"/mailings/{mailing.pk}/follow-up/tasks/", {"did": "opened", "title": "Call", "due_on": "2026-12-01"})
    assert [task.person.first_name for task in Task.objects.all()] == ["Bob"]
    author.post(f"/mailings/{mailing.pk}/follow-up/", {"did": "opened", "new_project": "Visits"})
    assert on(Project.objects.get(name="Visits")) == {"Bob"}


def test_a_task_without_words_is_refused(author):
    mailing = sent(ada={})
    author.post(f"/mailings/{mailing.pk}/follow-up/tasks/", {"title": " "})
    assert not Task.objects.exists()


def test_following_up_needs_its_permission(client):
    from django.contrib.auth.models import User

    mailing = sent(ada={})
    client.force_login(User.objects.create_user("eve"))
    for path in ("", "draft/", "tasks/"):
        assert client.post(f"/mailings/{mailing.pk}/follow-up/{path}", {"new_selection": "x"}).status_code == 403
