"""Receipts: what an address agreed to, for machines and on paper, and whoever holds one can check it."""

import copy
import io
import json
from datetime import timedelta

import pypdf
import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.utils import DatabaseError
from django.test import Client
from django.utils import timezone, translation
from pytest_django.fixtures import Settings

from consent import ledger, notices, receipt
from consent.models import ConsentDetail, ConsentEvent, EvidenceFile, LegalBasis, PrivacyNotice
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents, withdraws

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"
PDF = b"%PDF-1.7\n%scan of a paper form\n"


def a_notice(version: str = "2026-1", text: str = "We keep your address to send you news.") -> PrivacyNotice:
    return notices.publish(
        version=version,
        url="https://example.org/privacy",
        text=text,
        controller="De Werkbank B.V.",
        contact="privacy@example.org",
        by=None,
        now=NOON,
    )


def a_story() -> None:
    a_notice()
    consents(ADA, "purchase", country="DE")
    consents(
        ADA, "newsletter_signup", actor="self", wording="Ja, stuur mij de nieuwsbrief", language="nl", ip="192.0.2.7"
    )
    withdraws(ADA, now=NOON + timedelta(days=1))


def test_the_receipt_holds_every_part_of_a_consent_record() -> None:
    a_story()

    made = json.loads(json.dumps(receipt.as_json(ADA, at=NOON)))

    assert made["schema_version"] == "ISO/IEC TS 27560:2023"
    (record,) = made["records"]
    purpose = record["pii_processing"]["purposes"][0]
    assert record["pii_processing"]["privacy_notice"]["version"] == "2026-1"
    assert len(record["pii_processing"]["privacy_notice"]["sha256"]) == 64
    assert (purpose["purpose"], purpose["lawful_basis"], purpose["collection_method"]) == (
        "Newsletter",
        "consent",
        "newsletter_signup",
    )
    assert record["party_identification"][0]["party_name"] == "De Werkbank B.V."
    assert "@" not in record["pii_principal_id"]
    states = [event["event_state"] for event in record["event"]]
    assert states == ["consent_given", "consent_given", "consent_withdrawn"]
    first, second, last = record["event"]
    assert (first["lawful_basis"], second["lawful_basis"]) == ("legitimate-interest-customer", "consent")
    assert (second["wording"], second["language"], second["ip"], second["entity_id"]) == (
        "Ja, stuur mij de nieuwsbrief",
        "nl",
        "192.0.2.7",
        "self",
    )
    assert first["validity_until"]
    assert last["act"] == "withdrawn"


def test_a_receipt_verifies_against_the_chain_and_a_changed_one_does_not() -> None:
    a_story()
    made = json.loads(json.dumps(receipt.as_json(ADA, at=NOON)))
    assert receipt.verify(made) == []

    for part, value in (
        ("personal", made["ledger"][1]["personal"].replace("Ja", "Nee")),
        ("body", "1|2|3"),
        ("salt", "00" * 16),
    ):
        forged = copy.deepcopy(made)
        forged["ledger"][1][part] = value
        assert receipt.verify(forged) == [made["ledger"][1]["event"]]


def test_the_chain_covers_basis_country_and_notice_and_old_entries_stay_whole() -> None:
    consents("bob@example.org", actor="import:1")  # before there was a notice
    a_story()

    assert ledger.verify().is_whole
    rows = list(ConsentEvent.objects.order_by("pk").values_list("basis", "country", "notice__version"))
    assert rows == [
        ("consent", "", None),
        ("legitimate-interest-customer", "DE", "2026-1"),
        ("consent", "", "2026-1"),
        ("", "", "2026-1"),
    ]


def test_on_paper_it_says_the_same(settings: Settings) -> None:
    a_story()
    with translation.override("nl"):
        printed = receipt.as_pdf(ADA, at=NOON)

    reader = pypdf.PdfReader(io.BytesIO(printed))
    words = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert ADA in words
    assert "Ja, stuur mij de nieuwsbrief" in words
    assert "De Werkbank B.V." in words
    assert "Nieuwsbrief" in words


def test_a_version_of_the_notice_is_never_changed_and_not_written_twice() -> None:
    notice = a_notice()
    with pytest.raises(notices.SameNotice):
        a_notice()
    assert a_notice(text="Now we also send events.").pk > notice.pk

    with pytest.raises(DatabaseError), transaction.atomic():
        PrivacyNotice.objects.filter(pk=notice.pk).update(text="Something else")


