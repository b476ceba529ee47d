"""Sending without consent, how much is enough, and a mail to one person, clicked through in both languages."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from mailings import overriding, restraint
from mailings.models import Override, PersonalMail
from mailings.restraint import Rules
from tests.browser.conftest import Visitor
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author

WORDS = {
    "en": ("Send without consent", "Ask a second person", "Approve", "Send", "Your question"),
    "nl": ("Verzenden zonder toestemming", "Vraag een tweede persoon", "Akkoord", "Versturen", "Je vraag"),
}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_one_asks_and_another_approves(author: Visitor, language: str) -> None:
    start, ask, approve, _send, _subject = WORDS[language]
    author.language(language)
    readers = a_selection()
    a_person("ada@example.org", in_=readers)
    asked = a_mailing(to=readers, name="Recall")
    override = overriding.ask(
        asked, "A recall: the saw can start by itself.", by=an_author("joost@example.org"), now=timezone.now()
    )
    own = a_mailing(to=readers, name="Second recall")

    page = author.open(f"/mailings/{own.pk}/confirm/")
    page.get_by_text(start).click()
    author.inspect()
    author.shot(f"override-ask-{language}")
    page.locator("#id_override_reason").fill("A recall of the other saw, too.")
    page.get_by_role("button", name=ask).click()
    page.wait_for_load_state("networkidle")
    author.inspect()
    author.tour(f"/mailings/{asked.pk}/confirm/", f"override-{language}")
    page.get_by_role("button", name=approve, exact=True).click()
    page.wait_for_load_state("networkidle")
    author.inspect()
    author.shot(f"override-approved-{language}")

    override.refresh_from_db()
    assert override.state == "approved"
    assert Override.objects.get(mailing=own).state == "asked"


@pytest.mark.parametrize("language", ["en", "nl"])
def test_a_mail_to_one_person_is_written_from_the_card(author: Visitor, language: str) -> None:
    _start, _ask, _approve, send, subject = WORDS[language]
    author.language(language)
    person = a_person("ada@example.org", first_name="Ada", last_name="Lovelace")
    author.tour(f"/write/?person={person.pk}", f"write-{language}")
    page = author.open(f"/write/?person={person.pk}")
    page.locator("#id_subject").fill(subject)
    page.locator("#id_body").fill("Dear Ada,\n\nyes.")
    page.get_by_role("button", name=send, exact=True).click()
    page.wait_for_load_state("networkidle")
    author.inspect()
    author.shot(f"write-sent-{language}")

    assert PersonalMail.objects.get().by == User.objects.get(username="marieke")
    author.open(f"/people/{person.pk}/")
    expect(page.get_by_text(subject)).to_be_visible()


@pytest.mark.parametrize("language", ["en", "nl"])
def test_how_much_is_enough_is_a_page_without_barriers(author: Visitor, language: str) -> None:
    author.language(language)
    restraint.change(Rules(3, 14, sunset=True), note="The board decided", by=None, now=timezone.now())

    author.tour("/settings/restraint/", f"restraint-{language}")
