"""Postduif in Dutch: no English is left on the pages, and the longer words fit, on a desk and on a phone."""

import re
import zoneinfo
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from consent import preferences, unsubscribe
from consent.models import SubscriptionType
from mailings.models import Counts, Mailing, Tally
from recipients.models import Person
from run.messages import read_known
from tests.browser.conftest import Visitor
from tests.browser.test_reports import a_november_newsletter
from tests.consent.factories import a_subscription_type
from tests.mailings.factories import a_mailing, a_person, a_project, a_selection
from tests.recipients.imports.stories import an_upload

HANNA = "hanna@bakkerijdewit.example"
CONTENT = {
    "language": "nl",
    "blocks": [
        {"id": "b1", "kind": "heading", "text": "Kijk binnen in de werkplaats"},
        {"id": "b2", "kind": "text", "html": "<p>Dag [[customer.firstname|lezer]], kom je ook?</p>"},
        {"id": "b3", "kind": "button", "text": "Ik kom", "url": "https://example.org/open-dag"},
    ],
}
SAID = """() => {
  const said = [document.title];
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode())
    if (!words.currentNode.parentElement.closest("script, style, [lang=en]")) said.push(words.currentNode.textContent);
  for (const name of ["aria-label", "title", "placeholder", "alt", "data-saved", "data-saving", "data-unsaved", "data-undo"])
    for (const one of document.querySelectorAll(`[${name}]`)) said.push(one.getAttribute(name));
  return said.map((text) => text.trim().replace(/\\s+/g, " ")).filter(Boolean);
}"""
CUT_OFF = """() => [...document.querySelectorAll(".btn, .chip, .seg a, .seg button, .navtab, .line-tabs a")]
  .filter((one) => one.offsetParent && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow !== "visible")
  .map((one) => one.textContent.trim())"""
NAVIGATION = {
    *("Home", "People", "Companies", "Selections", "Projects", "Forms", "Consent", "Reports", "Settings", "Search"),
    *("Setup", "Template", "Content", "Recipients", "Confirm", "Summary", "Bounces", "More", "Account settings"),
}
PLACE = re.compile(r"%%?\(\w+\)[sd]|%[sd]")


@pytest.fixture(autouse=True)
def _the_house(settings: Any, live_server: Any, tmp_path: Path, transactional_db: None) -> None:
    settings.BASE_URL = live_server.url
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.POSTAL_ADDRESS = "Havenstraat 14, 3024 SC Rotterdam"
    a_subscription_type()
    SubscriptionType.objects.update(name_nl="Nieuwsbrief", name_en="News for readers")


def test_the_shell_and_its_pages_are_dutch(author: Visitor) -> None:
    readers = a_selection("Lezers")
    hanna = a_person(HANNA, in_=readers, consents_to="newsletter", first_name="Hanna", company="Bakkerij De Wit")
    a_person("info@bakkerijdewit.example", in_=readers, first_name="Balie")
    project = a_project("Open dag")
    sending = a_mailing(name="Najaarsbrief", status=Mailing.Status.SENDING, started_at=timezone.now())
    Tally.objects.create(mailing=sending, at=timezone.now(), pending=700, sent=1264, held=9)
    done = a_mailing(name="Brief van oktober", status=Mailing.Status.SENT, started_at=timezone.now())
    Counts.objects.create(mailing=done, states={"sent": 2264, "unknown": 1}, delivered=2250, opened=480, clicked=90)
    a_mailing(name="Wintermarkt", subject="")

    read(author, "/", "home")
    assert "1.264" in author.page.content()
    for path in (
        "/mailings/",
        "/mailings/new/",
        "/people/",
        f"/people/{hanna.pk}/",
        "/people/new/",
        "/companies/",
        "/selections/",
        f"/selections/{readers.pk}/",
        "/selections/new/",
        "/projects/",
        f"/projects/{project.pk}/",
        "/forms/",
        "/settings/",
        f"/mailings/{sending.pk}/",
    ):
        read(author, path)


def test_the_empty_pages_teach_in_dutch(author: Visitor) -> None:
    for path in ("/", "/mailings/", "/people/", "/companies/", "/selections/", "/projects/", "/consent/", "/reports/"):
        read(author, path)


def test_an_import_is_dutch(author: Visitor, tmp_path: Path) -> None:
    rows = [(HANNA, "Hanna", "de Wit", "Bakkerij De Wit"), ("a@b@c", "Teun", "Verbeek", "Houtlab")]
    importing = an_upload(rows, tmp_path, name="open dag.xlsx")

    read(author, "/people/import/")
    read(author, f"/people/import/{importing.pk}/", "import")


