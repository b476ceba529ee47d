"""What clicks do: only people's, once each, whatever else happens; and consent only after a question."""

import datetime as dt
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from consent.models import ConsentEvent
from mailings import compiling, statistics
from mailings.models import Mailing, Message
from recipients.models import Change, CustomField, Interest, Person, PersonInterest, Selection, Task
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type
from tests.mailings.factories import HELLO, a_mailing, a_person, a_project, a_selection, an_author
from tests.tracking.factories import an_event, ask
from tracking import actions, callbacks, journal, library, tokens
from tracking.models import Act, Kind, LibraryLink, Link, LinkAction

pytestmark = pytest.mark.django_db
Does = LinkAction.Does
LATER = NOON + dt.timedelta(minutes=5)
BUTTON = "https://example.org/open-day"


def a_link(does: LinkAction.Does | None = None, **detail: Any) -> LibraryLink:
    link, _ = LibraryLink.objects.get_or_create(name="I am coming", url=BUTTON)
    if does:
        LinkAction.objects.create(link=link, does=does, detail=detail)
    return link


def sent_to(*names: str) -> tuple[Mailing, dict[str, Message]]:
    mailing = a_mailing(status=Mailing.Status.SENT, started_at=NOON)
    compiling.compile_mailing(mailing)
    rows = {
        name: Message.objects.create(
            mailing=mailing,
            person=a_person(f"{name}@example.org"),
            address=f"{name}@example.org",
            state="sent",
            sent_at=NOON,
        )
        for name in names
    }
    return mailing, rows


def clicked(message: Message, *, after: float = 60, **more: Any) -> None:
    journal.record([an_event(Kind.CLICK, mailing=message.mailing_id, message=message.pk, link=1, after=after, **more)])
    statistics.fold(now=NOON + dt.timedelta(seconds=after))


def acted(now: dt.datetime = LATER) -> int:
    return actions.act_due(now=now)


def on(target: Any) -> set[str]:
    return set(target.people.values_list("first_name", flat=True))


def test_a_persons_click_puts_them_on_a_selection_and_into_a_project():
    guests, day = a_selection("Guests"), a_project()
    a_link(Does.ADD_TO_SELECTION, selection=guests.pk)
    a_link(Does.ADD_TO_PROJECT, project=day.pk)
    _mailing, rows = sent_to("ada", "bob")

    clicked(rows["ada"])
    acted()

    assert (on(guests), on(day)) == ({"Ada"}, {"Ada"})


def test_a_click_takes_somebody_off_a_list():
    guests = a_selection("Guests")
    a_link(Does.TAKE_OFF_SELECTION, selection=guests.pk)
    _mailing, rows = sent_to("ada", "bob")
    for row in rows.values():
        guests.people.add(row.person)

    clicked(rows["ada"])
    acted()

    assert on(guests) == {"Bob"}


def test_ten_thousand_clicks_of_one_person_act_once():
    a_link(Does.ADD_TO_SELECTION, selection=a_selection("Guests").pk)
    _mailing, rows = sent_to("ada")
    message = rows["ada"]

    for start in range(0, 10_000, 2_500):
        journal.record(
            [
                an_event(Kind.CLICK, mailing=message.mailing_id, message=message.pk, link=1, after=60 + number * 120)
                for number in range(start, start + 2_500)
            ]
        )
        statistics.catch_up(now=LATER)
        acted(LATER + dt.timedelta(hours=1))

    assert Act.objects.values_list("state", flat=True).get() == "done"


def test_an_action_waits_until_a_scanner_would_have_shown_itself():
    guests = a_selection("Guests")
    a_link(Does.ADD_TO_SELECTION, selection=guests.pk)
    mailing, rows = sent_to("ada")
    Link.objects.bulk_create(
        Link(mailing=mailing.pk, number=number, url="https://example.org/x") for number in (20, 21, 22)
    )

    clicked(rows["ada"], after=60)
    assert acted(NOON + dt.timedelta(seconds=62)) == 0
    for number in (20, 21, 22):
        journal.record([an_event(Kind.CLICK, mailing=mailing.pk, message=rows["ada"].pk, link=number, after=61)])
    statistics.fold(now=NOON + dt.timedelta(seconds=64))
    acted()

    assert on(guests) == set()
    assert Act.objects.get().state == "dropped"


def test_a_machine_and_later_a_person_act_for_the_person():
    guests = a_selection("Guests")
    a_link(Does.ADD_TO_SELECTION, selection=guests.pk)
    _mailing, rows = sent_to("ada")

    clicked(rows["ada"], after=1, method="HEAD")
    acted()
    assert not Act.objects.exists()
    clicked(rows["ada"], after=600)
    acted(NOON + dt.timedelta(minutes=20))

    assert on(guests) == {"Ada"}


