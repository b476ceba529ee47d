"""A web form from the first click to the person on a list: built, published, shown on a foreign site, answered."""

import functools
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from consent import confirmation_mail, double_opt_in
from consent.models import Confirmation, ConsentDetail
from forms import agreeing, processing
from forms.models import Count, Form, Reach, Submission
from recipients.models import Person, Project, Selection
from tests.browser.conftest import Visitor, axe, no_csp_violations
from tests.consent.factories import a_subscription_type
from tests.forms.factories import a_field, a_form, consent, email, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def at_home(settings: Any, live_server: Any) -> None:
    settings.BASE_URL = live_server.url
    settings.FORMS_LEAST_SECONDS = 0
    a_subscription_type()


def saved(page: Page) -> None:
    page.wait_for_timeout(900)
    expect(page.locator("#saved")).to_contain_text(re.compile("Saved (now|[0-9])"), timeout=10_000)


def test_a_form_is_made_from_a_starter_changed_and_published(author: Visitor) -> None:
    selection = Selection.objects.create(name="Visitors")
    page = author.open("/forms/")
    author.inspect()
    page.get_by_role("link", name="Make the first form").click()
    author.inspect()
    page.get_by_role("button", name=re.compile("^Event")).click()
    expect(page.get_by_role("heading", name="Fields")).to_be_visible()

    page.get_by_role("button", name=re.compile("^Company")).click()
    page.locator(".is-open").get_by_label("Label").fill("Where do you work?")
    page.get_by_role("button", name="Add a field").click()
    page.get_by_role("group", name="Add a field").get_by_role("button", name="Rating").click()
    page.locator(".is-open[data-kind=rating]").get_by_label("Label").fill("How keen are you?")
    saved(page)
    author.inspect()
    author.shot("form-build-light")
    expect(page.frame_locator("iframe.paper-sheet:not(.is-behind)").get_by_label("Where do you work?")).to_be_visible()

    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 1 is open for visitors.")).to_be_visible()
    author.inspect()
    author.shot("form-publish-light")

    page.get_by_role("link", name="Settings").last.click()
    page.get_by_label("Add to a selection").select_option("Visitors")
    page.get_by_role("button", name="Add").first.click()
    expect(page.get_by_text("Visitors").first).to_be_visible()
    author.inspect()
    author.shot("form-settings-light")

    form = Form.objects.get()
    assert form.actions == [{"kind": "selection", "id": selection.pk}]
    labels = [one["label"].get("en") for one in form.published.definition["fields"]]  # type: ignore[union-attr]
    assert labels[-1] == "How keen are you?"
    assert "Where do you work?" in labels


def test_fields_are_moved_undone_and_written_in_two_languages_by_keyboard(author: Visitor) -> None:
    form = a_form(email(), a_field("text", "name"), is_open=False, languages=("en", "nl"))
    page = author.open(f"/forms/{form.pk}/fields/")

    page.get_by_role("button", name="Move field 2, Short text").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#told")).to_contain_text("Short text is now field 1 of 2")
    saved(page)
    form.refresh_from_db()
    assert [one["kind"] for one in form.draft["fields"]] == ["text", "email"]
    page.get_by_role("button", name="Undo").first.press("Enter")
    saved(page)
    form.refresh_from_db()
    assert [one["kind"] for one in form.draft["fields"]] == ["email", "text"]

    page.get_by_role("link", name="NL").click()
    page.locator("[data-block]").first.locator("[data-toggle]").press("Enter")
    page.locator(".is-open").get_by_label("Label").fill("E-mailadres")
    saved(page)
    form.refresh_from_db()
    assert form.draft["fields"][0]["label"] == {"en": "E-mail", "nl": "E-mailadres"}


