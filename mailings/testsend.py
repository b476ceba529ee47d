"""A test send: the same bytes as the campaign's, marked, to a few addresses, through the same mail server."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.text import slugify
from django.utils.translation import gettext as _

from consent import addresses, automatic, sealed
from mailings import accounts, compiling, domains, medium, reading, texts
from mailings.channels import DeliveryError, Outcome, Outgoing, Receipt
from mailings.channels.dkim import Signer
from mailings.letters import seeing
from mailings.letters.press import CannotPrint
from mailings.letters.word import CannotUse
from mailings.medium import Content
from mailings.models import Mailing
from mailings.reading import Reader
from mailings.rendering.escaping import RenderError
from recipients import phones
from tracking import tokens

MOST = 20  # addresses in one test
_BETWEEN = re.compile(r"[;,\s]+")
_BETWEEN_NUMBERS = re.compile(r"[;,\r\n]+")


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


def numbers_in(text: str) -> tuple[list[str], list[str]]:
    """Read telephone numbers, which may have spaces in them; give the good ones, and a sentence for each other one."""
    good: list[str] = []
    sentences: list[str] = []
    for word in filter(None, (one.strip() for one in _BETWEEN_NUMBERS.split(text))):
        try:
            number = phones.normalise(word, settings.HOME_COUNTRY)
        except phones.InvalidPhone as mistake:
            sentences.append(f"{word[:40]}: {mistake}")
            continue
        if not phones.takes_texts(number):
            sentences.append(_("%(number)s takes no text messages.") % {"number": word[:40]})
        elif number not in good:
            good.append(number)
    return good, sentences


def send(mailing: Mailing, to: Sequence[str], who: Reader, *, now: datetime) -> list[Sent]:
    """Send a test to each address, filled in for `who`. Raises CannotTest when nothing can be sent."""
    if not to:
        raise CannotTest(_("Write an address to send the test to."))
    if len(to) > MOST:
        raise CannotTest(_("A test goes to %(count)d addresses at most.") % {"count": MOST})
    content = medium.of(mailing).content
    if content is Content.TEXT:
        return list(_hand_over(mailing, _texts(mailing, to, who)))
    if content is Content.LETTER:
        return list(_letters(mailing, to, who, now=now))
    compiled = compiling.preview_of(mailing, is_test=True)
    try:
        signer = domains.signer_for(mailing.from_address) or Signer([])
        letters = [(one, reading.test_message(mailing, who, one, compiled=compiled, now=now)) for one in to]
        ready = [(one, signer.sign(letter, at=int(now.timestamp()))) for one, letter in letters]
    except (RenderError, sealed.CannotOpen) as refusal:
        raise CannotTest(str(refusal)) from refusal
    compiling.keep_links(mailing, compiled.links)
    return list(_hand_over(mailing, ready))


def _texts(mailing: Mailing, to: Sequence[str], who: Reader) -> list[tuple[str, bytes]]:
    """The same text to each number, filled in for somebody. Raises CannotTest when it cannot be written."""
    compiled = texts.compiled_of(mailing)
    try:
        text = texts.as_sent(compiled, mailing, who.data, tokens.TEST)
    except RenderError as refusal:
        raise CannotTest(str(refusal)) from refusal
    compiling.keep_links(mailing, compiled.links)
    return [(number, text.encode()) for number in to]


def _letters(mailing: Mailing, to: Sequence[str], who: Reader, *, now: datetime) -> Iterator[Sent]:
    """The letter as it would be printed for somebody, as a PDF with a mail of our house."""
    try:
        printed = seeing.printed(mailing, [who], now=now)
    except (RenderError, CannotPrint, CannotUse) as refusal:
        raise CannotTest(str(refusal)) from refusal
    compiling.keep_letter_links(mailing)
    words = {"name": mailing.name, "person": who.name}
    subject = _("[Test] %(name)s") % words
    body = _("Attached is the letter “%(name)s” as it would be printed for %(person)s.") % words
    for address in to:
        mail = EmailMessage(subject=subject, body=body, to=[address], headers=automatic.HEADERS)
        mail.attach(f"{slugify(mailing.name) or 'letter'}.pdf", printed.pdf, "application/pdf")
        try:
            mail.send()
        except automatic.FAILURES as failure:
            yield Sent(address, str(failure)[:300])
        else:
            yield Sent(address)


def _hand_over(mailing: Mailing, ready: Sequence[tuple[str, bytes]]) -> Iterator[Sent]:
    """Through the account of the campaign, and nobody is told anything but what the server said."""
    is_text = medium.of(mailing).content is Content.TEXT
    local = tokens.make("bounce", mailing.pk, tokens.TEST)
    sender = local if is_text else tokens.return_path(mailing.pk, tokens.TEST)
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
            text = _("The provider says: %(answer)s") if is_text else _("The mail server does not answer: %(answer)s")
            raise CannotTest(text % {"answer": failure}) from failure
    finally:
        channel.close()
    for number, (address, _body) in enumerate(ready):
        yield Sent(address, _problem(found.get(number)))


def _problem(receipt: Receipt | None) -> str:
    if receipt is None:
        return _("It was not tried.")
    return "" if receipt.outcome is Outcome.ACCEPTED else receipt.answer or str(receipt.outcome)
