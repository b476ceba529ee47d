"""Letters in the browser's eyes: made, set up, looked at, printed, downloaded, posted, sent back."""

import datetime as dt
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse

from consent import erasure
from consent.models import Suppression
from mailings import lifecycle, retention, statistics
from mailings.letters import production, seeing
from mailings.models import Chunk, Mailing
from tests.conftest import NOON
from tests.mailings.factories import a_person, a_selection, an_author
from tests.mailings.letters.pages import text
from tests.mailings.letters.test_production import HOME, a_document, printed
from tracking import tokens
from tracking.models import Link

pytest.importorskip("weasyprint", exc_type=OSError)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_postal_address(settings: Any) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Havenstraat 14, 3024 SC Rotterdam"


@pytest.fixture
def marketer(client: Client) -> Client:
    author = an_author()
    author.user_permissions.add(Permission.objects.get(codename="add_export"))
    client.force_login(author)
    return client


def at(name: str, mailing: Mailing, *more: object, **asked: object) -> str:
    return reverse(f"mailings:{name}", args=[mailing.pk, *more], query=asked or None)


def readers(people: int = 3) -> Any:
    found = a_selection()
    for number in range(1, people + 1):
        a_person(f"p{number}@example.org", in_=found, **HOME | {"street": f"Kerkstraat {number}"})
    return found


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_a_letter_is_made_like_any_mailing_and_its_frame_is_kept_as_typed(marketer: Client):
    marketer.post(reverse("mailings:new"), {"name": "Christmas", "type": "document"})
    mailing = Mailing.objects.get()
    page = marketer.get(at("setup", mailing)).content.decode()
    assert "DIN 5008" in page

    values = {
        "name": "Christmas",
        "layout": "de_b",
        "heading": "Dear [[customer.nam]]",
        "sort": "company",
        "footer": "KvK 1",
    }
    answer = marketer.post(at("setup", mailing), values, headers={"HX-Request": "true"})

    assert answer.status_code == 200
    mailing.refresh_from_db()
    assert (mailing.letter["layout"], mailing.letter["sort"], mailing.letter["footer"]) == ("de_b", "company", "KvK 1")
    assert mailing.letter["heading"] == "Dear [[customer.nam]]"
    assert "customer.nam" in answer.content.decode(), "the mistake is kept, and said"
    assert not mailing.one_per_address


@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="pages become pictures with poppler-utils")
def test_the_preview_shows_the_pages_of_anybody(marketer: Client):
    mailing = a_document(people := readers())
    person = people.people.first()

    answer = marketer.get(at("letter_preview", mailing, **{"as": person.pk}))

    assert answer.content.count(b"data:image/png;base64,") == 1
    assert person.first_name in answer.content.decode()
    assert "'none'" in answer.headers["Content-Security-Policy"]


def test_the_sample_has_the_letters_of_the_first_few(marketer: Client, tmp_path: Path):
    mailing = a_document(readers(8))

    answer = marketer.get(at("letter_sample", mailing))

    assert answer.headers["Content-Type"] == "application/pdf"
    assert len(text(answer.content, tmp_path)) == seeing.SAMPLE


def test_a_test_comes_by_mail_as_it_would_be_printed(marketer: Client, tmp_path: Path):
    mailing = a_document(people := readers())
    person = people.people.first()

    answer = marketer.post(at("test", mailing), {"to": "me@example.org, you@example.org", "as": person.pk})

    assert answer.content.decode().count("On its way to") == 2
    assert [one.to for one in mail.outbox] == [["me@example.org"], ["you@example.org"]]
    assert mail.outbox[0].subject == f"[Test] {mailing.name}"
    ((_name, pdf, kind),) = mail.outbox[0].attachments
    assert kind == "application/pdf"
    assert person.first_name in " ".join(text(pdf, tmp_path))
    assert not mailing.messages.exists()


def test_a_test_of_a_letter_with_a_mistake_says_so(marketer: Client):
    mailing = a_document(readers(1), content={"language": "en", "blocks": [{"id": "x", "kind": "no-such"}]})

    answer = marketer.post(at("test", mailing), {"to": "me@example.org"})

    assert "No test was sent" in answer.content.decode()
    assert not mail.outbox


def test_content_offers_blocks_for_paper_and_mail_offers_none_of_them(marketer: Client):
    mailing = a_document(readers(1))
    page = marketer.get(at("content", mailing)).content.decode()
    assert 'data-add="break"' in page
    assert 'data-add="social"' not in page
    Mailing.objects.update(type="email")
    assert 'data-add="break"' not in marketer.get(at("content", mailing)).content.decode()


def test_the_last_check_names_what_a_letter_lacks_and_asks_nothing_about_mail(marketer: Client):
    mailing = a_document(readers(1), letter={"sender": ""}, content={"language": "en", "blocks": []})
    page = marketer.get(at("confirm", mailing)).content.decode()
    assert "The letter has no text yet" in page
    assert "Subject" not in page.partition('id="found"')[2]


