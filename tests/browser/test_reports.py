"""The report of a mailing, by clicking: its numbers open people, and people go to a list."""

import datetime as dt

import pytest
from django.utils import timezone

from mailings import statistics
from mailings.models import Mailing, Message
from recipients.models import EmailAddress, Selection
from tests.conftest import NOON
from tests.mailings.returns import LATER, a_message, a_reader, a_sent_mailing, fold, it_happened
from tests.tracking.factories import a_link
from tracking import postbox, tokens


def a_november_newsletter() -> Mailing:
    mailing = a_sent_mailing()
    a_link(mailing=mailing.pk, number=1, url="https://example.org/report", name="40 employers, the report")
    a_link(mailing=mailing.pk, number=2, url="https://example.org/open-day", name="Open day, programme")
    for number in range(12):
        message = a_message(mailing, person=a_reader(f"Reader {number}"))
        if number % 2:
            it_happened(message, "open", after=600 * number)
        if number % 3 == 1:
            it_happened(message, "click", after=900 * number, link=1 + number % 2)
        if number % 4 == 0:
            it_happened(message, "open", after=20, user_agent="Mozilla/5.0")
    a_message(mailing, person=a_reader("Held Back"), state="held", reason="no_consent")
    gone = a_message(mailing, person=a_reader("Gone Away"), address="gone@example.org")
    report = b"Subject: Undelivered\r\nFrom: MAILER-DAEMON@x\r\n\r\n<gone@example.org>: 550 5.1.1 no such user\r\n"
    postbox.keep("", [tokens.return_path(mailing.pk, gone.pk)], report, now=LATER)
    postbox.read(now=LATER)
    fold()
    statistics.refresh(mailing, now=LATER)
    return mailing


@pytest.mark.parametrize("tab", ["", "messages/", "links/", "bounces/"])
def test_each_tab_is_fit_to_be_seen_and_heard(author, tab):
    mailing = a_november_newsletter()

    author.tour(f"/mailings/{mailing.pk}/{tab}", f"report-{tab.strip('/') or 'summary'}")


def test_the_reports_page_and_the_evidence_are_fit_to_be_seen(author):
    mailing = a_november_newsletter()
    bounced = mailing.messages.get(address="gone@example.org")

    author.tour("/reports/", "reports")
    author.tour(f"/mailings/{mailing.pk}/messages/{bounced.pk}/", "report-message")
    assert "550 5.1.1 no such user" in author.page.content()


def test_a_number_opens_its_people_and_they_go_to_a_new_selection(author):
    mailing = a_november_newsletter()
    page = author.open(f"/mailings/{mailing.pk}/")

    page.get_by_role("listitem").filter(has_text="Clicked").first.get_by_role("link", name="4", exact=True).click()
    page.get_by_role("button", name="Add these 4 to a list").click()
    page.get_by_label("New selection").fill("Warm readers")
    page.get_by_role("button", name="Add them").click()

    page.wait_for_url("**/selections/*/")
    page.get_by_role("heading", name="Warm readers").wait_for()
    assert Selection.objects.get(name="Warm readers").people.count() == 4


def test_ticked_people_go_alone(author):
    mailing = a_november_newsletter()
    page = author.open(f"/mailings/{mailing.pk}/messages/?did=opened")

    page.get_by_role("checkbox", name="Select Reader 1", exact=True).check()
    page.get_by_role("button", name="Add to a list").click()
    author.inspect()
    page.get_by_label("New selection").fill("One")
    page.get_by_role("button", name="Add them").click()

    page.wait_for_url("**/selections/*/")
    assert [str(person) for person in Selection.objects.get(name="One").people.all()] == ["Reader 1"]


def test_figures_refresh_themselves(author):
    mailing = a_november_newsletter()
    Mailing.objects.filter(pk=mailing.pk).update(status="sending", started_at=timezone.now())
    page = author.open(f"/mailings/{mailing.pk}/summary/")
    page.get_by_text("8 people opened it").wait_for()

    for message in mailing.messages.filter(opened_at=None, state="sent", bounced_at=None):
        it_happened(message, "open", after=7200)
    statistics.fold(now=NOON + dt.timedelta(hours=2))

    page.get_by_text("12 people opened it").wait_for(timeout=10_000)


def test_the_chart_is_a_table_too(author):
    mailing = a_november_newsletter()
    page = author.open(f"/mailings/{mailing.pk}/")

    page.get_by_text("Show as a table").click()

    assert page.get_by_role("region", name="Hour by hour").get_by_role("row").count() > 2
    author.inspect()


def a_typo_and_a_full_mailbox() -> Message:
    """Three mails that came back; the first was typed wrongly."""
    mailing = a_sent_mailing()
    ada = a_reader("Ada Lovelace")
    EmailAddress.objects.create(person=ada, address="ada@gmial.com")
    typo = a_message(mailing, person=ada, address="ada@gmial.com")
    it_happened(typo, "bounce", category="dead_address", detail="550 5.1.2 Host or domain name not found")
    full = a_message(mailing, person=a_reader("Grace Hopper"), address="grace@example.org")
    it_happened(full, "bounce", category="full", detail="452 4.2.2 The recipient's inbox is out of storage space")
    ours = a_message(mailing, person=a_reader("Edsger Dijkstra"), address="edsger@example.org")
    it_happened(
        ours, "bounce", category="auth", detail="550 5.7.26 This mail has been blocked: the sender is unauthenticated"
    )
    fold()
    statistics.refresh(mailing, now=LATER)
    return typo


def test_the_pages_of_bounces_are_fit_to_be_seen_and_heard(author):
    typo = a_typo_and_a_full_mailbox()

    author.tour("/bounces/", "bounces")
    author.tour(f"/bounces/{typo.pk}/", "bounces-one")
    author.tour(f"/mailings/{typo.mailing_id}/bounces/", "report-bounces-ours")


def test_a_wrong_address_is_corrected_and_put_back_by_clicking(author):
    a_typo_and_a_full_mailbox()
    page = author.open("/bounces/")

    page.get_by_role("link", name="Meant ada@gmail.com?").click()
    page.get_by_role("button", name="Save the right address").click()
    page.get_by_text("ada@gmial.com is now ada@gmail.com.").wait_for()
    assert EmailAddress.objects.get().address == "ada@gmail.com"

    author.inspect()
    author.shot("bounces-done")
    page.get_by_role("button", name="Undo for ada@gmial.com").click()
    page.get_by_text("Undone: ada@gmial.com.").wait_for()
    assert EmailAddress.objects.get().address == "ada@gmial.com"
