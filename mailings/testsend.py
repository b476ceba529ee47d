"""A test send: the same bytes as the campaign's, marked, to a few addresses, through the same mail server."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from consent import addresses, sealed
from mailings import accounts, compiling, domains, reading
from mailings.channels import DeliveryError, Outcome, Outgoing, Receipt
from mailings.channels.dkim import Signer
from mailings.models import Mailing
from mailings.reading import Reader
from mailings.rendering.escaping import RenderError
from tracking import tokens

MOST = 20  # addresses in one test
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
    compiling.keep_links(mailing, compiled.links)
    return list(_hand_over(mailing, ready))


def _hand_over(mailing: Mailing, ready: Sequence[tuple[str, bytes]]) -> Iterator[Sent]:
    """Through the account of the campaign, and nobody is told anything but what the server said."""
    sender = tokens.return_path(mailing.pk, tokens.TEST)
    letters = [Outgoing(number, sender, address, body) for number, (address, body) in enumerate(ready)]
    try:
        channel = accounts.channel(accounts.choose(mailing), patience=accounts.QUICK)
    except (accounts.Unusable, ValueError) as failure:
        raise CannotTest(str(failure)) from failure
    found: dict[int, Receipt] = {}
    try:
        for receipt in channel.send(letters, on_wire=lambda number: None, meanwhile=lambda: None):
            found[receipt.number] = receipt
    except DeliveryError as failure:
        if not found:
            raise CannotTest(_("The mail server does not answer: %(answer)s") % {"answer": failure}) from failure
    finally:
        channel.close()
    for number, (address, _body) in enumerate(ready):
        yield Sent(address, _problem(found.get(number)))


def _problem(receipt: Receipt | None) -> str:
    if receipt is None:
        return _("It was not tried.")
    return "" if receipt.outcome is Outcome.ACCEPTED else receipt.answer or str(receipt.outcome)