def test_a_visitor_answers_by_keyboard_confirms_and_stands_on_the_list(visitor: Visitor) -> None:
    readers = Selection.objects.create(name="Readers")
    form = a_form(
        email(),
        a_field("first_name", "firstname", label={"en": "First name", "nl": "Voornaam"}),
        consent(),
        asks_confirmation=True,
        asks_proof_of_work=True,
        languages=("en", "nl"),
        actions=[{"kind": "selection", "id": readers.pk}],
    )
    page = visitor.open(f"/f/{form.key}/?utm_source=flyer")
    visitor.inspect()
    visitor.shot("form-page-light")
    keys = page.keyboard
    page.get_by_label("E-mail").focus()
    visitor.expected.add(422)
    keys.type("ada@example")
    keys.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("One thing is not right yet.", timeout=20_000)
    visitor.inspect()
    visitor.shot("form-mistake-light")
    page.get_by_label("E-mail").fill("ada@example.org")
    keys.press("Tab")
    keys.type("Ada")
    keys.press("Tab")
    keys.press("Space")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible(timeout=20_000)
    visitor.inspect()

    agreeing.record(now=timezone.now())
    confirmation_mail.send_due(now=timezone.now())
    page = visitor.open(double_opt_in.path(Confirmation.objects.get().key))
    page.get_by_role("button", name=re.compile("Yes|Confirm")).first.click()
    page.wait_for_load_state("networkidle")
    processing.confirmed(now=timezone.now())
    for number in processing.due():
        processing.automatically(number, now=timezone.now())

    ada = Person.objects.get()
    assert (ada.first_name, list(readers.people.all())) == ("Ada", [ada])
    assert ConsentDetail.objects.filter(address="ada@example.org").exists()
    assert Count.objects.get(source="flyer").completions == 1


