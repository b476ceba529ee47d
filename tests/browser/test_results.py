"""What came back, across its pages: breakdowns, click map, comparing, trends, the link library, where mail comes back."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from consent import sealed
from mailings import breakdowns, statistics
from mailings.models import Mailing
from tests.browser.test_reports import a_november_newsletter
from tests.mailings.factories import HELLO, a_selection
from tests.mailings.returns import LATER
from tracking.models import Hook, LibraryLink, Link, LinkAction, Mailbox


@pytest.fixture
def administrator(author):
    """The author may also look after where mail comes back."""
    user = User.objects.get(email="marieke@example.org")
    user.user_permissions.add(*Permission.objects.filter(content_type__app_label__in=["tracking", "recipients"]))
    return author


def counted() -> Mailing:
    mailing = a_november_newsletter()
    breakdowns.count(mailing.pk, now=LATER)
    return mailing


def test_the_breakdown_and_the_click_map_are_fit_to_be_seen(author):
    mailing = counted()
    Mailing.objects.filter(pk=mailing.pk).update(content=HELLO, from_address="hello@example.org")

    author.tour(f"/mailings/{mailing.pk}/reports/", "report-breakdown")
    author.tour(f"/mailings/{mailing.pk}/as-sent/?map=1", "report-clickmap")


def test_comparing_and_trends_are_fit_to_be_seen(author):
    one = counted()
    Mailing.objects.filter(pk=one.pk).update(started_at=timezone.now() - dt.timedelta(days=2))
    two = Mailing.objects.create(name="Second letter", status="sent", started_at=timezone.now() - dt.timedelta(days=40))
    statistics.refresh(two, now=LATER)

    author.tour(f"/reports/compare/?mailing={one.pk}&mailing={two.pk}", "compare")
    author.tour("/reports/trends/", "trends")


def test_the_link_library_is_fit_to_be_seen_and_an_action_shows_only_its_own_fields(administrator):
    guests = a_selection("Guests")
    link = LibraryLink.objects.create(name="I am coming", url="https://example.org/open-day")
    LinkAction.objects.create(link=link, does="to_selection", detail={"selection": guests.pk})
    LinkAction.objects.create(link=link, does="off_selection", detail={"selection": guests.pk})
    mailing = a_november_newsletter()
    Link.objects.filter(mailing=mailing.pk, number=1).update(library=link)

    administrator.tour("/links/", "links")
    administrator.tour(f"/links/{link.pk}/", "link")
    page = administrator.open(f"/links/{link.pk}/")
    page.get_by_label("What a click does").select_option("create_task")
    assert page.get_by_label("What is to be done").is_visible()
    assert not page.get_by_label("Selection", exact=True).is_visible()


def test_where_mail_comes_back_is_fit_to_be_seen(administrator):
    hook = Hook.objects.create(provider="postmark", name="Postmark", password=sealed.seal("x"), taken=12)
    Mailbox.objects.create(name="Bounces", host="imap.example.org", username="bounces", problem="wrong password")

    administrator.tour("/settings/returns/", "returns")
    administrator.tour(f"/settings/returns/provider/{hook.pk}/", "returns-provider")
    administrator.tour("/settings/returns/mailbox/new/", "returns-mailbox")


def test_the_page_where_a_click_ends_is_fit_to_be_seen(visitor):
    link = LibraryLink.objects.create(
        name="Thanks", response="text", text="Thank you!\n\nSee you on Friday.", url="https://example.org/"
    )

    visitor.tour(f"/l/{link.pk}/", "act")
