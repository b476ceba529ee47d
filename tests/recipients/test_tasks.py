"""Tasks: made about somebody or something, on my list, done and taken up again."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from recipients.models import Task
from tests.recipients.factories import a_company, a_person, a_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def marieke(client: Client) -> User:
    user = User.objects.create_user("marieke", "marieke@example.org", first_name="Marieke", last_name="Vos")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="recipients"))
    client.force_login(user)
    return user


def tasks_page(client: Client, show: str = "mine") -> str:
    return client.get(reverse("recipients:tasks"), {"show": show}).content.decode()


def test_a_task_is_made_on_a_card_and_stands_there_and_on_my_list(client: Client, marieke: User) -> None:
    ada = a_person("Ada Lovelace")

    answer = client.post(
        reverse("recipients:task_new"),
        {"title": "Call about the fair", "kind": "todo", "due_on": "2026-12-01", "assignee": marieke.pk, "person": ada.pk,
         "next": reverse("recipients:person", args=[ada.pk])},
    )  # fmt: skip

    task = Task.objects.get()
    assert answer["Location"] == reverse("recipients:person", args=[ada.pk])
    assert (task.person, task.assignee, task.created_by) == (ada, marieke, marieke)
    assert "Call about the fair" in client.get(answer["Location"]).content.decode()
    assert "Ada Lovelace" in tasks_page(client)


def test_done_is_done_once_and_can_be_undone(client: Client, marieke: User) -> None:
    task = Task.objects.create(title="Call", assignee=marieke)

    for _ in range(2):
        client.post(reverse("recipients:task_done", args=[task.pk]))
    assert "Call" in tasks_page(client, "done")
    client.post(reverse("recipients:task_reopen", args=[task.pk]))

    task.refresh_from_db()
    assert (task.done_at, task.done_by) == (None, None)
    assert "Call" in tasks_page(client)


def test_what_is_due_first_stands_first_and_what_is_late_says_so(client: Client, marieke: User) -> None:
    Task.objects.create(title="Someday", assignee=marieke)
    Task.objects.create(title="Later", assignee=marieke, due_on=dt.date(2100, 1, 1))
    Task.objects.create(title="Yesterday", assignee=marieke, due_on=dt.date(2020, 1, 1))
    Task.objects.create(title="Not mine")

    page = tasks_page(client)

    assert page.index("Yesterday") < page.index("Later") < page.index("Someday")
    assert page.count("late") >= 1
    assert "Not mine" not in page
    assert "Not mine" in tasks_page(client, "all")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"title": "", "kind": "todo"}, "This field is required"),
        ({"title": "x", "kind": "appointment"}, "An appointment needs a day"),
        ({"title": "x", "kind": "todo", "due_at": "10:00"}, "A time needs its day"),
        ({"title": "x", "kind": "todo", "due_on": "2026-02-31"}, "valid date"),
    ],
)
def test_a_mistake_is_named_and_the_task_still_knows_whom_it_is_about(
    client: Client, marieke: User, given: dict[str, str], said: str
) -> None:
    company = a_company("Noordmetaal")

    answer = client.post(reverse("recipients:task_new"), {**given, "company": company.pk})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert f'name="company" value="{company.pk}"' in answer.content.decode()
    assert not Task.objects.exists()


def test_a_task_about_a_project_is_changed_and_deleted(client: Client, marieke: User) -> None:
    fair = a_project("Fair")
    client.post(reverse("recipients:task_new"), {"title": "Book the hall", "kind": "todo", "project": fair.pk})
    task = Task.objects.get(project=fair)

    client.post(reverse("recipients:task_edit", args=[task.pk]), {"title": "Book both halls", "kind": "todo"})
    task.refresh_from_db()
    assert (task.title, task.project) == ("Book both halls", fair)

    client.post(reverse("recipients:task_delete", args=[task.pk]))
    assert not Task.objects.exists()


def test_the_way_back_never_leads_to_another_site(client: Client, marieke: User) -> None:
    task = Task.objects.create(title="Call", assignee=marieke)

    answer = client.post(reverse("recipients:task_done", args=[task.pk]), {"next": "https://evil.example/"})

    assert answer["Location"] == "/tasks/"