def test_pages_and_questions_that_follow_from_answers(visitor: Visitor) -> None:
    from forms.definition import Condition, Option

    comes = a_field("radio", "comes", options=("yes", "no"), required=True)
    diet = a_field("text", "diet", show_if=Condition(comes.id, "yes"))
    form = a_form(comes, diet, a_field("section", "", label={"en": "About you"}), email())
    page = visitor.open(f"/f/{form.key}/")
    assert isinstance(comes.options[0], Option)

    expect(page.get_by_label("Diet")).to_be_hidden()
    expect(page.get_by_text("Page 1 of 2")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Fill this in")).to_be_visible()
    page.get_by_label("Yes").check()
    page.get_by_label("Diet").fill("vegan")
    page.get_by_role("button", name="Next").click()
    visitor.inspect()
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()

    assert sorted(map(str, Submission.objects.get().answers.values())) == ["ada@example.org", "vegan", "yes"]


def test_without_scripts_the_form_works_all_the_same(browser: Any, live_server: Any, transactional_db: None) -> None:
    form = a_form(
        email(), a_field("section", "", label={"en": "More"}), a_field("area", "remarks"), asks_proof_of_work=True
    )
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{live_server.url}/f/{form.key}/")

    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Remarks").fill("No script")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    context.close()

    assert Submission.objects.get().state == "submitted"


class ForeignSite(BaseHTTPRequestHandler):
    """Somebody else's page, with a strict policy of its own."""

    def __init__(self, body: str, policy: str, *args: Any) -> None:
        self.body, self.policy = body, policy
        super().__init__(*args)

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", self.policy)
        self.end_headers()
        self.wfile.write(self.body.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def foreign(live_server: Any) -> Iterator[Any]:
    """Serve a page of a foreign site, given its body."""
    running: list[ThreadingHTTPServer] = []

    def serve(body: str) -> str:
        policy = f"default-src 'none'; script-src {live_server.url}; frame-src {live_server.url}"
        page = f"<!doctype html><html lang='en'><head><title>A bakery</title></head><body><h1>Bread</h1>{body}</body></html>"
        server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(ForeignSite, page, policy))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("show", ["inline", "popup", "tab"])
def test_a_foreign_page_under_its_own_strict_policy_shows_the_form(
    page: Page, live_server: Any, foreign: Any, show: str, transactional_db: None
) -> None:
    form = a_form(email(), consent())
    wait = ' data-delay="0"' if show == "popup" else ""
    site = foreign(
        f'<script async src="{live_server.url}/f/embed.js" data-form="{form.key}" data-show="{show}" data-label="Join"{wait}></script>'
    )
    form.origins = [site]
    form.save()
    page.add_init_script(
        "window.__refused = []; document.addEventListener('securitypolicyviolation', (e) => window.__refused.push(e.blockedURI));"
    )
    before = "Object.keys(window).length"
    page.goto(f"{site}/?utm_source=bakery")
    page.wait_for_load_state("networkidle")
    if show == "tab":
        page.get_by_role("button", name="Join").click()
    inside = page.frame_locator("iframe")
    inside.get_by_label("E-mail").fill("ada@example.org")
    inside.get_by_label(re.compile("Yes, send me")).check()
    inside.get_by_role("button", name="Send").click()
    expect(inside.get_by_role("heading", name="Thank you")).to_be_visible(timeout=20_000)

    no_csp_violations(page)
    if show == "inline":
        axe(page)
        frame_height = page.locator("iframe").evaluate("e => e.getBoundingClientRect().height")
        assert 50 < frame_height < 480
    assert page.evaluate(before) == page.evaluate(
        "(() => { const f = document.createElement('iframe'); return Object.keys(window).length; })()"
    )
    assert page.context.cookies() == []
    kept = Submission.objects.get()
    assert (kept.embed, kept.url.rstrip("/")) == (show, site)
    assert kept.campaign == {"source": "bakery"}


def test_answers_are_looked_at_processed_and_counted(author: Visitor) -> None:
    from tests.forms.factories import send

    form = a_form(
        email(),
        a_field("first_name", "firstname"),
        a_field("radio", "people", options=("one", "two")),
        consent(),
        processing=Form.Processing.MANUAL,
    )
    send(form, email="ada@example.org", firstname="Ada", people="two", consent="yes")
    send(form, email="bob@example.org", firstname="Bob", people="one")
    send(form, email="robot@example.org", website="x")

    author.tour(f"/forms/{form.pk}/answers/", "form-answers")
    page = author.open(f"/forms/{form.pk}/answers/")
    page.get_by_role("link", name="ada@example.org").click()
    author.inspect()
    author.shot("form-answer-light")
    page.get_by_role("button", name="Make a new person").click()
    expect(page.get_by_text("new since this answer")).to_be_visible()
    author.inspect()
    for path, name in (
        ("", "form-summary"),
        ("statistics/", "form-statistics"),
        ("publish/", "form-publish"),
        ("settings/", "form-settings"),
    ):
        author.tour(f"/forms/{form.pk}/{path}", name)
    author.tour("/forms/", "form-list")
    author.tour(f"/forms/{form.pk}/fields/", "form-build")

    assert Person.objects.get().first_name == "Ada"


def test_what_a_form_leaves_beyond_itself(author: Visitor) -> None:
    fair = Project.objects.create(name="Fair")
    idea = a_field("text", "idea")
    form = a_form(email(), a_field("section", "more"), idea, actions=[{"kind": "project", "id": fair.pk}])
    Reach.objects.create(form=form, field=idea.id, visitors=4)
    send(form, email="ada@example.org", idea="More bread")
    for number in processing.due():
        processing.automatically(number, now=timezone.now())
    ada = Person.objects.get()

    page = author.open(f"/forms/{form.pk}/settings/")
    page.get_by_label("Tell another system").fill("https://crm.example.org/in")
    page.locator("form", has=page.get_by_label("Tell another system")).get_by_role("button", name="Add").click()
    expect(page.get_by_text("https://crm.example.org/in")).to_be_visible()
    page.get_by_text("Key of the signature").click()
    author.inspect()
    author.tour(f"/forms/{form.pk}/settings/", "form-settings")
    author.tour(f"/forms/{form.pk}/statistics/", "form-statistics-pages")
    author.tour(f"/forms/{form.pk}/answers/", "form-answers-export")
    author.desk()
    page = author.open(f"/forms/{form.pk}/answers/")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Excel").click()
    assert taken.value.suggested_filename == "Open_day.xlsx"
    page = author.open(f"/projects/{fair.pk}/?tab=mailings")
    expect(page.get_by_role("link", name="Open day")).to_be_visible()
    author.inspect()
    author.shot("project-activities")
    page = author.open(f"/people/{ada.pk}/")
    expect(page.get_by_role("link", name="Filled in Open day")).to_be_visible()
    author.inspect()
    author.shot("person-answers")
    assert not author.problems, "\n".join(author.problems)
