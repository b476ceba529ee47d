"""Sending accounts: which one a mailing goes through, and secrets that nobody sees again."""

import logging

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from consent import sealed
from mailings import accounts, lifecycle, tasks
from mailings.delivery import worker
from mailings.models import Chunk, Mailing, Message, SendingAccount, SendingPolicy
from tests.conftest import NOON
from tests.mailings.channels.test_providers import YES
from tests.mailings.delivery.factories import a_crowd, states
from tests.mailings.endpoint import Answer, Endpoint
from tests.mailings.factories import a_mailing, an_author
from tests.mailings.peer import Peer, Script

pytestmark = pytest.mark.django_db
SECRET = "a-secret-nobody-sees"


@pytest.fixture(autouse=True)
def _ground(settings: Settings, tmp_path: object) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"
    settings.JOURNAL_DIR = tmp_path
    settings.CELERY_BROKER_URL = "memory://"


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", "root@example.org", "a long enough one"))
    return client


def an_account(name: str = "House", **values: object) -> SendingAccount:
    values.setdefault("options", {"host": "mail.example.org"})
    return SendingAccount.objects.create(name=name, **values)


def at(peer: Peer, name: str = "Peer", **values: object) -> SendingAccount:
    return an_account(name, options={"host": "127.0.0.1", "port": peer.port, "security": ""}, **values)


@pytest.mark.parametrize(
    ("named", "from_address", "expected"),
    [
        ("Named", "hello@served.example", "Named"),
        ("", "hello@served.example", "Serving"),
        ("", "hello@Served.Example", "Serving"),
        ("", "hello@other.example", "Default"),
    ],
)
def test_a_mailing_goes_through_its_own_account_else_its_domains_else_the_default(
    named: str, from_address: str, expected: str
) -> None:
    known = {
        "Named": an_account("Named"),
        "Serving": an_account("Serving", from_domains=["served.example"]),
        "Default": an_account("Default", is_default=True),
    }
    an_account("Idle", from_domains=["served.example", "other.example"], is_active=False)

    chosen = accounts.choose(a_mailing(account=known.get(named), from_address=from_address))

    assert chosen == known[expected]


def test_without_accounts_smtp_url_is_the_account() -> None:
    assert accounts.choose(a_mailing()) is None


def test_a_mailing_whose_account_is_out_of_use_does_not_start() -> None:
    mailing = a_mailing(to=a_crowd(1), account=an_account(is_active=False))

    with pytest.raises(lifecycle.CannotStart, match="is not in use any more"):
        lifecycle.start(mailing, by=None, now=NOON)
    assert Mailing.objects.get().status == "draft"


def test_each_mailing_goes_through_its_own_server() -> None:
    with Peer() as first, Peer() as second:
        one = lifecycle.start(a_mailing(to=a_crowd(3), account=at(first, "One")), by=None, now=NOON)
        other = lifecycle.start(
            a_mailing(to=a_crowd(2, domain="example.net"), account=at(second, "Two")), by=None, now=NOON
        )
        for chunk in Chunk.objects.all():
            worker.work(chunk.pk, channel=tasks.channel_of(chunk.pk), clock=lambda: NOON)
        tasks.say_goodbye()
        tasks._channels.clear()

        assert (len(first.letters), len(second.letters)) == (3, 2)
    assert set(states(one).values()) == set(states(other).values()) == {"sent"}


def test_a_campaign_goes_through_a_provider_and_every_answer_stands_on_its_row() -> None:
    answers = [
        Answer(200, YES["postmark"]),
        Answer(422, {"ErrorCode": 406, "Message": "inactive recipient"}),
        Answer(429, {}),
        Answer(500, {}),
        Answer(200, YES["postmark"]),
    ]
    with Endpoint(*answers) as endpoint:
        account = an_account(kind="postmark", options={"api_url": endpoint.url}, secret=sealed.seal(SECRET))
        mailing = lifecycle.start(a_mailing(to=a_crowd(6), account=account), by=None, now=NOON)
        channel = accounts.channel(account)
        worker.work(Chunk.objects.get().pk, channel=channel, clock=lambda: NOON)
        channel.close()

    found = sorted(Message.objects.filter(mailing=mailing).values_list("state", flat=True))
    assert found == ["deferred", "failed", "sent", "sent", "sent", "unknown"]
    assert len(endpoint.requests) == 6
    assert not Message.objects.filter(answer__contains=SECRET).exists()


def test_a_changed_account_gets_a_new_channel() -> None:
    account = an_account()
    lifecycle.start(a_mailing(to=a_crowd(1), account=account), by=None, now=NOON)
    chunk = Chunk.objects.get().pk

    before, same = tasks.channel_of(chunk), tasks.channel_of(chunk)
    account.options = {"host": "other.example.org"}
    account.save()
    after = tasks.channel_of(chunk)
    tasks.say_goodbye()
    tasks._channels.clear()

    assert before is same
    assert after is not before


def test_an_account_whose_secret_cannot_be_opened_pauses_its_mailing(settings: Settings) -> None:
    account = an_account(secret=sealed.seal(SECRET))
    mailing = lifecycle.start(a_mailing(to=a_crowd(1), account=account), by=None, now=NOON)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", []
    tasks._channels.clear()

    tasks._work(Chunk.objects.get().pk)

    assert Mailing.objects.get(pk=mailing.pk).status == "paused"
    assert "sealed with another SECRET_KEY" in mailing.happenings.order_by("-pk")[0].detail["why"]


# the pages