def test_printed_letters_are_downloaded_whole_in_parts_and_one_by_one(marketer: Client, tmp_path: Path):
    mailing = printed(a_document(readers(5)))

    whole = body(marketer.get(at("letter_file", mailing)))
    parts = [body(marketer.get(at("letter_file", mailing, size=2, part=part))) for part in (1, 2, 3)]

    assert len(text(whole, tmp_path)) == 5
    assert [len(text(part, tmp_path)) for part in parts] == [2, 2, 1]
    assert "Dear P5" in text(parts[2], tmp_path)[0]
    assert marketer.get(at("letter_file", mailing, size=2, part=4)).status_code == 404
    row = mailing.messages.order_by("pk")[3]
    assert "Dear P4" in text(marketer.get(at("letter", mailing, row.pk)).content, tmp_path)[0]
    page = marketer.get(at("detail", mailing)).content.decode()
    assert "5 letters" in page
    assert marketer.get(at("message", mailing, row.pk)).status_code == 200


def test_labels_and_the_list_have_every_printed_letter(marketer: Client):
    mailing = printed(a_document(readers(3)))

    with pikepdf.open(io.BytesIO(body(marketer.get(at("letter_labels", mailing, kind="l7160"))))) as pdf:
        assert len(pdf.pages) == 1
    told = body(marketer.post(at("letter_list", mailing), {"format": "csv"})).decode("utf-8-sig")

    assert len(told.strip().splitlines()) == 4
    assert "Kerkstraat 2" in told
    assert "/c/" in told
    assert marketer.get(at("letter_labels", mailing, kind="nothing")).status_code == 404


def test_posted_once_it_cannot_be_made_again_and_before_that_it_can(marketer: Client):
    mailing = printed(a_document(readers(2)))

    marketer.post(at("letters_again", mailing))
    mailing.refresh_from_db()
    assert mailing.status == Mailing.Status.DRAFT
    assert not mailing.messages.exists()
    assert not mailing.print_runs.exists()

    printed(mailing)
    for _twice in range(2):
        marketer.post(at("letters_posted", mailing))
    mailing.refresh_from_db()
    assert mailing.posted_at
    marketer.post(at("letters_again", mailing))
    mailing.refresh_from_db()
    assert mailing.status == Mailing.Status.SENT
    assert "Put into the post" in str([one.words for one in _told(mailing)])


def _told(mailing: Mailing) -> Any:
    from mailings.delivery import happenings

    return happenings.told(mailing)


def test_a_letter_that_came_back_is_a_bounce_and_its_address_gets_no_more(marketer: Client):
    people = readers(2)
    mailing = printed(a_document(people))
    row = mailing.messages.order_by("pk").first()
    assert row
    assert f'value="{row.pk}"' in marketer.get(at("detail", mailing, q="kerkstraat 1")).content.decode()

    for _twice in range(2):
        marketer.post(at("letters_returned", mailing), {"message": [row.pk]})
    statistics.fold(now=NOON)

    row.refresh_from_db()
    assert row.bounced_at
    assert Suppression.objects.get(channel="letter").address == row.address
    again = printed(a_document(people))
    assert list(again.messages.filter(state="held").values_list("address", flat=True)) == [row.address]


def test_a_scan_counts_as_a_click_on_the_letters_own_link(marketer: Client):
    content = {
        "language": "en",
        "blocks": [{"id": "b", "kind": "button", "text": "Come", "url": "https://example.org/"}],
    }
    mailing = printed(a_document(readers(1), content=content))
    told = body(marketer.post(at("letter_list", mailing), {"format": "csv"})).decode("utf-8-sig")
    link = re.search(r"/c/([^/]+)/1", told)

    assert link
    assert tokens.read("click", link[1]) == (mailing.pk, mailing.messages.get().pk)
    assert Link.objects.get(mailing=mailing.pk, number=1).url == "https://example.org/"


def test_who_may_only_look_prints_nothing(client: Client):
    mailing = printed(a_document(readers(1)))
    viewer = an_author("viewer@example.org")
    viewer.user_permissions.set(Permission.objects.filter(codename="view_mailing"))
    client.force_login(viewer)

    assert client.get(at("letter_file", mailing)).status_code == 403
    assert client.post(at("letters_posted", mailing)).status_code == 403
    assert client.get(at("detail", mailing)).status_code == 200


def test_undone_in_time_nothing_was_printed(marketer: Client):
    mailing = a_document(readers(1))
    lifecycle.start(mailing, by=an_author(), now=NOON)
    (chunk,) = Chunk.objects.filter(mailing=mailing)
    lifecycle.pause(mailing, by=None, now=NOON)

    assert production.work(chunk.pk, clock=lambda: NOON) == 0
    lifecycle.undo(mailing, by=an_author(), now=NOON)
    assert mailing.status == Mailing.Status.DRAFT


def test_an_erasure_blanks_the_printed_letter_and_leaves_the_others(marketer: Client, tmp_path: Path):
    mailing = printed(a_document(readers(3)))
    row = mailing.messages.order_by("pk")[1]

    erasure.erase("p2@example.org", actor="self", now=NOON)

    pages = text(body(marketer.get(at("letter_file", mailing))), tmp_path)
    assert [bool(page) for page in pages] == [True, False, True]
    row.refresh_from_db()
    assert (row.address, row.data) == ("", {})


def test_pages_of_letters_are_kept_for_a_year():
    mailing = printed(a_document(readers(1)))

    assert retention.forget_letters(now=NOON + dt.timedelta(days=300)) == 0
    assert retention.forget_letters(now=NOON + dt.timedelta(days=400)) == 1
    assert mailing.messages.filter(state="sent").exists()
