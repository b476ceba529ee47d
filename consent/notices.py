"""The privacy notice and who is responsible, version by version; each entry of the ledger names the one that held."""

import datetime as dt
import hashlib

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from consent.models import PrivacyNotice


class SameNotice(ValueError):
    """The notice says what it said before; the message is fit to show a person."""


def current() -> PrivacyNotice | None:
    """Give the notice that holds now; None before the first one was written down."""
    return PrivacyNotice.objects.order_by("-pk").first()


def publish(
    *,
    version: str,
    url: str,
    text: str,
    controller: str,
    contact: str,
    mails_new: bool = False,
    by: User | None,
    now: dt.datetime,
) -> PrivacyNotice:
    """Write down a new version; from now on new entries name it. Raises SameNotice when nothing is different."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    latest = current()
    said = (version, url, digest, controller, contact, mails_new)
    if latest and said == (*_said(latest), latest.mails_new):
        raise SameNotice(_("This is the version that holds now"))
    return PrivacyNotice.objects.create(
        version=version,
        url=url,
        text=text,
        digest=digest,
        controller=controller,
        contact=contact,
        mails_new=mails_new,
        created_at=now,
        created_by=by,
    )


def _said(notice: PrivacyNotice) -> tuple[str, str, str, str, str]:
    return notice.version, notice.url, notice.digest, notice.controller, notice.contact
