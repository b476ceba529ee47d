"""Forgetting somebody: nowhere a trace of their address, every total as it was, and refused when they come back."""

import datetime as dt
import io
import json
import zipfile
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from pytest_django.fixtures import Settings

from consent import dossier, double_opt_in, erasure, gate, ledger, preferences, suppressions, unsubscribe
from consent.models import ConsentEvent, OptOutKey, Standing, SubjectRequest, Suppression
from mailings import lifecycle
from mailings.models import Handling, Mailing, Message
from recipients.models import Change, Import, Person, PersonPhone, RejectedRow, Task
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type, consents
from tests.mailings.factories import a_mailing, a_selection, an_author
from tests.recipients.factories import a_person
from tests.tracking.factories import an_event
from tracking import journal
from tracking.models import InboundMail, SoftBounce

pytestmark = pytest.mark.django_db
ADA, WORK, BOB = "ada@example.org", "ada@work.example", "bob@example.org"


@pytest.fixture(autouse=True)
def _places(settings: Settings, tmp_path: Path) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    settings.ERASURE_LOG = tmp_path / "erasures.log"
    settings.MEDIA_ROOT = tmp_path / "media"


def a_life() -> Mailing:
    """Ada has left a trace in every table there is; Bob stands beside her."""
    readers = a_selection()
    ada = a_person("Ada Lovelace", email=ADA, also=(WORK,), phone="+31612345678", mobile="+31687654321", in_=readers)
    a_person("Bob Boole", email=BOB, in_=readers)
    for address in (ADA, BOB):
        consents(address, wording=f"Yes, {address} wants it", ip="192.0.2.7")
    sent = lifecycle.start(a_mailing(to=readers), by=None, now=NOON)
    mine = Message.objects.get(mailing=sent, person=ada)
    Message.objects.filter(pk=mine.pk).update(answer=f"451 {ADA} greylisted", state="sent", bounced_at=NOON)
    journal.record(
        [an_event("bounce", mailing=sent.pk, message=mine.pk, detail=f"550 <{ADA}> unknown", ip="192.0.2.7")]
    )
    InboundMail.objects.create(
        received_at=NOON, rcpt_to="b@x.example", raw=f"To: {ADA}\r\n".encode(), digest="1", message=mine.pk
    )
    InboundMail.objects.create(received_at=NOON, rcpt_to="b@x.example", raw=f"cc {WORK}".encode(), digest="2")
    SoftBounce.objects.create(address=ADA, mailing=sent.pk, message=mine.pk, at=NOON, category="full")
    Handling.objects.create(at=NOON, act="corrected", address="adda@example.org", new_address=ADA, message=mine.pk)
    Task.objects.create(person=ada, title=f"Call {ADA}")
    PersonPhone.objects.create(person=ada, number="+31201234567")
    Change.objects.create(person=ada, at=NOON, source="edit", what={"address": [ADA, WORK]})
    LogEntry.objects.create(user=an_author(), object_repr=f"address {ADA}", action_flag=2)
    upload = Import.objects.create(file_name="fair.csv", head={"rows": [["Ada", ADA]]})
    RejectedRow.objects.create(importing=upload, row=3, cells=["Ada", ADA.upper()], reason="No domain")
    double_opt_in.ask(
        double_opt_in.Request(address=WORK, subscription_types=[a_subscription_type()], source="newsletter_signup"),
        now=NOON,
    )
    key = unsubscribe.who(OptOutKey.objects.get(address=ADA).key)
    assert key
    preferences.pause(key, 30, now=NOON)
    suppressions.add("email", ADA, "hard_bounce", evidence={"said": f"<{ADA}> unknown"}, actor="system", now=NOON)
    return sent


