"""Mailboxes: what is about our mail is taken, everything else is left exactly as it was."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from consent import sealed
from tests.conftest import NOON
from tests.tracking import mailservers
from tests.tracking.mailservers import Post, serving
from tests.tracking.test_postbox import a_complaint, a_report
from tracking import postbox, tokens
from tracking.mailboxes import looking
from tracking.models import Event, InboundMail, LookedAt, Mailbox

pytestmark = pytest.mark.django_db
FRIEND = b"From: friend@example.org\nTo: bounces@example.com\nSubject: Lunch?\n\nAt noon? user unknown\n"


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture(params=["imap", "pop3"])
def port(request: pytest.FixtureRequest, post: Post) -> Iterator[tuple[str, int]]:
    with serving(mailservers.Imap if request.param == "imap" else mailservers.Pop3, post) as number:
        yield request.param, number


def a_mailbox(protocol: str, port: int, **more: Any) -> Mailbox:
    given = {"username": "bounces", "password": sealed.seal("secret"), "security": "none", "host": "127.0.0.1"}
    return Mailbox.objects.create(name="Bounces", protocol=protocol, port=port, **(given | more))


def ours(message: int = 4711, raw: bytes = b"") -> bytes:
    return f"Delivered-To: {tokens.return_path(7, message)}\n".encode() + (raw or a_report())


def look(mailbox: Mailbox) -> int:
    return looking.look_into(mailbox.pk, now=NOON)


def test_a_report_becomes_a_bounce_and_a_friends_letter_stays_unread(post, port):
    post.drop(FRIEND)
    report, friend = post.drop(ours()), post.drop(FRIEND)
    mailbox = a_mailbox(*port)

    assert look(mailbox) == 1
    postbox.read(now=NOON)

    assert list(Event.objects.values_list("kind", "message", "category")) == [("bounce", 4711, "dead_address")]
    assert post.numbers() == [1, 2, 3]
    assert friend.flags == set()
    assert report.flags == ({"\\Seen"} if port[0] == "imap" else set())


def test_nothing_is_looked_at_twice(post, port):
    post.drop(FRIEND)
    post.drop(ours())
    mailbox = a_mailbox(*port)

    assert [look(mailbox), look(mailbox)] == [1, 0]
    post.drop(ours(4712))
    assert look(mailbox) == 1
    assert InboundMail.objects.count() == 2


def test_only_what_is_ours_is_ever_removed(post, port):
    for raw in (FRIEND, ours(), FRIEND, ours(4712)):
        post.drop(raw)
    mailbox = a_mailbox(*port, after="goes")

    assert look(mailbox) == 2

    assert post.numbers() == [1, 3]


def test_what_somebody_else_marked_as_deleted_is_not_swept_away_with_ours(post):
    marked = post.drop(FRIEND)
    marked.flags.add("\\Deleted")
    post.drop(ours())
    with serving(mailservers.Imap, post) as port:
        look(a_mailbox("imap", port, after="goes"))

    assert post.numbers() == [1]


@pytest.mark.parametrize("extensions", ["UIDPLUS MOVE", "UIDPLUS", ""])
def test_ours_moves_to_a_folder_that_is_made_when_it_is_missing(post, extensions):
    post.extensions = extensions
    post.drop(FRIEND)
    moved = post.drop(ours())
    with serving(mailservers.Imap, post) as port:
        look(a_mailbox("imap", port, after="moves", moves_to="Gelezen"))

    assert len(post.numbers("Gelezen")) == 1
    left = [letter.number for letter in post.folders["INBOX"] if "\\Deleted" not in letter.flags]
    assert left == [1]
    assert moved.number == 2


def test_a_report_without_our_address_is_known_by_the_letter_it_returns_and_a_reply_that_quotes_one_is_not_ours(
    post, port
):
    link = f"https://example.com/c/{tokens.make('click', 7, 4711)}/1"
    post.drop(a_complaint(returned=f"To: ada@example.org\n\nSee {link}"))
    post.drop(f"From: ada@example.org\nSubject: Re: Weekly\n\nThank you!\n> See {link}\n".encode())
    mailbox = a_mailbox(*port, after="goes")

    assert look(mailbox) == 1
    postbox.read(now=NOON)

    assert list(Event.objects.values_list("kind", "message")) == [("complaint", 4711)]
    assert post.numbers() == [2]


def test_a_connection_that_breaks_loses_nothing(post, port):
    for message in range(1, 6):
        post.drop(ours(message))
    mailbox = a_mailbox(*port, after="goes")

    for cut in range(1, 30):
        post.cuts_after = cut
        look(mailbox)
    post.cuts_after = 0
    look(mailbox)

    assert InboundMail.objects.count() == 5
    assert post.numbers() == []
    mailbox.refresh_from_db()
    assert mailbox.problem == ""


def test_a_folder_that_was_made_anew_is_read_from_its_beginning(post):
    post.drop(ours())
    with serving(mailservers.Imap, post) as port:
        mailbox = a_mailbox("imap", port)
        look(mailbox)
        post.validity = 2
        post.folders["INBOX"].clear()
        post.last = 0
        post.drop(ours(4712))

        assert look(mailbox) == 1


def test_trouble_is_said_on_the_mailbox_and_no_other_waits_for_it(post, port):
    post.drop(ours())
    wrong = a_mailbox(*port, password=sealed.seal("guess"))
    away = a_mailbox("imap", 1)
    shut = a_mailbox(port[0], port[1], security="tls")
    a_mailbox(*port)

    assert looking.look_into_all(now=NOON) == 1

    for mailbox in (wrong, away, shut):
        mailbox.refresh_from_db()
        assert mailbox.problem
        assert mailbox.claimed_until is None
    assert "wrong password" in wrong.problem


def test_one_process_looks_at_a_time_and_a_dead_one_is_not_waited_for_long(post, port):
    post.drop(ours())
    mailbox = a_mailbox(*port, claimed_until=NOON + dt.timedelta(minutes=1))

    assert look(mailbox) == 0
    assert looking.look_into(mailbox.pk, now=NOON + dt.timedelta(minutes=2)) == 1


def test_what_a_pop3_mailbox_no_longer_holds_is_forgotten(post):
    post.drop(FRIEND)
    with serving(mailservers.Pop3, post) as port:
        mailbox = a_mailbox("pop3", port)
        look(mailbox)
        post.folders["INBOX"].clear()
        look(mailbox)

    assert not LookedAt.objects.exists()


@pytest.mark.parametrize(
    ("folder", "written"),
    [("INBOX", '"INBOX"'), ("Gelöscht", '"Gel&APY-scht"'), ("A & B", '"A &- B"'), ('a"b', '"a\\"b"')],
)
def test_folders_are_written_as_imap_wants_them(folder, written):
    from tracking.mailboxes.wires import _quoted

    assert _quoted(folder) == written


@pytest.fixture
def administrator(client):
    user = User.objects.create_user("ada", "ada@example.org", "x")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="tracking"))
    client.force_login(user)
    return client


MAILBOX = {
    "name": "Bounces",
    "protocol": "imap",
    "host": "127.0.0.1",
    "security": "none",
    "username": "bounces",
    "secret": "secret",
    "folder": "INBOX",
    "after": "stays",
    "is_active": "on",
}


def test_saving_a_mailbox_logs_in_once_and_the_password_is_sealed_and_never_shown(administrator, post, port):
    protocol, number = port
    answer = administrator.post(
        "/settings/returns/mailbox/new/", MAILBOX | {"protocol": protocol, "port": number}, follow=True
    )

    mailbox = Mailbox.objects.get()
    assert "Logging in works" in answer.content.decode()
    assert sealed.unseal(mailbox.password) == "secret"
    page = administrator.get(f"/settings/returns/mailbox/{mailbox.pk}/").content.decode()
    assert "secret" not in page.replace('name="secret"', "").replace("id_secret", "")

    changed = MAILBOX | {"protocol": protocol, "port": number, "name": "Returns", "secret": ""}
    administrator.post(f"/settings/returns/mailbox/{mailbox.pk}/", changed)
    mailbox.refresh_from_db()
    assert (mailbox.name, sealed.unseal(mailbox.password)) == ("Returns", "secret")


def test_a_mailbox_that_cannot_be_opened_is_saved_with_a_warning(administrator):
    answer = administrator.post("/settings/returns/mailbox/new/", MAILBOX | {"port": 1}, follow=True)

    assert "logging in did not work" in answer.content.decode()
    assert Mailbox.objects.get().problem


@pytest.mark.parametrize("wrong", [{"secret": ""}, {"protocol": "pop3", "after": "moves"}, {"host": ""}, {"port": "x"}])
def test_a_mistake_is_pointed_out_and_nothing_is_saved(administrator, wrong):
    assert administrator.post("/settings/returns/mailbox/new/", MAILBOX | wrong).status_code == 422
    assert not Mailbox.objects.exists()


def test_pages_and_acts_need_their_permissions(client):
    client.force_login(User.objects.create_user("eve", "eve@example.org", "x"))
    mailbox = a_mailbox("imap", 1)

    for path in ("", "mailbox/new/", "provider/new/", f"mailbox/{mailbox.pk}/"):
        assert client.get(f"/settings/returns/{path}").status_code == 403
    for path in (f"mailbox/{mailbox.pk}/remove/", f"mailbox/{mailbox.pk}/look/"):
        assert client.post(f"/settings/returns/{path}").status_code == 403


def test_a_provider_is_set_up_with_an_address_of_its_own(administrator):
    given = {"provider": "mailgun", "name": "Mailgun EU", "is_active": "on"}
    assert administrator.post("/settings/returns/provider/new/", given).status_code == 422

    answer = administrator.post("/settings/returns/provider/new/", given | {"key": "k"}, follow=True)

    page = answer.content.decode()
    assert "/hooks/mailgun/" in page
    assert "postduif:" in page
    listed = administrator.get("/settings/returns/").content.decode()
    assert "Mailgun EU" in listed