@pytest.mark.parametrize("step", ["setup", "template", "content", "recipients", "confirm"])
def test_each_step_of_the_wizard_is_dutch(author: Visitor, step: str) -> None:
    readers = a_selection("Lezers")
    a_person(HANNA, in_=readers, consents_to="newsletter", first_name="Hanna")
    a_person("", in_=readers, first_name="Karel")
    mailing = a_mailing(to=readers, name="Open dag", subject="Kijk binnen, [[company.name]]", content=CONTENT)

    read(author, f"/mailings/{mailing.pk}/{step}/", f"wizard-{step}")


def test_a_report_is_dutch(author: Visitor) -> None:
    mailing = a_november_newsletter()
    Mailing.objects.update(name="Brief van november", subject="Wat we leerden")

    for tab in ("summary", "messages", "links", "bounces"):
        read(author, f"/mailings/{mailing.pk}/{tab}/", f"report-{tab}")
    read(author, "/reports/")
    assert "23 nov 2026" in author.page.content()


def test_the_pages_of_consent_are_dutch(author: Visitor) -> None:
    a_person(HANNA, consents_to="newsletter")
    for path in (
        "/consent/",
        "/consent/addresses/",
        "/consent/sources/",
        "/consent/ledger/",
        f"/consent/address/?address={HANNA}",
        "/consent/record/?source=own_form",
        "/consent/suppressions/new/",
        "/consent/types/",
    ):
        read(author, path)


def test_the_reader_reads_dutch(visitor: Visitor) -> None:
    a_person(HANNA, consents_to="newsletter")
    kind = a_subscription_type()

    read(visitor, unsubscribe.links([HANNA], kind)[HANNA], "unsubscribe")
    visitor.page.get_by_role("button", name="Afmelden voor Nieuwsbrief").click()
    visitor.page.get_by_role("heading", name="U bent afgemeld").wait_for()
    all_dutch(visitor)
    [key] = preferences.keys_of([HANNA]).values()
    read(visitor, preferences.path(key), "preferences")
    read(visitor, "/account/login/", "login")
    read(visitor, "/u/xx/1/", status=404)


def read(visitor: Visitor, path: str, name: str = "", *, status: int = 200) -> None:
    """Look at a page in Dutch, on a desk and on a phone."""
    visitor.language("nl")
    visitor.desk()
    visitor.open(path, status=status)
    visitor.inspect()
    all_dutch(visitor)
    all_fits(visitor)
    visitor.phone()
    all_fits(visitor)
    if name:
        visitor.shot(f"dutch-{name}-phone")


def all_fits(visitor: Visitor) -> None:
    width = visitor.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert width <= 0, f"{visitor.page.url} is {width} px wider than the screen"
    cut = visitor.page.evaluate(CUT_OFF)
    assert not cut, f"{visitor.page.url}: cut off: {cut}"


def all_dutch(visitor: Visitor) -> None:
    """Fail on a text of the page that is a sentence of the English."""
    assert visitor.page.evaluate("document.documentElement.lang") == "nl"
    places = {zone.rpartition("/")[2] for zone in zoneinfo.available_timezones()}  # names, the same everywhere
    said = set(visitor.page.evaluate(SAID)) - {str(person) for person in Person.objects.all()} - places
    english = {text for text in said if is_english(text)}
    assert not english, f"{visitor.page.url}: {sorted(english)}"


def is_english(text: str) -> bool:
    return text in NAVIGATION or any(
        pattern.fullmatch(text) and not dutch.fullmatch(text) for pattern, dutch in PATTERNS
    )


def patterns() -> list[tuple[re.Pattern[str], re.Pattern[str]]]:
    """Give English and Dutch sentences that differ, with anything where they have a placeholder.

    A sentence that is next to nothing but placeholders matches everything, and is left out; so is an English one
    that is the Dutch of another.
    """
    pairs = []
    for message in read_known():
        texts = [message.id] if isinstance(message.id, str) else list(message.id)
        words = [message.string] if isinstance(message.string, str) else list(message.string or ())
        pairs += list(zip(texts, words, strict=True))
    all_of_it = {dutch for _english, dutch in pairs}
    return [
        (as_pattern(text), as_pattern(dutch))
        for text, dutch in pairs
        if text not in all_of_it and len(re.findall(r"[A-Za-z]", PLACE.sub("", text))) >= 4
    ]


def as_pattern(text: str) -> re.Pattern[str]:
    return re.compile(".+".join(re.escape(piece) for piece in PLACE.split(text)))


PATTERNS = patterns()
