"""Files that go along: capped, checked against their bytes, scanned, and on the wire as standard MIME."""

import datetime as dt
import email
import email.policy
import io
import socketserver
import threading
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given, settings
from hypothesis import strategies as st

from mailings import attachments, library, lifecycle, overriding, preflight, reading
from mailings.attachments import CannotAttach
from mailings.compiling import preview_of
from mailings.delivery.letters import Row, Stamp
from mailings.delivery.writing import letter_of
from mailings.models import Mailing
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 40
ICS = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _house(settings, tmp_path):
    settings.POSTAL_ADDRESS = "Havenstraat 14\n3024 SC Rotterdam"
    settings.MEDIA_ROOT = tmp_path
    settings.CLAMD_URL = ""


def to_ada() -> Mailing:
    readers = a_selection()
    a_person(in_=readers, email="ada@example.org", consents_to="newsletter")
    return a_mailing(to=readers)


def attach(mailing: Mailing, name: str, data: bytes) -> attachments.Attachment:
    return attachments.add(mailing, name, data, by=an_author(), now=NOON)


def office(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return file.getvalue()


def files_of(raw: bytes) -> dict[str, tuple[str, bytes]]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return {
        str(part.get_filename()): (part.get_content_type(), part.get_payload(decode=True))
        for part in message.iter_attachments()
    }


def test_files_go_along_with_every_mail_byte_for_byte_and_the_words_stay_what_they_were():
    mailing = to_ada()
    attach(mailing, "Programma – zaterdag.pdf", PDF)
    attach(mailing, "open-day.ics", ICS)
    lifecycle.start(mailing, by=an_author(), now=NOON)
    one = mailing.messages.get()

    raw = letter_of(mailing.pk, mailing.frozen_at).write(Row(one.pk, one.address, one.data), Stamp.at(NOON)).body

    assert files_of(raw) == {
        "Programma – zaterdag.pdf": ("application/pdf", PDF),
        "open-day.ics": ("text/calendar", ICS),
    }
    seen = reading.seen(raw)
    assert "workshop" in seen.html
    assert seen.text
    assert max(len(line) for line in raw.split(b"\r\n")) < 998


def test_a_test_mail_has_them_too():
    mailing = to_ada()
    attach(mailing, "a.pdf", PDF)

    raw = reading.test_message(mailing, reading.sample(), "me@example.org", compiled=preview_of(mailing), now=NOON)

    assert files_of(raw) == {"a.pdf": ("application/pdf", PDF)}


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.exe", b"MZ", "do not go along"),
        ("a.html", b"<script>", "do not go along"),
        ("a.svg", b"<svg/>", "do not go along"),
        ("a.zip", office("a"), "do not go along"),
        ("a.docm", office("word/document.xml"), "do not go along"),
        ("noending", b"x", "do not go along"),
        ("a.pdf.js", b"%PDF-", "do not go along"),
        ("a.pdf", b"MZ\x90", "not what its name says"),
        ("a.pdf", b"", "is empty"),
        ("a.png", b"<script>", "not what its name says"),
        ("a.docx", b"PK\x03\x04 broken", "not what its name says"),
        ("a.docx", office("xl/workbook.xml"), "not what its name says"),
        ("a.docx", office("word/document.xml", "word/vbaProject.bin"), "holds macros"),
        ("a.txt", b"<html><script>", "not what its name says"),
        ("a.csv", b"a\x00b", "not what its name says"),
        ("a.ics", b"hello", "not what its name says"),
        ("a.pdf", b"%PDF-" + b"x" * attachments.LARGEST, "larger than"),
    ],
)
def test_what_mail_systems_refuse_or_what_is_not_what_it_says_is_refused(name, data, sentence):
    with pytest.raises(CannotAttach) as refusal:
        attach(to_ada(), name, data)

    assert sentence in str(refusal.value)