def test_a_server_is_added_tested_and_its_password_never_shown_again(
    administrator: Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with Peer(Script(login=("ada", SECRET))) as peer:
        given = {
            "name": "House",
            "option_host": "127.0.0.1",
            "option_port": peer.port,
            "option_security": "",
            "option_user": "ada",
            "secret": SECRET,
            "from_domains": "Example.org, @news.example.org",
            "is_active": "on",
            "is_default": "on",
            "warm_up_growth": "1.5",
        }
        made = administrator.post("/settings/accounts/new/?kind=smtp", given, follow=True)
        account = SendingAccount.objects.get()
        again = {**given, "secret": "", "name": "The house"}
        administrator.post(f"/settings/accounts/{account.pk}/", again)
        tested = administrator.post(f"/settings/accounts/{account.pk}/test/", {"to": "me@example.org"}, follow=True)

        assert peer.recipients() == ["me@example.org"]
    account.refresh_from_db()
    pages = made.content.decode() + tested.content.decode()
    pages += administrator.get("/settings/accounts/").content.decode()
    pages += administrator.get(f"/admin/mailings/sendingaccount/{account.pk}/change/").content.decode()
    assert "Taken by The house for me@example.org." in tested.content.decode()
    assert (account.name, account.from_domains) == ("The house", ["example.org", "news.example.org"])
    assert SECRET not in pages
    assert SECRET not in account.secret
    assert sealed.unseal(account.secret) == SECRET
    assert SECRET not in caplog.text
    assert SECRET not in "".join(capfd.readouterr())


def test_a_wrong_password_is_said_in_the_servers_words(administrator: Client) -> None:
    with Peer(Script(login=("ada", SECRET))) as peer:
        account = at(peer)
        account.options |= {"user": "ada"}
        account.secret = sealed.seal("wrong")
        account.save()

        page = administrator.post(f"/settings/accounts/{account.pk}/test/", {"to": "me@example.org"}, follow=True)

    assert "The account does not work: 535 5.7.8 no" in page.content.decode()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"option_host": ""}, "This field is required."),
        ({"from_domains": "exa mple"}, "exa mple"),
        ({"warm_up_from": "2026-11-23"}, "Say how many on the first day."),
        ({"warm_up_growth": "0.5"}, "A warm-up grows"),
        ({"is_default": "on", "is_active": ""}, "The default account has to be in use."),
        ({"option_port": "70000"}, "65535"),
    ],
)
def test_what_is_wrong_with_an_account_is_said_beside_it(
    administrator: Client, given: dict[str, str], sentence: str
) -> None:
    typed = {"name": "House", "option_host": "mail.example.org", "is_active": "on", "warm_up_growth": "1.5", **given}

    answer = administrator.post("/settings/accounts/new/?kind=smtp", typed)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not SendingAccount.objects.exists()


def test_a_new_default_account_takes_the_place_of_the_old_one(administrator: Client) -> None:
    old = an_account("Old", is_default=True)
    given = {"name": "New", "option_host": "h", "is_default": "on", "is_active": "on", "warm_up_growth": "1.5"}

    administrator.post("/settings/accounts/new/?kind=smtp", given)

    old.refresh_from_db()
    assert not old.is_default
    assert SendingAccount.objects.get(is_default=True).name == "New"


def test_an_account_mailings_went_through_stays(administrator: Client) -> None:
    account = an_account()
    a_mailing(account=account)

    page = administrator.post(f"/settings/accounts/{account.pk}/delete/", follow=True)

    assert "Put it out of use instead." in page.content.decode()
    assert SendingAccount.objects.exists()


@pytest.mark.parametrize("kind", SendingAccount.Kind.values)
def test_every_kind_has_its_page(administrator: Client, kind: str) -> None:
    page = administrator.get(f"/settings/accounts/new/?kind={kind}")

    assert page.status_code == 200
    assert 'type="password"' in page.content.decode()


@pytest.mark.parametrize(
    "path", ["settings/accounts/", "settings/accounts/new/", "settings/sending/", "settings/sending/limit/"]
)
def test_who_may_not_does_not_see_settings(client: Client, path: str) -> None:
    client.force_login(User.objects.create_user("analyst"))

    answer = client.post(f"/{path}") if path.endswith("limit/") else client.get(f"/{path}")

    assert answer.status_code == 403


def test_the_rules_of_the_house_are_kept_and_nonsense_is_refused(administrator: Client) -> None:
    given = {
        "undo_seconds": "30",
        "late_minutes": "60",
        "approval_from": "10000",
        "per_minute": "",
        "breaker_first": "500",
        "bounce_percent": "4",
        "complaint_percent": "0.1",
        "refused_percent": "20",
        "texts_from": "09:00",
        "texts_until": "21:00",
        "currency": "EUR",
    }

    administrator.post("/settings/sending/", given)
    refused = administrator.post("/settings/sending/", {**given, "bounce_percent": "140", "undo_seconds": "9000"})

    kept = SendingPolicy.objects.get()
    assert (kept.undo_seconds, kept.approval_from, kept.bounce_percent) == (30, 10_000, 4)
    assert refused.status_code == 422
    assert "A percentage lies between 0 and 100." in refused.content.decode()
    assert "Ten minutes at most." in refused.content.decode()


def test_an_author_sends_through_a_chosen_account(client: Client) -> None:
    client.force_login(an_author())
    mailing, account = a_mailing(), an_account()

    client.post(f"/mailings/{mailing.pk}/sending/", {"any_hour": "any", "account": account.pk})

    assert Mailing.objects.get().account == account