def test_folding_again_acts_no_second_time_and_a_recount_acts_not_at_all():
    guests = a_selection("Guests")
    a_link(Does.ADD_TO_SELECTION, selection=guests.pk)
    mailing, rows = sent_to("ada")
    clicked(rows["ada"])
    acted()
    guests.people.clear()

    statistics.rebuild(mailing, now=LATER)
    acted(LATER + dt.timedelta(hours=1))

    assert on(guests) == set()


def test_interests_come_and_go_and_the_history_says_so():
    garden, cars = Interest.objects.create(name="Gardens"), Interest.objects.create(name="Cars")
    link = a_link(Does.ADD_INTEREST, interest=garden.pk)
    a_link(Does.REMOVE_INTEREST, interest=cars.pk)
    _mailing, rows = sent_to("ada", "bob")
    ada = rows["ada"].person
    PersonInterest.objects.create(person=ada, interest=cars)
    assert [words for _action, words in actions.foresee(link.actions.order_by("pk"), ada)] == [
        "Gets the interest “Gardens”.",
        "Loses the interest “Cars”.",
    ]

    clicked(rows["ada"])
    acted()

    assert [interest.name for interest in ada.interests.all()] == ["Gardens"]
    changes = list(Change.objects.filter(person=ada).order_by("pk").values_list("source", "what"))
    assert changes == [("link", {"interests": ["", "Gardens"]}), ("link", {"interests": ["Cars", ""]})]
    assert not rows["bob"].person.interests.exists()


def test_fields_of_ours_and_of_the_houses_own_are_filled_in():
    CustomField.objects.create(of="person", kind="number", name="Guests", key="guests")
    link = a_link(Does.SET_FIELD, field="city", value="Gent")
    a_link(Does.SET_FIELD, field="custom.guests", value=2)
    _mailing, rows = sent_to("ada", "bob")
    ada = rows["ada"].person
    Person.objects.filter(pk=ada.pk).update(custom={"shoe": 38})

    clicked(rows["ada"])
    acted()

    ada.refresh_from_db()
    assert (ada.city, ada.custom) == ("Gent", {"shoe": 38, "guests": 2})
    assert Change.objects.filter(person=ada, source="link").count() == 2
    assert "already" in actions.foresee(link.actions.order_by("pk"), ada)[0][1]
    assert not Change.objects.filter(person=rows["bob"].person).exists()


