"""A text message before it goes: its sender, its words, its length, the way out of it."""

from collections.abc import Iterator

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consent.gate import MessageClass
from mailings import accounts, incoming, senders, texts
from mailings.models import Mailing, SendingAccount
from mailings.preflight import purpose
from mailings.preflight.findings import Finding, error, warning
from mailings.rendering import sms
from mailings.rendering.texting import LEAVE, Compiled

LONG = 3  # parts


def check(mailing: Mailing) -> Iterator[Finding]:
    """Check a text message without looking at its audience."""
    account = None
    try:
        account = accounts.choose(mailing)
    except accounts.Unusable as trouble:
        yield error("account_missing", str(trouble), "setup", "account")
    yield from purpose.check(mailing)
    if not texts.text_of(mailing):
        yield error("content_missing", _("The mailing has no text yet."), "content")
        return
    compiled = texts.compiled_of(mailing)
    for problem in compiled.problems:
        yield error("text_mistake", problem.sentence, "content")
    yield from _length(texts.text_of(mailing))
    if mailing.message_class == MessageClass.MARKETING:
        yield from _way_out(mailing, compiled, account)


def _length(text: str) -> Iterator[Finding]:
    if len(text) > sms.LONGEST:
        words = _("The text is longer than %(count)s characters; no provider takes that.")
        yield error("too_long", words % {"count": number_format(sms.LONGEST)}, "content")
        return
    counted = sms.measure(text)
    if dear := sms.offenders(text):
        words = ngettext(
            "The character %(characters)s makes every part hold 70 characters in place of 160.",
            "The characters %(characters)s make every part hold 70 characters in place of 160.",
            len(dear),
        )
        yield warning("ucs2", words % {"characters": " ".join(one.character for one in dear[:10])}, "content")
    if counted.segments > LONG:
        words = _("The text takes %(count)d parts, and each part costs.")
        yield warning("many_parts", words % {"count": counted.segments}, "content")


def _way_out(mailing: Mailing, compiled: Compiled, account: SendingAccount | None) -> Iterator[Finding]:
    """Marketing says how to stop it, in a way that works from this sender."""
    if LEAVE in compiled.numbers:
        return
    sender = str(account.options.get("sender", "")) if account else ""
    said = compiled.words.casefold()
    if account is not None and senders.kind(sender) not in senders.ANSWERABLE:
        words = _("Nobody can answer “%(sender)s”: put the link to unsubscribe into the text.")
        yield error("no_way_out", words % {"sender": sender}, "content")
    elif not any(word in said for word in incoming.STOPS):
        words = _("The text does not say how to stop it: add the link to unsubscribe, or “Stop? Answer STOP”.")
        yield error("no_way_out", words, "content")
