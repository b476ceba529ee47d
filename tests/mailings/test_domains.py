"""Sending domains: keys made, published, used and replaced; what the DNS says, and what to do about it."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from consent import sealed
from mailings import dns_checks, domains
from mailings.dns import Dns
from mailings.dns_checks import Level
from mailings.models import DkimKey, SendingDomain
from tests.conftest import NOON
from tests.mailings.factories import an_author
from tests.mailings.nameserver import NameServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Settings) -> Iterator[NameServer]:
    with NameServer() as server:
        settings.DNS_SERVERS = [server.address]
        yield server


@pytest.fixture
def author() -> User:
    return an_author()


@pytest.fixture
def page(author: User) -> Client:
    client = Client()
    client.force_login(author)
    return client


def a_domain(name: str = "example.org") -> SendingDomain:
    return domains.add(name, by=an_author(), now=NOON)


def publish(domain: SendingDomain, server: NameServer) -> None:
    for key in domain.keys.select_related("domain"):
        server.publish(key.record_name, key.record)


def levels(domain: SendingDomain) -> dict[str, str]:
    return {finding["check"]: finding["level"] for finding in domain.findings}


def test_a_new_domain_has_a_pair_of_keys_that_sign_nothing_yet():
    domain = a_domain(" Hello@Bücher.example. ")

    assert domain.name == "xn--bcher-kva.example"
    assert sorted(domain.keys.values_list("algorithm", "status")) == [("ed25519", "waiting"), ("rsa", "waiting")]
    assert domains.signer_for("a@xn--bcher-kva.example") is None


@pytest.mark.parametrize("name", ["", "localhost", "a b.org", "-x.org", "exa_mple.org", "x" * 300 + ".org", "<b>.org"])
def test_what_is_no_domain_is_refused_in_words(name):
    with pytest.raises(domains.CannotUse, match="not the name of a domain"):
        a_domain(name)


def test_a_domain_is_taken_up_once():
    a_domain()

    with pytest.raises(domains.CannotUse, match="already"):
        a_domain("EXAMPLE.org")


def test_the_private_half_is_readable_only_with_the_houses_key(settings):
    key = a_domain().keys.first()

    assert "MII" not in key.private
    settings.SECRET_KEY = "another"
    with pytest.raises(sealed.CannotOpen):
        sealed.unseal(key.private)


def test_signing_starts_when_the_dns_shows_the_keys(server):
    domain, resolver = a_domain(), Dns([server.address])

    with pytest.raises(domains.CannotUse, match="does not show"):
        domains.start_signing(domain, resolver, by=an_author(), now=NOON)
    publish(domain, server)
    domains.start_signing(domain, resolver, by=an_author(), now=NOON)

    signer = domains.signer_for("news@example.org")
    assert signer is not None
    assert [key.algorithm for key in signer.keys] == ["rsa-sha256", "ed25519-sha256"]
    assert DkimKey.objects.filter(status="signing", started_by=an_author()).count() == 2


def test_a_domain_signs_for_the_names_below_it_and_no_other():
    domains.start_signing(a_domain(), None, by=an_author(), now=NOON)

    assert domains.signer_for("a@news.example.org") is not None
    assert domains.signer_for("a@example.org.evil.test") is None
    assert domains.signer_for("a@notexample.org") is None
    assert domains.signer_for("") is None


def test_new_keys_take_over_and_the_old_ones_stay_published_for_a_week():
    domain = a_domain()
    domains.start_signing(domain, None, by=an_author(), now=NOON)
    later = NOON + dt.timedelta(days=180)

    domains.make_keys(domain, by=an_author(), now=later)
    before = {key.selector for key in domains.signer_for("a@example.org").keys}
    domains.start_signing(domain, None, by=an_author(), now=later)
    after = {key.selector for key in domains.signer_for("a@example.org").keys}

    assert not before & after
    assert domain.keys.filter(status="retired").count() == 2
    assert domains.forget_retired(domain, now=later) == 0
    assert domains.forget_retired(domain, now=later + dt.timedelta(days=7)) == 2


def test_two_pairs_do_not_wait_at_once():
    with pytest.raises(domains.CannotUse, match="waiting already"):
        domains.make_keys(a_domain(), by=an_author(), now=NOON)


def check(domain: SendingDomain, server: NameServer, *, mail_server: str = "mail.example.org") -> None:
    domains.check(domain, Dns([server.address]), bounce_domain="bounces.example.org", server=mail_server, now=NOON)


def test_an_empty_dns_says_what_to_do(server):
    domain = a_domain()

    check(domain, server)

    assert levels(domain) == {
        "dkim": "problem", "spf": "problem", "dmarc": "problem", "alignment": "good", "mx": "problem",
        "ptr": "advice", "mta_sts": "advice", "tls_rpt": "advice", "bimi": "advice",
    }  # fmt: skip
    sentences = " ".join(dns_checks.Finding.from_json(kept).sentence for kept in domain.findings)
    assert "v=spf1 a:mail.example.org -all" in sentences
    assert "_dmarc.example.org" in sentences


def test_a_domain_in_order_has_nothing_to_mend(server):
    domain = a_domain()
    publish(domain, server)
    server.publish("bounces.example.org", "v=spf1 a:mail.example.org -all")
    server.publish("_dmarc.example.org", "v=DMARC1; p=reject; rua=mailto:d@example.org")
    server.publish("_mta-sts.bounces.example.org", "v=STSv1; id=1")
    server.publish("_smtp._tls.bounces.example.org", "v=TLSRPTv1; rua=mailto:t@example.org")
    server.publish("default._bimi.example.org", "v=BIMI1; l=https://example.org/mark.svg")
    server.records |= {
        ("bounces.example.org", "MX"): ["10 mail.example.org."],
        ("mail.example.org", "A"): ["192.0.2.7"],
        ("7.2.0.192.in-addr.arpa", "PTR"): ["mail.example.org."],
    }

    check(domain, server)

    assert set(levels(domain).values()) == {"good"}


@pytest.mark.parametrize(
    ("records", "code"),
    [
        (["v=spf1 -all", "v=spf1 ~all"], "spf_many"),
        (["v=spf1 +all"], "spf_loose"),
        (["v=spf1 include:deep.example.org -all"], "spf_lookups"),
        (["v=spf1 ip4:192.0.2.0/24 ~all"], "good"),
    ],
)
def test_spf_is_read_as_receivers_read_it(server, records, code):
    domain = a_domain()
    server.publish("deep.example.org", "v=spf1 " + " ".join(f"a:h{n}.example.org" for n in range(10)) + " -all")
    for record in records:
        server.publish("bounces.example.org", record)

    check(domain, server)

    assert next(kept["code"] for kept in domain.findings if kept["check"] == "spf") == code


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ("v=DMARC1; p=none", "dmarc_none"),
        ("v=DMARC1; sp=none", "dmarc_bad"),
        ("v=DMARC1; p=reject; pct=50", "dmarc_old"),
        ("v=DMARC1; p=quarantine", "good"),
    ],
)
def test_dmarc_of_the_name_above_counts_for_those_below(server, record, code):
    domain = a_domain("news.example.org")
    server.publish("_dmarc.example.org", record)

    check(domain, server)

    assert next(kept["code"] for kept in domain.findings if kept["check"] == "dmarc") == code


@pytest.mark.parametrize(
    ("bounces", "level"),
    [("bounces.example.co.uk", Level.GOOD), ("example.co.uk", Level.GOOD), ("other.co.uk", Level.ADVICE)],
)
def test_names_belong_together_below_the_same_owner(bounces, level):
    finding = next(iter(dns_checks._alignment("news.example.co.uk", bounces)))

    assert finding.level is level


def test_a_dns_that_does_not_answer_says_nothing_about_the_records():
    class Silent:
        def txt(self, name):
            raise dns_checks.NoAnswer

        mx = addresses = names_of = txt

    found = dns_checks.of("example.org", [("k", "p")], bounce_domain="b.example.org", server="mail", resolver=Silent())

    assert {finding.level for finding in found} == {Level.UNASKED, Level.GOOD}
    assert not dns_checks.shows("k", "p", Silent())


def test_an_administrator_adds_a_domain_publishes_and_starts(page, server):
    response = page.post("/settings/domains/", {"name": "example.org"}, follow=True)
    domain = SendingDomain.objects.get()
    publish(domain, server)
    assert all(key.record in response.content.decode().replace("&#x3D;", "=") for key in domain.keys.all())

    page.post(f"/settings/domains/{domain.pk}/check/")
    response = page.post(f"/settings/domains/{domain.pk}/sign/", follow=True)

    assert "is signed from now on" in response.content.decode()
    assert domains.signer_for("a@example.org") is not None
    assert "PRIVATE" not in response.content.decode()


def test_a_name_that_is_none_is_kept_and_explained(page):
    response = page.post("/settings/domains/", {"name": "no domain"})

    assert response.status_code == 422
    assert 'value="no domain"' in response.content.decode()


@pytest.mark.parametrize("action", ["check", "keys", "sign", "forget", "remove"])
def test_who_has_no_right_changes_nothing(action):
    domain = a_domain()
    client = Client()
    client.force_login(User.objects.create(username="visitor"))

    assert client.get("/settings/domains/").status_code == 403
    assert client.post("/settings/domains/", {"name": "b.org"}).status_code == 403
    assert client.post(f"/settings/domains/{domain.pk}/{action}/").status_code == 403
    assert SendingDomain.objects.count() == 1


def test_a_domain_can_be_removed(page):
    domain = a_domain()

    page.post(f"/settings/domains/{domain.pk}/remove/")

    assert not DkimKey.objects.exists()