def test_a_task_goes_to_the_persons_own_contact_else_to_whom_the_action_names():
    marieke, jan = an_author(), an_author("jan@example.org")
    a_link(Does.CREATE_TASK, title="Call back", days=2, assignee=jan.pk)
    _mailing, rows = sent_to("ada", "bob")
    Person.objects.filter(pk=rows["ada"].person_id).update(our_contact=marieke)

    for row in rows.values():
        clicked(row)
    acted()

    tasks = {task.person.first_name: (task.title, task.assignee, str(task.due_on)) for task in Task.objects.all()}
    assert {name: who for name, (_title, who, _due) in tasks.items()} == {"Ada": marieke, "Bob": jan}
    assert {title for title, _who, _due in tasks.values()} == {"Call back"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("custom.guests", "many"),
        ("custom.gone", "x"),
        ("country", "Nederland"),
        ("first_name", "Eve"),
        ("custom.day", "soon"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(author, field, value):
    CustomField.objects.create(of="person", kind="number", name="Guests", key="guests")
    CustomField.objects.create(of="person", kind="date", name="Day", key="day")
    link = a_link()

    given = {"does": "set_field", "field": field, "value": value}
    assert author.post(f"/links/{link.pk}/actions/", given).status_code == 422


def test_what_is_gone_is_said_and_the_other_actions_go_on():
    guests = a_selection("Guests")
    a_link(Does.ADD_TO_SELECTION, selection=999_999)
    a_link(Does.ADD_TO_SELECTION, selection=guests.pk)
    by_criteria = Selection.objects.create(name="All", kind=Selection.Kind.DYNAMIC)
    a_link(Does.ADD_TO_SELECTION, selection=by_criteria.pk)
    _mailing, rows = sent_to("ada")

    clicked(rows["ada"])
    acted()

    assert on(guests) == {"Ada"}
    states = list(Act.objects.order_by("action").values_list("state", "problem"))
    assert [state for state, _problem in states] == ["failed", "done", "failed"]
    assert all(problem for state, problem in states if state == "failed")


def test_conflicts_are_pointed_out():
    guests = a_selection("Guests")
    by_criteria = Selection.objects.create(name="Everybody", kind=Selection.Kind.DYNAMIC)
    link = a_link(Does.ADD_TO_SELECTION, selection=guests.pk)
    assert actions.conflicts(link.actions.all()) == []

    a_link(Does.TAKE_OFF_SELECTION, selection=guests.pk)
    a_link(Does.ADD_TO_SELECTION, selection=by_criteria.pk)

    said = actions.conflicts(link.actions.all())
    assert "undo each other" in said[0]
    assert "Everybody" in said[1]


def test_a_dry_run_says_what_would_happen_and_changes_nothing():
    guests = a_selection("Guests")
    link = a_link(Does.ADD_TO_SELECTION, selection=guests.pk)
    ada, bob = a_person("ada@example.org"), a_person("bob@example.org", in_=guests)

    assert [words for _action, words in actions.foresee(link.actions.all(), ada)] == ["Comes on “Guests”."]
    assert "already" in actions.foresee(link.actions.all(), bob)[0][1]
    assert on(guests) == {"Bob"}


# which link it is -----------------------------------------------------------------------------------------------------


def test_a_mailings_link_is_the_librarys_by_its_address_or_by_the_address_the_library_gives(settings):
    link = a_link()
    text = LibraryLink.objects.create(name="Thanks", response="text", text="Thank you!")
    block = HELLO["blocks"][2] | {"id": "b4", "url": library.address(text)}
    mailing = a_mailing(content={**HELLO, "blocks": [*HELLO["blocks"], block]})

    compiling.compile_mailing(mailing)

    named = dict(Link.objects.filter(mailing=mailing.pk).values_list("name", "library"))
    assert named["I am coming"] == link.pk
    assert named["Thanks"] == text.pk


def test_a_changed_link_leads_to_its_new_address_and_a_text_to_a_page_of_ours(tmp_path, settings):
    from tests.tracking.factories import a_server

    link = a_link()
    _mailing, rows = sent_to("ada")
    path = f"/c/{tokens.make('click', rows['ada'].mailing_id, rows['ada'].pk)}/1"
    assert ask(a_server(tmp_path / "a"), path)[1]["Location"] == BUTTON

    LibraryLink.objects.filter(pk=link.pk).update(url="https://example.org/moved")
    assert ask(a_server(tmp_path / "b"), path)[1]["Location"] == "https://example.org/moved"

    LibraryLink.objects.filter(pk=link.pk).update(response="text", text="Thank you!")
    assert "/k/" in ask(a_server(tmp_path / "c"), path)[1]["Location"]


def test_the_text_is_shown_and_looking_changes_nothing(client):
    LibraryLink.objects.create(name="Thanks", response="text", text="Thank you, <b>see you</b>!", url=BUTTON)
    _mailing, rows = sent_to("ada")
    token = tokens.make("click", rows["ada"].mailing_id, rows["ada"].pk)

    page = client.get(f"/k/{token}/1/").content.decode()

    assert "Thank you, &lt;b&gt;see you&lt;/b&gt;!" in page
    assert BUTTON in page
    assert client.get(f"/k/{token[:-2]}AA/1/").status_code == 404
    assert client.get(f"/k/{token}/9/").status_code == 404


def test_what_changes_consent_is_asked_first_and_counts_as_the_persons_own_act(client):
    news = a_subscription_type("news")
    a_link(Does.SUBSCRIBE, subscription_type=news.pk)
    _mailing, rows = sent_to("ada")
    token = tokens.make("click", rows["ada"].mailing_id, rows["ada"].pk)
    clicked(rows["ada"])
    acted()
    before = ConsentEvent.objects.count()

    page = client.get(f"/k/{token}/1/")
    assert ConsentEvent.objects.count() == before
    assert "subscribe me" in page.content.decode()
    action = LinkAction.objects.get()
    for _again in range(2):
        assert "You are subscribed" in client.post(f"/k/{token}/1/", {"action": action.pk}).content.decode()

    assert ConsentEvent.objects.count() > before
    assert Act.objects.get().state == "done"


def test_a_test_mails_buttons_change_nothing(client):
    a_link(Does.SUBSCRIBE, subscription_type=a_subscription_type("news").pk)
    mailing, _rows = sent_to("ada")
    token = tokens.make("click", mailing.pk, tokens.TEST)
    before = ConsentEvent.objects.count()

    assert "test mail" in client.post(f"/k/{token}/1/", {"action": LinkAction.objects.get().pk}).content.decode()
    assert ConsentEvent.objects.count() == before


# calling other systems ------------------------------------------------------------------------------------------------


class Listener(http.server.BaseHTTPRequestHandler):
    heard: list[tuple[dict[str, Any], str]]
    status: list[int]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((json.loads(body), self.headers["X-Postduif-Signature"]))
        self.send_response(self.status[0])
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[tuple[str, type[Listener]]]:
    handler = type("Handler", (Listener,), {"heard": [], "status": [200]})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", handler
        server.shutdown()


def test_another_system_is_told_once_and_again_while_it_does_not_answer(listener, settings):
    settings.CALLS_INSIDE = True
    url, handler = listener
    a_link(Does.CALL, url=url, key="k")
    _mailing, rows = sent_to("ada")
    clicked(rows["ada"])
    acted()

    handler.status[0] = 500
    assert callbacks.call_due(now=LATER) == 0
    assert callbacks.call_due(now=LATER) == 0  # not at once again
    handler.status[0] = 204
    assert callbacks.call_due(now=LATER + dt.timedelta(minutes=2)) == 1
    assert callbacks.call_due(now=LATER + dt.timedelta(days=1)) == 0

    told = [what for what, _signature in handler.heard]
    assert len(told) == 2
    assert told[0] == told[1]
    assert told[0]["link"]["name"] == "I am coming"
    assert all(signature.startswith("sha256=") for _what, signature in handler.heard)
    assert Act.objects.get().state == "done"


def test_whoever_never_answers_is_given_up_with_the_reason(settings):
    settings.CALLS_INSIDE = True
    a_link(Does.CALL, url="http://127.0.0.1:1/")
    _mailing, rows = sent_to("ada")
    clicked(rows["ada"])
    acted()

    for day in range(1, 12):
        callbacks.call_due(now=LATER + dt.timedelta(days=day))

    act = Act.objects.get()
    assert (act.state, act.attempts) == ("failed", callbacks.TRIES)
    assert act.problem


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://localhost/", "http://169.254.169.254/", "http://[::1]/", "ftp://x/"]
)
def test_addresses_inside_our_own_network_are_never_called(url, settings):
    settings.CALLS_INSIDE = False

    with pytest.raises(callbacks.NoAnswer):
        callbacks.post(url, {}, key="")


# pages ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def author(client: Client) -> Client:
    client.force_login(an_author())
    return client


def test_a_link_is_made_used_and_shows_who_clicked(author):
    author.post("/links/new/", {"name": "I am coming", "response": "page", "url": "example.org/open-day"})
    link = LibraryLink.objects.get()
    assert link.url == BUTTON
    guests = a_selection("Guests")
    author.post(f"/links/{link.pk}/actions/", {"does": "to_selection", "selection": guests.pk})
    _mailing, rows = sent_to("ada", "bob")
    clicked(rows["ada"])
    acted()

    page = author.get(f"/links/{link.pk}/?person=bob@example.org").content.decode()
    listed = author.get("/links/").content.decode()

    assert "Ada" in page
    assert "Open day" in page
    assert "Comes on “Guests”." in page
    assert "I am coming" in listed
    assert on(guests) == {"Ada"}
    author.post(f"/links/{link.pk}/follow-up/", {"new_selection": "Clickers"})
    assert on(Selection.objects.get(name="Clickers")) == {"Ada"}


@pytest.mark.parametrize(
    "given",
    [
        {"name": "x", "response": "page", "url": ""},
        {"name": "x", "response": "page", "url": "javascript:alert(1)"},
        {"name": "x", "response": "page", "url": "https://example.org/[[customer.firstname]]"},
        {"name": "x", "response": "text", "text": ""},
        {"name": "", "response": "page", "url": BUTTON},
    ],
)
def test_a_mistake_in_a_link_is_pointed_out(author, given):
    assert author.post("/links/new/", given).status_code == 422
    assert not LibraryLink.objects.exists()


@pytest.mark.parametrize(
    "given", [{"does": "to_selection"}, {"does": "call", "address": "file:///x"}, {"does": "nonsense"}]
)
def test_a_mistake_in_an_action_is_pointed_out(author, given):
    link = a_link()

    assert author.post(f"/links/{link.pk}/actions/", given).status_code == 422
    assert not link.actions.exists()


def test_pages_need_their_permissions(client):
    link = a_link(Does.CALL, url="https://example.org")
    client.force_login(User.objects.create_user("eve"))

    assert client.get("/links/").status_code == 403
    for path in ("new/", f"{link.pk}/edit/", f"{link.pk}/actions/", f"{link.pk}/archive/", f"{link.pk}/follow-up/"):
        assert client.post(f"/links/{path}").status_code == 403


def test_a_link_that_was_put_away_still_works(author, client):
    link = LibraryLink.objects.create(name="Thanks", response="text", text="Thank you!")
    assert "Thank you!" in Client().get(f"/l/{link.pk}/").content.decode()

    author.post(f"/links/{link.pk}/archive/")

    assert f"/links/{link.pk}/" not in author.get("/links/").content.decode()
    assert "Thank you!" in Client().get(f"/l/{link.pk}/").content.decode()
    assert library.match([library.address(link)]) == {library.address(link): link}
