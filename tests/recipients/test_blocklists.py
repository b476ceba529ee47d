"""Another system's list of blocked addresses is taken over whole, with its reasons, as often as one likes."""

import io
from pathlib import Path

import openpyxl
import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from consent import suppressions
from consent.models import ConsentEvent, Suppression
from recipients import blocklists
from recipients.imports import rows
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type

MAILCHIMP = """Email Address,First Name,Status,Unsub time
ada@example.org,Ada,unsubscribed,2024-02-29 10:00:00
BOB@Example.org,Bob,cleaned,
eve@example.org,Eve,Spam complaint,2025-01-01
not an address,X,unsubscribed,
soft@example.org,S,soft bounce,
zoe@example.org,Zoe,whatever that is,
ada@example.org,Ada,unsubscribed,
"""


def a_file(tmp_path: Path, text: str = MAILCHIMP) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    return path


def take(path: Path) -> blocklists.Taken:
    return blocklists.take_over(path, name="list.csv", otherwise="manual", note="Mailchimp", actor="user:7", now=NOON)


@pytest.mark.django_db
def test_every_row_gets_its_reason_or_says_why_it_blocks_nobody(tmp_path: Path) -> None:
    a_subscription_type()

    taken = take(a_file(tmp_path))

    assert (taken.new, taken.known, taken.skipped) == (4, 1, 2)
    assert dict(Suppression.objects.values_list("address", "reason")) == {
        "ada@example.org": "unsubscribed",
        "bob@example.org": "hard_bounce",
        "eve@example.org": "complained",
        "zoe@example.org": "manual",
    }
    assert [(one.row, one.cell) for one in taken.examples] == [(5, "not an address"), (6, "soft@example.org")]
    ada = Suppression.objects.get(address="ada@example.org")
    assert (ada.actor, ada.evidence["note"], ada.evidence["said"]) == ("user:7", "Mailchimp", "unsubscribed")
    assert ConsentEvent.objects.filter(act="withdrawn").count() == 2  # who left and who complained also withdrew


@pytest.mark.django_db
def test_once_more_changes_nothing(tmp_path: Path) -> None:
    take(a_file(tmp_path))
    again = take(a_file(tmp_path))

    assert (again.new, again.known) == (0, 5)
    assert Suppression.objects.count() == 4


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("Unsubscribed", "unsubscribed"),
        ("opted_out", "unsubscribed"),
        ("Opt-out", "unsubscribed"),
        ("Afgemeld", "unsubscribed"),
        ("Hard bounce", "hard_bounce"),
        ("bounced", "hard_bounce"),
        ("invalid", "hard_bounce"),
        ("spamreport", "complained"),
        ("Marked as spam", "complained"),
        ("Klacht", "complained"),
        ("Bezwaar", "objection"),
        ("Do not contact", "objection"),
        ("blocklisted", "manual"),
        ("Soft bounce", ""),
        ("Mailbox full", ""),
        ("", "manual"),
        ("?", "manual"),
    ],
)
def test_the_words_of_other_systems_become_ours(words: str, reason: str) -> None:
    assert blocklists.reason_of(words, "manual") == reason


@pytest.mark.django_db
def test_a_bare_column_of_addresses_is_a_list_too(tmp_path: Path) -> None:
    taken = take(a_file(tmp_path, "ada@example.org\nbob@example.org\n"))

    assert taken.new == 2
    assert suppressions.among("email", ["ada@example.org"]) == {"ada@example.org": "manual"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "error"), [("", rows.Unreadable), ("Name,Town\nAda,London\n", blocklists.NoAddresses)]
)
def test_a_file_without_addresses_is_refused_and_nothing_is_written(
    tmp_path: Path, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        take(a_file(tmp_path, text))

    assert not Suppression.objects.exists()


@pytest.mark.django_db
def test_on_the_page_with_its_right_and_each_number_is_a_door(client: Client) -> None:
    joost = User.objects.create_user("joost")
    client.force_login(joost)
    assert client.get("/consent/suppressions/import/").status_code == 403
    joost.user_permissions.add(Permission.objects.get(codename="add_suppression"))
    book = openpyxl.Workbook()
    for row in (("E-mail", "Reden"), ("ada@example.org", "Afgemeld"), ("x", "Afgemeld")):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)

    form = {"file": SimpleUploadedFile("list.xlsx", file.getvalue()), "reason": "manual", "note": "The old system"}
    page = " ".join(client.post("/consent/suppressions/import/", form).content.decode().split())

    assert '<b class="font-semibold">1</b> address is blocked from now on' in page
    assert '?reason=unsubscribed">1</a>' in page
    assert "There is no @ in it" in page
    nothing = client.post("/consent/suppressions/import/", {"reason": "manual", "note": "x"})
    assert nothing.status_code == 422