def test_all_together_they_are_capped_in_weight_and_number():
    mailing = to_ada()
    attach(mailing, "a.pdf", b"%PDF-" + b"x" * 4_500_000)

    with pytest.raises(CannotAttach, match="All files together"):
        attach(mailing, "b.pdf", b"%PDF-" + b"x" * 4_500_000)
    with pytest.raises(CannotAttach, match="goes along already"):
        attach(mailing, "a.pdf", PDF)
    for number in range(attachments.MOST - 1):
        attach(mailing, f"{number}.pdf", PDF)
    with pytest.raises(CannotAttach, match="At most 10"):
        attach(mailing, "last.pdf", PDF)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.binary(max_size=300))
def test_whatever_is_sent_is_taken_or_refused_with_a_sentence(name, data):
    fit = attachments.name_of(name)
    assert fit
    assert len(fit) <= 90
    assert not set(fit) & set('/\\\r\n\x00"')
    with suppress(CannotAttach):
        assert attachments.kind_of(fit, data) in {kind for kind, _check in attachments.KINDS.values()}


def test_a_file_lies_once_and_goes_when_nobody_has_it():
    mailing = to_ada()
    one = attach(mailing, "a.pdf", PDF)
    copy = library.duplicate(mailing, by=an_author())
    place = attachments._place(one.digest)

    attachments.remove(mailing, one.pk)
    assert default_storage.exists(place)
    attachments.remove(copy, copy.attachments.get().pk)
    assert not default_storage.exists(place)


def test_a_file_that_is_gone_stops_the_mailing_and_another_one_asks_for_another_approval():
    mailing = to_ada()
    before = overriding.fingerprint(mailing)
    one = attach(mailing, "a.pdf", PDF)
    assert overriding.fingerprint(mailing) != before

    default_storage.delete(attachments._place(one.digest))

    assert "attachment_gone" in {found.code for found in preflight.quick(mailing) if found.is_error}


class Clamd(socketserver.BaseRequestHandler):
    """Speaks clamd's INSTREAM: finds a virus in whatever holds the word."""

    def handle(self) -> None:
        assert self.request.recv(10) == b"zINSTREAM\0"
        data = b""
        while size := int.from_bytes(self._exactly(4), "big"):
            data += self._exactly(size)
        answer = b"stream: Eicar-Test-Signature FOUND" if b"EICAR" in data else b"stream: OK"
        self.request.sendall(answer + b"\0")

    def _exactly(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            got += self.request.recv(size - len(got))
        return got


@pytest.fixture
def clamd(settings) -> Iterator[None]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.CLAMD_URL = f"tcp://127.0.0.1:{server.server_address[1]}"
        yield
        server.shutdown()


@pytest.mark.usefixtures("clamd")
def test_the_scanner_has_the_last_word():
    mailing = to_ada()

    assert attach(mailing, "good.pdf", PDF * 40).scanned_at == NOON
    with pytest.raises(CannotAttach, match="found Eicar-Test-Signature"):
        attach(mailing, "bad.pdf", PDF + b"EICAR")


def test_a_scanner_that_does_not_answer_lets_nothing_through(settings):
    settings.CLAMD_URL = "tcp://127.0.0.1:9"

    with pytest.raises(CannotAttach, match="does not answer"):
        attach(to_ada(), "good.pdf", PDF)


def test_files_are_attached_downloaded_and_removed_in_the_browser(client):
    mailing = to_ada()
    client.force_login(an_author())
    files = [SimpleUploadedFile("ünter.pdf", PDF), SimpleUploadedFile("bad.exe", b"MZ")]

    page = client.post(f"/mailings/{mailing.pk}/attachments/add/", {"file": files}, follow=True).content.decode()

    one = mailing.attachments.get()
    assert "ünter.pdf" in page
    assert "do not go along" in page
    answer = client.get(f"/mailings/{mailing.pk}/attachments/{one.pk}/")
    assert (answer.content, answer["Content-Type"]) == (PDF, "application/octet-stream")
    assert answer["Content-Disposition"].startswith("attachment;")
    client.post(f"/mailings/{mailing.pk}/attachments/remove/", {"number": one.pk})
    assert not mailing.attachments.exists()
