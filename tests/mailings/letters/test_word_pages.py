"""A letter from Word in the browser's eyes: uploaded, mended, looked at, printed, taken off."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mailings import lifecycle
from mailings.letters import files, production
from mailings.letters.models import LetterFile
from mailings.models import Chunk, Mailing, Message
from mailings.starters import STARTERS
from tests.conftest import NOON
from tests.mailings.factories import a_person, a_selection, an_author
from tests.mailings.letters.pages import text
from tests.mailings.letters.test_production import HELLO, HOME, a_document
from tests.mailings.letters.wordfiles import a_word_file, an_office

pytest.importorskip("weasyprint", exc_type=OSError)
pytestmark = pytest.mark.django_db
__all__ = ["an_office"]
LETTER = a_word_file("[[letter.address]]", "Dear [[customer.firstname|friend]],")


@pytest.fixture(autouse=True)
def _a_postal_address(settings: Any) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Havenstraat 14, 3024 SC Rotterdam"


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(an_author())
    return client


def at(name: str, mailing: Mailing) -> str:
    return reverse(f"mailings:{name}", args=[mailing.pk])


def readers(people: int = 3) -> Any:
    found = a_selection()
    for number in range(1, people + 1):
        a_person(f"p{number}@example.org", in_=found, **HOME | {"street": f"Kerkstraat {number}"})
    return found


def uploaded(client: Client, mailing: Mailing, data: bytes, name: str = "Letter to all.docx") -> str:
    answer = client.post(at("word_take", mailing), {"file": SimpleUploadedFile(name, data)}, follow=True)
    return answer.content.decode()


@pytest.mark.usefixtures("an_office")
def test_a_word_file_is_uploaded_and_each_letter_printed_from_it_once(marketer: Client, tmp_path: Path):
    mailing = a_document(readers(3), letter={"duplex": True})
    page = uploaded(marketer, mailing, LETTER)
    assert "Letter to all.docx" in page
    assert "[[customer.firstname|friend]]" in page

    mailing.refresh_from_db()
    lifecycle.start(mailing, by=an_author("boss"), now=NOON)
    for chunk in Chunk.objects.filter(mailing=mailing):
        production.work(chunk.pk, clock=lambda: NOON)

    (run,) = mailing.print_runs.all()
    assert (run.letters, run.pages) == (3, 6), "each begins on a sheet of its own"
    told = text(bytes(run.pdf), tmp_path)
    assert [f"Kerkstraat {number}" in told[2 * (number - 1)] for number in (1, 2, 3)] == [True] * 3
    assert set(mailing.messages.values_list("state", flat=True)) == {Message.State.SENT}


def test_without_libreoffice_the_page_and_the_last_check_say_what_to_install(marketer: Client, monkeypatch: Any):
    monkeypatch.setenv("PATH", "/nowhere")
    mailing = a_document(readers(1))
    assert "libreoffice-writer-nogui" in uploaded(marketer, mailing, LETTER)

    assert "libreoffice-writer-nogui" in marketer.get(at("confirm", mailing)).content.decode()
    mailing.refresh_from_db()
    with pytest.raises(lifecycle.CannotStart, match="LibreOffice"):
        lifecycle.start(mailing, by=an_author("boss"), now=NOON)


@pytest.mark.usefixtures("an_office")
def test_a_mistake_in_a_field_is_shown_with_the_words_around_it_and_blocks_printing(marketer: Client):
    mailing = a_document(readers(1))
    page = uploaded(marketer, mailing, a_word_file("Dear [[customer.fristname]],"))
    assert "Near “Dear [[customer.fristname]],”" in page

    mailing.refresh_from_db()
    with pytest.raises(lifecycle.CannotStart, match="fristname"):
        lifecycle.start(mailing, by=an_author("boss"), now=NOON)


def test_a_file_that_cannot_be_used_changes_nothing(marketer: Client):
    mailing = a_document(readers(1))
    assert "This is not a Word file" in uploaded(marketer, mailing, b"%PDF-1.7")
    mailing.refresh_from_db()
    assert mailing.content == HELLO
    assert not LetterFile.objects.exists()


def test_the_blocks_come_back_when_the_file_is_taken_off(marketer: Client):
    mailing = a_document(readers(1))
    uploaded(marketer, mailing, LETTER)
    marketer.post(at("word_drop", mailing))
    mailing.refresh_from_db()
    assert mailing.content == HELLO
    assert marketer.get(at("content", mailing)).status_code == 200


def test_a_template_takes_the_place_of_the_file_and_the_file_can_be_put_back(marketer: Client):
    mailing = a_document(readers(1))
    uploaded(marketer, mailing, LETTER)
    marketer.post(at("template", mailing), {"starter": next(iter(STARTERS)), "language": "en"})
    marketer.post(at("content_back", mailing))
    mailing.refresh_from_db()
    assert files.named(mailing)["name"] == "Letter to all.docx"


def test_a_sent_letter_keeps_its_file_and_a_mail_takes_none(marketer: Client):
    mailing = a_document(readers(1))
    uploaded(marketer, mailing, LETTER)
    Mailing.objects.update(status="sent")
    uploaded(marketer, mailing, a_word_file("Other"))
    mailing.refresh_from_db()
    assert files.data_of(mailing) == LETTER
    Mailing.objects.update(status="draft", type="email")
    assert marketer.post(at("word_take", mailing), {"file": SimpleUploadedFile("a.docx", LETTER)}).status_code == 404


def test_only_who_may_write_mailings_uploads(client: Client):
    reader = an_author("reader@example.org")
    reader.user_permissions.remove(*reader.user_permissions.filter(codename="change_mailing"))
    client.force_login(reader)
    mailing = a_document(readers(1))
    assert client.post(at("word_take", mailing), {"file": SimpleUploadedFile("a.docx", LETTER)}).status_code == 403
