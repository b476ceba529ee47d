"""The library of links: names and actions that several mailings share. A mailing's link is one of them by its address."""

import hashlib
import re
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import MD5
from django.urls import reverse

from tracking.models import LibraryLink, LinkAction

# What changes consent is asked for on a page: a scanner, or a friend with a forwarded mail, must not do it by looking.
ASKED = (LinkAction.Does.SUBSCRIBE, LinkAction.Does.UNSUBSCRIBE)
PATH = re.compile(r"/l/(\d{1,18})/?")


def in_use() -> QuerySet[LibraryLink]:
    """Links that an author can choose."""
    return LibraryLink.objects.filter(archived_at=None)


def address(link: LibraryLink) -> str:
    """What to fill in where a mail leads to: the page itself, or the page of ours that shows the text."""
    return link.url if link.url else settings.BASE_URL + reverse("tracking:library_link", args=[link.pk])


def match(addresses: Iterable[str]) -> dict[str, LibraryLink]:
    """Which links of the library these addresses are; of two with the same address the newest."""
    wanted = set(addresses)
    start = f"{settings.BASE_URL}/l/"
    numbers = {
        text: int(found.group(1))
        for text in wanted
        if text.startswith(start) and (found := PATH.fullmatch(text.removeprefix(settings.BASE_URL)))
    }
    digests = [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() for text in wanted]
    by_url = in_use().alias(digest=MD5("url")).filter(digest__in=digests, url__in=wanted).order_by("pk")
    known = {link.url: link for link in by_url}
    by_number = LibraryLink.objects.in_bulk(numbers.values())
    return known | {text: by_number[number] for text, number in numbers.items() if number in by_number}


def with_page(links: QuerySet[LibraryLink]) -> QuerySet[LibraryLink]:
    """Links whose click ends on a page of ours: it shows a text, or asks before it changes consent."""
    asks = LinkAction.objects.filter(link=OuterRef("pk"), does__in=ASKED)
    return links.filter(Q(response=LibraryLink.Response.TEXT) | Exists(asks))


def targets(mailing: int) -> Mapping[int, tuple[str, bool]]:
    """Of a mailing's links that are in the library: (address, does it end on a page of ours) by number."""
    of_mailing = LibraryLink.objects.filter(uses__mailing=mailing)
    with_pages = set(with_page(of_mailing).values_list("pk", flat=True))
    rows = of_mailing.values_list("uses__number", "uses__mailing", "pk", "url")
    return {number: (url, pk in with_pages) for number, of, pk, url in rows if of == mailing}