@pytest.fixture
def joost(client: Client, settings: Settings, tmp_path: object) -> Client:
    settings.MEDIA_ROOT = tmp_path
    user = User.objects.create_user("joost")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="consent"))
    client.force_login(user)
    return client


def test_both_receipts_come_from_the_card_as_files_to_keep(joost: Client) -> None:
    a_story()
    panel = joost.get("/consent/address/", {"address": ADA}, headers={"HX-Request": "true"}).content.decode()
    assert "/consent/receipt/?as=pdf" in panel

    as_json = joost.get("/consent/receipt/", {"address": ADA.upper()})
    as_pdf = joost.get("/consent/receipt/", {"address": ADA, "as": "pdf"})

    assert as_json.json()["records"]
    assert as_pdf.content.startswith(b"%PDF-")
    assert all(answer["Content-Disposition"].startswith("attachment") for answer in (as_json, as_pdf))
    assert joost.get("/consent/receipt/", {"address": "a@b@c"}).status_code == 404


def the_form(**more: object) -> dict[str, object]:
    return {
        "address": ADA,
        "subscription_type": a_subscription_type().pk,
        "source": "newsletter_signup",
        "evidence_on": "2026-03-03",
        "evidence_form": "Paper form 7",
        "evidence_wording": "Yes, send me the newsletter",
        **more,
    }


def test_a_paper_form_is_kept_as_a_scan_and_its_hash_stands_in_the_ledger(joost: Client) -> None:
    scan = SimpleUploadedFile("../../form 7.pdf", PDF, content_type="text/html")

    assert joost.post("/consent/record/", the_form(scan=scan)).status_code == 302

    kept = EvidenceFile.objects.get()
    detail = ConsentDetail.objects.get()
    assert detail.evidence["file"] == kept.digest
    assert kept.content_type == "application/pdf"
    assert kept.file.name.startswith("evidence/")
    entry = joost.get(f"/consent/ledger/{detail.pk}/").content.decode()
    assert f"/consent/scans/{kept.digest}/" in entry
    given = joost.get(f"/consent/scans/{kept.digest}/")
    assert (given.content, given["X-Content-Type-Options"]) == (PDF, "nosniff")
    assert given["Content-Disposition"].startswith("attachment")
    assert joost.get(f"/consent/scans/{'0' * 64}/").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("form.pdf", b"<script>alert(1)</script>", "A scan is a PDF"),
        ("big.pdf", PDF + b"x" * (10 * 1024 * 1024), "larger than 10 MB"),
    ],
)
def test_what_is_no_scan_is_refused_with_a_sentence_and_nothing_is_written(
    joost: Client, name: str, content: bytes, words: str
) -> None:
    answer = joost.post("/consent/record/", the_form(scan=SimpleUploadedFile(name, content)))

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ConsentEvent.objects.exists()
    assert not EvidenceFile.objects.exists()


def test_a_legal_basis_is_chosen_edited_and_stays_as_it_was_in_the_ledger(joost: Client) -> None:
    basis, _made = LegalBasis.objects.get_or_create(
        code="contract", defaults={"name_en": "Contract", "name_nl": "Contract"}
    )
    joost.post("/consent/record/", the_form(basis=basis.pk))
    names = {"name_en": "Contract work", "name_nl": "Werk op contract", "is_active": "on"}

    assert joost.post(f"/consent/bases/{basis.pk}/", names).status_code == 302
    assert joost.post("/consent/bases/new/", {**names, "name_en": "Vital interest"}).status_code == 302

    assert ConsentEvent.objects.get().basis == "contract"
    assert LegalBasis.objects.get(code="vital-interest").name_nl == "Werk op contract"
    assert "Contract work" in joost.get(f"/consent/ledger/{ConsentEvent.objects.get().pk}/").content.decode()


def test_a_notice_is_published_from_the_page_and_stands_under_new_entries(joost: Client) -> None:
    notice = {
        "version": "3",
        "url": "",
        "text": "We keep it.",
        "controller": "De Werkbank",
        "contact": "privacy@example.org",
    }

    assert joost.post("/consent/notices/new/", notice).status_code == 302
    assert joost.post("/consent/notices/new/", notice).status_code == 422
    consents(ADA, now=timezone.now())

    assert ConsentEvent.objects.get().notice == notices.current()
    assert "We keep it." in joost.get(f"/consent/notices/{PrivacyNotice.objects.get().pk}/").content.decode()
    assert "Holds now" in joost.get("/consent/types/").content.decode()
