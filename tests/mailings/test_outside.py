"""What the last check asks others: the sender's domain in the DNS, and the linked sites. Nobody outside is asked here."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from mailings.models import Mailing
from mailings.preflight import domain, outside, targets
from mailings.preflight.domain import Unanswered
from mailings.preflight.reach import Reach, Unreachable, is_public
from tests.mailings.factories import a_mailing, an_author

GOOD = {
    "bounces.example.org": ["v=spf1 ip4:192.0.2.1 -all"],
    "_dmarc.example.org": ["v=DMARC1; p=reject; rua=mailto:d@example.org"],
}


@dataclass
class Zone:
    """A DNS of a few records."""

    records: dict[str, list[str]] = field(default_factory=lambda: dict(GOOD))
    mail: bool = True
    silent: bool = False

    def texts(self, name: str) -> Sequence[str]:
        if self.silent:
            raise Unanswered("timeout")
        return self.records.get(name, [])

    def takes_mail(self, domain: str) -> bool:
        if self.silent:
            raise Unanswered("timeout")
        return self.mail


def said(zone: Zone, *, sender: str = "example.org", bounces: str = "bounces.example.org") -> list[str]:
    return [code for code, _values in domain.check(sender, bounces, resolver=zone)]


def test_a_domain_with_everything_in_place_has_nothing_to_mend() -> None:
    assert said(Zone()) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"bounces.example.org": []}, "spf_missing"),
        ({"bounces.example.org": ["v=spf1 -all", "v=spf1 mx -all"]}, "spf_several"),
        ({"bounces.example.org": ["v=spf1 +all"]}, "spf_open"),
        ({"bounces.example.org": ["google-site-verification=x"]}, "spf_missing"),
        ({"_dmarc.example.org": []}, "dmarc_missing"),
        ({"_dmarc.example.org": ["v=DMARC1 p=oops"]}, "dmarc_missing"),
    ],
)
def test_each_missing_record_is_named(changes: dict[str, list[str]], code: str) -> None:
    assert code in said(Zone(GOOD | changes))


def test_a_domain_that_takes_no_mail_cannot_be_answered() -> None:
    assert said(Zone(mail=False)) == ["domain_no_mail"]


def test_a_part_of_a_domain_lives_under_the_policy_of_the_whole() -> None:
    zone = Zone(GOOD | {"_dmarc.example.org": ["v=DMARC1; p=none; sp=quarantine"]})

    assert said(zone, sender="news.example.org", bounces="bounces.postduif.example") == ["spf_missing", "dmarc_fails"]
    assert said(zone, sender="example.org", bounces="bounces.example.org") == []


@pytest.mark.parametrize(("record", "codes"), [("v=DKIM1; p=MIIB", []), ("v=DKIM1; p=", ["dkim_missing"])])
def test_a_signing_key_must_stand_in_the_dns(record: str, codes: list[str]) -> None:
    domain.selectors.append(lambda name: ["duif"] if name == "example.org" else [])
    try:
        found = said(Zone(GOOD | {"duif._domainkey.example.org": [record]}))
    finally:
        domain.selectors.pop()

    assert found == codes


@pytest.fixture
def site() -> Iterator[str]:
    """A web server of a few pages, known as site.example to who asks through `asking`."""
    pages = {"/": 200, "/gone": 404, "/broken": 500, "/members": 403, "/away": 302, "/round": 302, "/no-head": 200}

    class Pages(BaseHTTPRequestHandler):
        def answer(self) -> None:
            status = pages.get(self.path.partition("?")[0], 404)
            self.send_response(405 if self.command == "HEAD" and self.path == "/no-head" else status)
            if status == 302:
                self.send_header("Location", "/" if self.path == "/away" else "/round")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://site.example:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def asking() -> Reach:
    def find(host: str, _port: int) -> Sequence[str]:
        if host != "site.example":
            raise Unreachable("no_such_site")
        return ["127.0.0.1"]

    return Reach(find=find, may_ask=lambda _address: True, timeout=5)


def test_links_that_lead_nowhere_are_named_and_others_are_not(site: str) -> None:
    good = [f"{site}{path}" for path in ("/", "/members", "/away", "/no-head", "/?q=a")]
    bad = {f"{site}/gone": "gone", f"{site}/broken": "broken", f"{site}/round": "circle"}
    bad |= {"https://nobody.example/": "no_such_site", "http://site.example:1/": "no_answer"}

    assert asking().broken([*good, *bad]) == bad


def test_a_link_into_a_network_is_never_asked(site: str) -> None:
    port = site.rpartition(":")[2]
    urls = [
        f"http://127.0.0.1:{port}/",
        f"http://localhost:{port}/",
        "http://169.254.169.254/latest/",
        f"http://[::1]:{port}/",
    ]

    assert set(Reach().broken(urls).values()) == {"private"}


def test_a_redirect_into_a_network_is_not_followed() -> None:
    asked: list[str] = []

    def find(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["10.0.0.1"]

    assert Reach(find=find).broken(["http://public.example/"]) == {"http://public.example/": "private"}


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "127.0.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "fd00::1", "224.0.0.1"]
)
def test_addresses_of_networks_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("localhost", True),
        ("printer", True),
        ("nas.local", True),
        ("10.0.0.8", True),
        ("[::1]", True),
        ("example.org", False),
    ],
)
def test_private_sites_are_known_by_name(host: str, answer: bool) -> None:
    assert targets.is_private(host) is answer


@pytest.mark.django_db
def test_what_was_found_out_is_kept_for_these_links_and_this_sender(settings: Settings) -> None:
    cache.clear()
    settings.BOUNCE_DOMAIN = "bounces.example.org"
    mailing = a_mailing()
    assert outside.known(mailing) is None

    outside.look(mailing, resolver=Zone(GOOD | {"_dmarc.example.org": []}), reach=asking())

    found = outside.known(mailing)
    assert found is not None
    assert [(one.code, one.step) for one in found] == [("dmarc_missing", "setup"), ("link_no_such_site", "content")]
    mailing.from_address = "hello@example.net"
    assert outside.known(mailing) is None


@pytest.mark.django_db
def test_a_silent_dns_is_said_and_is_nobodys_fault() -> None:
    cache.clear()

    found = outside.look(a_mailing(content={}), resolver=Zone(silent=True), reach=asking())

    assert [one.code for one in found] == ["dns_silent"]


@pytest.mark.django_db
def test_the_last_check_waits_for_the_answer_and_shows_it(client: Client) -> None:
    cache.clear()
    mailing = a_mailing()
    client.force_login(an_author())
    url = reverse("mailings:confirm_outside", args=[mailing.pk])

    waiting = client.get(url).content.decode()
    outside.look(mailing, resolver=Zone(GOOD | {"_dmarc.example.org": []}), reach=asking())
    answered = client.get(url, {"waited": 1}).content.decode()

    assert "waited=1" in waiting
    assert "has no DMARC record" in answered
    assert "hx-get" not in answered


@pytest.mark.django_db
def test_a_page_that_nobody_answers_stops_asking(client: Client) -> None:
    cache.clear()
    mailing = Mailing.objects.get(pk=a_mailing().pk)
    client.force_login(an_author())

    page = client.get(reverse("mailings:confirm_outside", args=[mailing.pk]), {"waited": 30}).content.decode()

    assert "no worker answered" in page
    assert "hx-get" not in page
