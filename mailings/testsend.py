"""A test send: the same bytes as the campaign's, marked, to a few addresses, through the same mail server."""

import re
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from consent import addresses, sealed
from mailings import compiling, domains, reading
from mailings.channels import DeliveryError
from mailings.channels.dkim import Signer
from mailings.channels.smtp import Account, Patience, connect
from mailings.models import Mailing
from mailings.reading import Reader
from mailings.rendering.escaping import RenderError
from tracking import tokens

MOST = 20  # addresses in one test
PATIENCE = Patience(connect=10, command=15, data=15, block=15, final_dot=30)  # somebody waits for the answer
_BETWEEN = re.compile(r"[;,\s]+")


class CannotTest(ValueError):
    """The test cannot be sent at all; the sentence says why."""


@dataclass(frozen=True)
class Sent:
    """What became of one test mail: `problem` is empty when the server took it."""

    address: str
    problem: str = ""


def addresses_in(text: str) -> tuple[list[str], list[str]]:
    """Read addresses separated by ; or , or line ends; give the good ones, and a sentence for each other one."""
    good: list[str] = []
    sentences: list[str] = []
    for word in filter(None, _BETWEEN.split(text)):
        try:
            address = addresses.normalise(word)
        except addresses.InvalidAddress as mistake:
            sentences.append(f"{word[:80]}: {mistake}")
            continue
        if address not in good:
            good.append(address)
    return good, sentences


def send(mailing: Mailing, to: Sequence[str], who: Reader, *, now: datetime) -> list[Sent]:
    """Send a test to each address, filled in for `who`. Raises CannotTest when nothing can be sent."""
    if not to:
        raise CannotTest(_("Write an address to send the test to."))
    if len(to) > MOST:
        raise CannotTest(_("A test goes to %(count)d addresses at most.") % {"count": MOST})
    compiled = compiling.preview_of(mailing, is_test=True)
    try:
        signer = domains.signer_for(mailing.from_address) or Signer([])
        letters = [(one, reading.test_message(mailing, who, one, compiled=compiled, now=now)) for one in to]
        ready = [(one, signer.sign(letter, at=int(now.timestamp()))) for one, letter in letters]
    except (RenderError, sealed.CannotOpen) as refusal:
        raise CannotTest(str(refusal)) from refusal
    compiling.keep_links(mailing, compiled)
    return list(_hand_over(mailing, ready))


def _hand_over(mailing: Mailing, ready: Sequence[tuple[str, bytes]]) -> Iterator[Sent]:
    try:
        server = connect(Account.from_url(settings.SMTP_URL), hello=settings.BOUNCE_DOMAIN, patience=PATIENCE)
    except (DeliveryError, ValueError) as failure:
        raise CannotTest(_("The mail server does not answer: %(answer)s") % {"answer": failure}) from failure
    sender = tokens.return_path(mailing.pk, tokens.TEST)
    try:
        for address, body in ready:
            yield _one(server, sender, address, body)
    finally:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()


def _one(server: smtplib.SMTP, sender: str, address: str, body: bytes) -> Sent:
    try:
        server.sendmail(sender, [address], body)
    except smtplib.SMTPRecipientsRefused as refusal:
        code, said = next(iter(refusal.recipients.values()))
        return Sent(address, f"{code} {said.decode('utf-8', 'replace')}")
    except smtplib.SMTPResponseException as refusal:
        words = refusal.smtp_error
        return Sent(
            address, f"{refusal.smtp_code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"
        )
    except (OSError, smtplib.SMTPException) as failure:
        return Sent(address, str(failure) or type(failure).__name__)
    return Sent(address)