def whole_dump() -> str:
    """Every row of every table, as pg_dump writes them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        parts = []
        for (table,) in cursor.fetchall():
            with cursor.copy(f"COPY {table} TO STDOUT") as out:
                parts.append(b"".join(bytes(block) for block in out).decode())
    return "\n".join(parts).lower()


def totals(mailing: Mailing) -> dict[str, int]:
    rows = Message.objects.filter(mailing=mailing).values_list("state").annotate(Count("pk"))
    return dict(rows) | {"bounced": Message.objects.filter(mailing=mailing, bounced_at__isnull=False).count()}


def as_hex(text: str) -> str:
    return text.encode().hex()


def test_after_an_erasure_the_address_stands_nowhere(tmp_path: Path) -> None:
    mailing = a_life()
    before = totals(mailing)
    assert whole_dump().count(ADA) > 15

    done = erasure.erase(ADA, actor="self", now=NOON)

    dump = whole_dump()
    for word in (ADA, WORK, "lovelace", "31612345678", "31687654321", "31201234567"):
        assert word not in dump
        assert as_hex(word) not in dump
    assert done.left == {}
    assert done.rows["messages"] == 1
    assert totals(mailing) == before
    assert BOB in dump
    assert ADA not in (tmp_path / "erasures.log").read_text()


def test_the_ledger_stays_whole_and_says_what_was_erased() -> None:
    a_life()

    erasure.erase(ADA, actor="user:7", now=NOON)

    found = ledger.verify()
    assert found.is_whole
    last = ConsentEvent.objects.latest("id")
    assert (last.act, last.actor) == ("erased", "user:7")
    assert found.erased == len(last.detail.evidence["entries"]) == 2
    assert not Standing.objects.exclude(address=BOB).exists()


def test_mail_that_was_on_its_way_is_stopped_and_adds_up() -> None:
    readers = a_selection()
    ada = a_person("Ada", email=ADA, in_=readers)
    a_person("Bob", email=BOB, in_=readers)
    for address in (ADA, BOB):
        consents(address)
    mailing = lifecycle.start(a_mailing(to=readers), by=None, now=NOON)
    mine = Message.objects.get(mailing=mailing, person=ada).pk

    erasure.erase(ADA, actor="self", now=NOON)

    stopped = Message.objects.get(pk=mine)
    assert (stopped.state, stopped.reason, stopped.address, stopped.data) == ("cancelled", "erased_since", "", {})
    tallies = [(row.pending, row.cancelled) for row in mailing.tallies.order_by("pk")]
    assert tallies == [(2, 0), (-1, 1)]


def test_who_was_erased_is_refused_at_import_freeze_and_hand_over_also_under_a_new_key(
    settings: Settings,
) -> None:
    a_life()
    erasure.erase(ADA, actor="self", now=NOON)
    settings.SUPPRESSION_KEYS = ["a new secret", *settings.SUPPRESSION_KEYS]
    readers = a_selection("Bought back")
    a_person("Ada", email=ADA, in_=readers)
    a_person("Bob", email=BOB, in_=readers)
    consents(ADA, now=NOON + dt.timedelta(hours=1))
    mailing = lifecycle.start(a_mailing(to=readers), by=None, now=NOON + dt.timedelta(hours=2))

    assert suppressions.among("email", [ADA, BOB]) == {ADA: "erased"}
    assert suppressions.erased_among("email", [ADA, BOB]) == {ADA}
    assert Message.objects.get(mailing=mailing, address=ADA).reason == "erased"
    at_hand_over = gate.recheck("email", a_subscription_type().pk, [ADA, BOB], at=NOON + dt.timedelta(hours=3))
    assert {address: verdict.reason for address, verdict in at_hand_over.items()} == {ADA: "erased"}
    assert "erased" in {block.reason for block in suppressions.blocks_of("email", ADA)}
    assert not double_opt_in.may_be_asked(
        double_opt_in.Request(address=ADA, subscription_types=[a_subscription_type()], source="own_form")
    )


def test_erasing_twice_changes_nothing_more() -> None:
    a_life()
    erasure.erase(ADA, actor="self", now=NOON)
    before = whole_dump()

    again = erasure.erase(ADA, actor="self", now=NOON)

    assert again.rows == {}
    assert whole_dump() == before


def test_the_links_in_old_mail_still_answer() -> None:
    a_life()
    key = OptOutKey.objects.get(address=ADA).key

    erasure.erase(ADA, actor="self", now=NOON)

    person = unsubscribe.who(key)
    assert person
    assert "@" not in person.address


def test_a_restored_backup_is_cleaned_by_replaying_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    a_life()
    erasure.erase(WORK, actor="self", now=NOON)
    Suppression.objects.all().delete()  # the old backup knows of no erasure…
    SubjectRequest.objects.all().delete()
    a_person("Ada Lovelace", email=ADA, also=(WORK,))  # … and brings her back
    consents(ADA, now=NOON + dt.timedelta(hours=1))

    call_command("replay_erasures")

    assert "2 addresses erased again" in capsys.readouterr().out
    assert ADA not in whole_dump()
    assert list(Person.objects.values_list("first_name", flat=True)) == ["Bob"]
    assert suppressions.erased_among("email", [ADA, WORK, BOB]) == {ADA, WORK}
    assert ledger.verify().is_whole


def test_lists_of_people_in_files_go_and_other_files_are_named(settings: Settings) -> None:
    a_life()
    media = Path(settings.MEDIA_ROOT)
    (media / "imports").mkdir(parents=True)
    (media / "imports" / "fair.csv").write_text(f"Ada;{ADA.upper()}", encoding="utf-16")
    (media / "imports" / "other.csv").write_text(f"Bob;{BOB}")
    with zipfile.ZipFile(media / "imports" / "fair.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", f"<t>{ADA}</t>")
    (media / "poster.svg").write_text(f"<text>Ask {ADA}</text>")

    done = erasure.erase(ADA, actor="self", now=NOON)

    assert sorted(path.name for path in media.rglob("*") if path.is_file()) == ["other.csv", "poster.svg"]
    assert done.left == {"files": 1}


def test_the_copy_holds_every_row_about_them_and_none_about_another() -> None:
    mailing = a_life()
    subject = dossier.of(WORK)

    copy = json.loads(dossier.as_json(subject, at=NOON))

    assert copy["about"] == ["+31201234567", "+31612345678", "+31687654321", ADA, WORK]
    data = copy["data"]
    assert [row["first_name"] for row in data["people"]] == ["Ada"]
    assert {row["address"] for row in data["email_addresses"]} == {ADA, WORK}
    assert [row["mailing_id"] for row in data["messages"]] == [mailing.pk]
    assert len(data["selections"]) == len(data["events"]) == len(data["handled_bounces"]) == 1
    assert {row["reason"] for row in data["blocks"]} == {"paused", "hard_bounce"}
    assert len(data["consent_details"]) == len(data["consent_events"]) >= 2
    assert BOB not in json.dumps(copy)
    assert "key" not in data["links"][0]
    assert "salt" not in data["consent_details"][0]


def test_the_same_as_sheets_without_formulas() -> None:
    a_life()
    Person.objects.filter(first_name="Ada").update(notes="=cmd|' /C calc'!A0")

    with zipfile.ZipFile(io.BytesIO(dossier.as_csv(dossier.of(ADA)))) as archive:
        names = archive.namelist()
        people = archive.read("people.csv").decode("utf-8-sig")

    assert {"people.csv", "messages.csv", "consent_details.csv", "blocks.csv"} <= set(names)
    assert "'=cmd" in people
