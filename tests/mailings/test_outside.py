"""What the last check asks others: the sender's domain in the DNS, and the linked sites. Nobody outside is asked here."""

import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from mailings import dns
from mailings.models import DkimKey, Mailing, SendingDomain
from mailings.preflight import outside, targets
from mailings.preflight.reach import Reach, Unreachable, is_public
from tests.conftest import NOON, empty_cache
from tests.mailings.factories import a_mailing, an_author
from tests.mailings.nameserver import NameServer

GOOD = {
    ("bounces.example.org", "TXT"): ['"v=spf1 ip4:192.0.2.1 -all"'],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=reject"'],
    ("pd._domainkey.example.org", "TXT"): ['"v=DKIM1; p=MIIB"'],
}
type Records = dict[tuple[str, str], list[str]]


@pytest.fixture(autouse=True)
def _fresh(settings: Settings) -> None:
    empty_cache()
    settings.BOUNCE_DOMAIN = "bounces.example.org"


def without(*names: str) -> Records:
    return {key: values for key, values in GOOD.items() if key[0] not in names}


def a_signed_domain() -> None:
    domain = SendingDomain.objects.create(name="example.org")
    DkimKey.objects.create(domain=domain, selector="pd", algorithm="rsa", public="MIIB", status="signing", made_at=NOON)


def said(mailing: Mailing, records: Records, *, is_silent: bool = False) -> list[str]:
    """What the last check says of the sender, asking a real name server with these records."""
    with NameServer(records, is_silent=is_silent) as server:
        found = outside.look(mailing, resolver=dns.Dns([server.address]), reach=asking())
    return [one.code for one in found if one.step == "setup"]


@pytest.mark.django_db
def test_a_domain_with_everything_in_place_has_nothing_to_mend() -> None:
    a_signed_domain()

    assert said(a_mailing(), GOOD) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("bounces.example.org", "spf_missing"),
        ("_dmarc.example.org", "dmarc_missing"),
        ("pd._domainkey.example.org", "dkim_missing"),
    ],
)
def test_each_missing_record_is_named(name: str, code: str) -> None:
    a_signed_domain()

    assert said(a_mailing(), without(name)) == [code]


@pytest.mark.django_db
def test_a_domain_without_keys_of_ours_is_named() -> None:
    assert said(a_mailing(), GOOD) == ["dkim_unsigned"]


@pytest.mark.django_db
def test_a_silent_dns_is_said_once_and_is_nobodys_fault() -> None:
    a_signed_domain()

    assert said(a_mailing(), GOOD, is_silent=True) == ["dns_silent"]


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
def test_what_was_found_out_is_kept_for_these_links_and_this_sender() -> None:
    mailing = a_mailing()
    assert outside.known(mailing) is None

    outside.look(mailing, resolver=None, reach=asking())

    found = outside.known(mailing)
    assert found is not None
    assert [(one.code, one.step) for one in found] == [("dns_silent", "setup"), ("link_no_such_site", "content")]
    mailing.from_address = "hello@example.net"
    assert outside.known(mailing) is None


@pytest.mark.django_db
def test_the_last_check_waits_for_the_answer_and_shows_it(client: Client) -> None:
    mailing = a_mailing()
    client.force_login(an_author())
    url = reverse("mailings:confirm_outside", args=[mailing.pk])

    waiting = client.get(url).content.decode()
    said(mailing, without("_dmarc.example.org"))
    answered = client.get(url, {"waited": 1}).content.decode()

    assert "waited=1" in waiting
    assert "There is no DMARC record" in answered
    assert "hx-get" not in answered


@pytest.mark.django_db
def test_a_page_that_nobody_answers_stops_asking(client: Client) -> None:
    client.force_login(an_author())

    page = client.get(reverse("mailings:confirm_outside", args=[a_mailing().pk]), {"waited": 30}).content.decode()

    assert "no worker answered" in page
    assert "hx-get" not in page
