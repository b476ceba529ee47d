"""Whether the files that go along are there, scanned, and light enough for so many people."""

from collections.abc import Iterator

from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from mailings import attachments
from mailings.models import Mailing
from mailings.preflight.findings import Finding, error, warning

HEAVY = 1_000_000  # bytes of one mail, from which spam filters and telephones mind
MUCH = 5_000_000_000  # bytes of all mails together


def check(mailing: Mailing) -> Iterator[Finding]:
    """Look at the files themselves."""
    files = list(mailing.attachments.order_by("pk"))
    for name in attachments.missing(files):
        text = _("The file of the attachment “%(name)s” is gone. Remove it and attach it anew.")
        yield error("attachment_gone", text % {"name": name}, "setup")
    size = sum(one.size for one in files)
    if size > HEAVY:
        text = _(
            "The attachments weigh %(size)s. Filters mistrust heavy mails; a link to a page does not weigh anything."
        )
        yield warning("attachments_heavy", text % {"size": filesizeformat(size)}, "setup")


def of_audience(mailing: Mailing, gets: int) -> Iterator[Finding]:
    """Look at what all of them weigh."""
    size = _size(mailing)
    if size * gets > MUCH:
        text = _("The attachments go out %(times)s times: %(size)s in all.")
        words = {"times": number_format(gets, force_grouping=True), "size": filesizeformat(size * gets * 4 // 3)}
        yield warning("attachments_much", text % words, "setup")


def _size(mailing: Mailing) -> int:
    return mailing.attachments.aggregate(all=Sum("size"))["all"] or 0
