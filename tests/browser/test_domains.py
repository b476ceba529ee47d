"""Sending domains, clicked through: a domain, its keys, what the DNS says of it."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from mailings import domains
from mailings.dns import Dns
from mailings.models import SendingDomain
from tests.browser.conftest import Visitor
from tests.mailings.factories import an_author
from tests.mailings.nameserver import NameServer


@pytest.fixture
def known(transactional_db: None) -> SendingDomain:
    """Signs, has new keys waiting, and a DNS that lacks a few things."""
    domain = domains.add("dewerkbank.example", by=an_author(), now=timezone.now())
    domains.start_signing(domain, None, by=an_author(), now=timezone.now())
    domains.make_keys(domain, by=an_author(), now=timezone.now())
    with NameServer() as server:
        server.publish("_dmarc.dewerkbank.example", "v=DMARC1; p=none; rua=mailto:dmarc@dewerkbank.example")
        server.publish("bounces.dewerkbank.example", "v=spf1 a:mail.dewerkbank.example -all")
        domains.check(
            domain,
            Dns([server.address]),
            bounce_domain="bounces.dewerkbank.example",
            server="mail.dewerkbank.example",
            now=timezone.now(),
        )
    return domain


def test_pages_of_sending_domains_are_free_of_barriers(author: Visitor, known: SendingDomain) -> None:
    author.tour("/settings/domains/", "domains")
    author.tour(f"/settings/domains/{known.pk}/", "domain")


def test_a_domain_is_added_and_its_records_stand_there_to_be_copied(author: Visitor) -> None:
    page = author.open("/settings/")
    page.get_by_role("link", name="Open").and_(page.locator("[href='/settings/domains/']")).click()
    page.get_by_label("The part behind the @ of your From addresses").fill("example.org")
    page.get_by_role("button", name="Add, and make its keys").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("example.org")
    expect(page.get_by_label("Record of").first).to_have_value(
        SendingDomain.objects.get().keys.order_by("-pk")[0].record
    )
    author.inspect()
