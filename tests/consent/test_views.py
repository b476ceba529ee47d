"""Consent's pages for staff: what they show, what they write, and who may."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from consent import law, rulebook, suppressions
from consent.models import ConsentDetail, ConsentEvent, Purpose, SubscriptionType, Suppression
from tests.consent.factories import a_subscription_type, consents

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"


@pytest.fixture
def marieke(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("marieke", "marieke@example.org"))
    return client


def text(client: Client, path: str, **more: str) -> str:
    response = client.get(path, headers=more)
    assert response.status_code == 200, (path, response.status_code)
    return " ".join(response.content.decode().split())


PAGES = [
    "/consent/",
    "/consent/addresses/",
    "/consent/addresses/?type=events&verdict=refuse&reason=no_consent&q=%25_&after=b",
    "/consent/addresses/?type=nonsense&verdict=maybe&reason=whim&after=%C3%A9",
    "/consent/sources/",
    "/consent/ledger/",
    "/consent/ledger/?source=purchase&address=ada&after=99999999999999999999&before=x&at=-1",
    "/consent/ledger/check/",
    "/consent/address/?address=ada@example.org",
    "/consent/address/?address=a@b@c",
    "/consent/address/",
    "/consent/record/",
    "/consent/record/?source=third_party_list",
    *(f"/consent/record/?source={source}&address=ada@example.org" for source in ("own_form", "purchase", "nonsense")),
    "/consent/sources/purchase/",
    "/consent/sources/newsletter_signup/",
    "/consent/sources/employer_list/",
    "/consent/sources/unknown/",
    "/consent/roles/",
    "/consent/what-if/",
    "/consent/what-if/?source=nonsense&at=never&channel=fax",
    "/consent/what-if/?source=unknown&country=DE&message_class=one_to_one&address=%EF%BF%BD&at=9999-12-31T23:59",
    "/consent/what-if/?source=purchase&evidence_date=9999-12-31&at=9999-12-31",
    "/consent/suppressions/",
    "/consent/suppressions/?q=%25&reason=nonsense&show=released&after=5",
    "/consent/suppressions/new/",
    "/consent/types/",
    "/consent/types/new/",
    "/consent/reports/",
    "/consent/expiring/",
    "/consent/expiring/?type=nonsense&days=7&after=%FFx",
    "/consent/ledger/?month=2026-13&act=maybe&source=%FF",
    "/consent/ledger/?month=9999-12&act=no",
    "/consent/suppressions/?why=none&reason=unsubscribed",
    "/consent/requests/",
    "/consent/requests/?show=closed&after=x",
    "/consent/requests/new/",
    "/consent/bases/new/",
    "/consent/notices/new/",
    "/consent/suppressions/import/",
    "/consent/purposes/new/",
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_every_page_shows_itself(marieke: Client, path: str, *, filled: bool) -> None:
    if filled:
        consents(ADA)
        suppressions.add("email", "bob@example.org", "complained", evidence={}, actor="system", now=timezone.now())
    assert marieke.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/consent/", "/consent/address/?address=ada@example.org", "/consent/ledger/"])
def test_nobody_looks_without_an_account(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("/consent/record/", "add_consentevent"),
        ("/consent/suppressions/new/", "add_suppression"),
        ("/consent/suppressions/{pk}/release/", "change_suppression"),
        ("/consent/types/new/", "change_subscriptiontype"),
        ("/consent/purposes/new/", "change_purpose"),
    ],
)
def test_writing_asks_for_its_own_right(client: Client, path: str, right: str) -> None:
    suppressions.add("email", ADA, "manual", evidence={}, actor="system", now=timezone.now())
    joost = User.objects.create_user("joost")
    client.force_login(joost)
    address = path.format(pk=Suppression.objects.get().pk)
    assert client.get(address).status_code == 403

    joost.user_permissions.add(Permission.objects.get(codename=right, content_type__app_label="consent"))

    assert client.get(address).status_code == 200


def test_the_overview_counts_and_each_number_leads_to_its_people(marieke: Client) -> None:
    consents(ADA)
    consents("bob@example.org", "purchase", on=dt.date(2020, 1, 1))
    consents("eve@example.org", "met_in_person")

    page = text(marieke, "/consent/")

    assert '<b class="font-semibold">1</b> of 3 addresses may get Newsletter' in page
    assert 'type=newsletter&amp;verdict=allow">1</a>' in page
    assert 'type=newsletter&amp;reason=expired">1</a>' in page
    people = text(marieke, "/consent/addresses/?type=newsletter&reason=expired")
    assert "bob@example.org" in people
    assert ADA not in people


def test_addresses_of_a_rare_reason_are_found_among_many(marieke: Client) -> None:
    for number in range(60):
        consents(f"p{number:03}@example.org")
    consents("zoe@example.org", "met_in_person")

    first = text(marieke, "/consent/addresses/?type=newsletter&verdict=allow")
    second = text(marieke, "/consent/addresses/?type=newsletter&verdict=allow&after=p049@example.org")

    assert "p049@" in first
    assert "p050@" not in first
    assert "p050@" in second
    assert "zoe@" in text(marieke, "/consent/addresses/?type=newsletter&verdict=verify")


def test_the_panel_says_why_and_shows_the_evidence(marieke: Client) -> None:
    consents(ADA, "purchase", on=timezone.localdate() - dt.timedelta(days=30))
    suppressions.add(
        "email",
        "bob@example.org",
        "unsubscribed",
        subscription_type=a_subscription_type(),
        evidence={"how": "one_click"},
        actor="self",
        now=timezone.now(),
    )

    ada = text(marieke, f"/consent/address/?address={ADA}", hx_request="true")
    bob = text(marieke, "/consent/address/?address=bob@example.org", hx_request="true")

    assert ada.startswith("<section")
    assert "May mail" in ada
    assert "Bought something from you." in ada
    assert "counts until" in ada
    assert "26-0411" in ada
    assert f"/consent/ledger/{ConsentEvent.objects.earliest('id').pk}/" in ada
    assert "Unsubscribed by one click." in bob
    assert "Only they can turn it on again" in bob


def test_the_panel_costs_the_same_however_much_is_known(
    marieke: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for source in ("purchase", "own_form", "contract"):
        consents(ADA, source)
        consents(ADA, source, of=a_subscription_type("events"))

    with django_assert_num_queries(10, exact=False):
        marieke.get(f"/consent/address/?address={ADA}", headers={"hx-request": "true"})


def test_consent_is_written_down_with_the_evidence_of_its_source(marieke: Client) -> None:
    filled = {
        "address": " Ada@Example.org",
        "subscription_type": a_subscription_type().pk,
        "source": "own_form",
        "evidence_on": "2026-01-02",
        "evidence_form": "Open day, version 4",
        "evidence_wording": "Mail me",
        "evidence_url": "https://example.org/",
        "box_ticked": "on",
    }
    missing = {key: value for key, value in filled.items() if key != "evidence_wording"}

    refused = marieke.post("/consent/record/", missing)
    assert refused.status_code == 422
    assert "Open day, version 4" in refused.content.decode()
    assert not ConsentEvent.objects.exists()

    assert marieke.post("/consent/record/", filled).status_code == 302

    event, detail = ConsentEvent.objects.get(), ConsentDetail.objects.get()
    assert (event.kind, event.source, event.actor[:5]) == ("explicit", "own_form", "user:")
    assert (detail.address, detail.evidence["wording"]) == (ADA, "Mail me")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("", ["May not", "The evidence is not complete", "counts two years", "Put a box at the checkout"]),
        (
            "?source=purchase&evidence_date=2024-01-01&at=2025-12-31T23:59&country=US",
            ["May mail", "Until the beginning"],
        ),
        ("?source=purchase&evidence_date=2024-01-01&at=2026-01-01&country=US", ["May not", "Consent has expired"]),
        (
            "?source=event_own_contact&evidence_date=2026-10-01&at=2026-11-23",
            ["Verify first", "sign up by link or QR code"],
        ),
        ("?source=employer_list&country=FR", ["Must confirm first", "opened may be measured only with a consent"]),
        ("?source=third_party_list&explicit=on", ["This source never counts", "Nothing in bulk"]),
        ("?source=unknown&channel=letter", ["May mail", "Letters need no consent there"]),
        ("?source=unknown&message_class=transactional", ["May mail", "This is no marketing"]),
        ("?source=purchase&at=yesterday", ["There is no answer yet", "Enter a valid date/time"]),
    ],
)
def test_what_if_says_verdict_reason_rule_law_and_remedy(marieke: Client, asked: str, words: list[str]) -> None:
    page = marieke.get(f"/consent/what-if/{asked}").content.decode()

    assert [said for said in words if said not in page] == []


def test_a_rule_is_changed_with_a_reason_that_stays(
    marieke: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        refused = marieke.post("/consent/sources/purchase/", {"status": "allowed", "months": "36", "note": "More"})
        assert refused.status_code == 422
        assert "it can be fewer" in refused.content.decode()
        changed = marieke.post("/consent/sources/purchase/", {"status": "allowed", "months": "12", "note": "Our board"})
        assert changed.status_code == 302
        roles = marieke.post("/consent/roles/", {"names": "info balie", "note": "Our counter"})
        assert roles.status_code == 302

    page = marieke.get("/consent/sources/purchase/").content.decode()
    assert [words for words in ("It counts one year", "Our board", "counts now") if words not in page] == []
    assert "balie, info" in marieke.get("/consent/roles/").content.decode()
    cache.delete(rulebook.KEPT)


def test_who_may_not_change_rules_reads_them(client: Client) -> None:
    client.force_login(User.objects.create_user("joost"))

    page = client.get("/consent/sources/purchase/").content.decode()
    assert "Change this rule" not in page
    assert "soft opt-in or explicit" in page
    for path in ("/consent/sources/purchase/", "/consent/roles/"):
        assert client.post(path, {"status": "refused", "months": "1", "note": "x", "names": "x"}).status_code == 403
    assert client.get("/consent/sources/nonsense/").status_code == 404


def test_a_purchase_is_written_down_with_the_conditions_of_soft_opt_in(marieke: Client) -> None:
    filled = {"address": ADA, "subscription_type": a_subscription_type().pk, "source": "purchase"}
    filled |= {"evidence_on": "2026-03-03", "evidence_order": "26-1", "evidence_brand": "De Werkbank"}
    filled |= {f"evidence_{flag}": "on" for flag in law.SOFT_FLAGS}

    marieke.post("/consent/record/", filled)

    assert law.is_soft(ConsentDetail.objects.get().evidence)
    shown = marieke.get(f"/consent/ledger/{ConsentEvent.objects.get().pk}/").content.decode()
    assert "They could refuse when they gave the address" in shown


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"address": "a@b@c"}, "There is more than one @ in it"),
        ({"evidence_on": "2999-01-01"}, "The date lies in the future"),
        ({"source": "third_party_list"}, "Select a valid choice"),
    ],
)
def test_a_mistake_is_said_and_nothing_is_lost(marieke: Client, changed: dict[str, str], words: str) -> None:
    filled = {
        "address": ADA,
        "subscription_type": str(a_subscription_type().pk),
        "source": "purchase",
        "evidence_on": "2026-01-02",
        "evidence_order": "26-0411",
        "evidence_brand": "De Werkbank",
    }

    response = marieke.post("/consent/record/", filled | changed)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not ConsentEvent.objects.exists()


def test_an_address_is_blocked_found_and_taken_off_by_hand(marieke: Client) -> None:
    marieke.post("/consent/suppressions/new/", {"address": ADA, "reason": "manual", "note": "Their call of Monday"})
    assert "Their call of Monday" in text(marieke, "/consent/suppressions/?q=ADA@&reason=manual")
    suppression = Suppression.objects.get()

    marieke.post(f"/consent/suppressions/{suppression.pk}/release/", {"because": "They called again"})

    assert not Suppression.objects.filter(released_at=None).exists()
    assert "They called again" in text(marieke, "/consent/suppressions/?show=released")


def test_a_complaint_cannot_be_taken_off_by_hand(marieke: Client) -> None:
    suppressions.add("email", ADA, "complained", evidence={}, actor="system", now=timezone.now())
    path = f"/consent/suppressions/{Suppression.objects.get().pk}/release/"

    assert "Only the person can take this back" in text(marieke, path)
    assert marieke.post(path, {"because": "Please"}).status_code == 422
    assert Suppression.objects.filter(released_at=None).exists()


def test_the_list_of_blocked_addresses_is_cut_into_pages(marieke: Client) -> None:
    blocks = [suppressions.Block(address=f"p{n:03}@example.org", reason="manual") for n in range(120)]
    suppressions.add_many(blocks, actor="system", now=timezone.now())

    first = marieke.get("/consent/suppressions/").context["page"]
    second = marieke.get(f"/consent/suppressions/{first.next}").context["page"]
    third = marieke.get(f"/consent/suppressions/{second.next}").context["page"]
    again = marieke.get(f"/consent/suppressions/{third.previous}").context["page"]

    assert [page.said for page in (first, second, third)] == ["1 to 50 of 120", "51 to 100 of 120", "101 to 120 of 120"]
    assert not third.next
    assert not first.previous
    assert [row.pk for row in again.rows] == [row.pk for row in second.rows]


def test_types_are_named_in_both_languages_and_their_code_stays(marieke: Client) -> None:
    purpose = a_subscription_type().purpose
    words = {"name_en": "Open days", "name_nl": "Open dagen", "is_active": "on", "purpose": purpose.pk}

    marieke.post("/consent/types/new/", words)
    marieke.post("/consent/types/new/", words)
    made = SubscriptionType.objects.get(code="open-days")
    marieke.post(f"/consent/types/{made.pk}/", words | {"name_en": "Open house"})

    made.refresh_from_db()
    assert (made.name_en, made.name_nl, made.code) == ("Open house", "Open dagen", "open-days")
    assert SubscriptionType.objects.filter(code="open-days-2").exists()
    marieke.post("/consent/purposes/new/", {"name_en": "Service", "name_nl": "Dienst", "is_active": "on"})
    assert Purpose.objects.get(code="service").name_nl == "Dienst"


@pytest.mark.parametrize(
    "table", ["consentevent", "consentdetail", "standing", "suppression", "optoutkey", "purpose", "subscriptiontype"]
)
def test_the_admin_shows_every_table_and_writes_in_none_of_the_ledgers(marieke: Client, table: str) -> None:
    consents(ADA)

    assert marieke.get(f"/admin/consent/{table}/").status_code == 200
    adding = marieke.get(f"/admin/consent/{table}/add/").status_code
    assert adding == (200 if table in ("purpose", "subscriptiontype") else 403)
    if table == "consentevent":
        event = ConsentEvent.objects.get()
        assert marieke.get(f"/admin/consent/consentevent/{event.pk}/change/").status_code == 200
        assert marieke.post(f"/admin/consent/consentevent/{event.pk}/change/", {"source": "x"}).status_code == 403
        assert marieke.post(f"/admin/consent/consentevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403
