"""What the inbox shows and what filters count: subject, preheader, sender, words that sound like an advertisement."""

import re
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailings.preflight.findings import Finding, warning

LONG_SUBJECT = 70  # inboxes cut behind some 60 to 70 characters
LONG_PREHEADER = 130  # what the widest inboxes show of it
LOUD = 0.7  # share of capitals
SHOUTABLE = 8  # letters: "SALE" is a word, not a shout
PRETENDING = re.compile(r"\s*(re|fwd?|antw|doorst)\s*:", re.IGNORECASE)
NO_REPLY = re.compile(r"(no|do-?not|geen)-?_?\.?(reply|answer|antwoord)\b|noreply|donotreply", re.IGNORECASE)
# Their DMARC records ask every receiver to refuse mail in their name that they did not sign (p=reject or quarantine).
FREE_MAIL = frozenset(
    [
        "gmail.com",
        "googlemail.com",
        "yahoo.com",
        "yahoo.co.uk",
        "ymail.com",
        "outlook.com",
        "hotmail.com",
        "hotmail.nl",
        "live.com",
        "live.nl",
        "msn.com",
        "aol.com",
        "icloud.com",
        "me.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "mail.ru",
        "ziggo.nl",
        "kpnmail.nl",
        "proton.me",
        "protonmail.com",
    ]
)
# Phrases that content filters have counted for years, in the languages we speak. Single common words are not among
# them: a baker may say "free" and "guarantee".
SPAM_PHRASES = (
    "100% free", "act now", "as seen on tv", "be your own boss", "buy direct", "cash bonus", "cheap meds", "click below",
    "congratulations you won", "credit card required", "dear friend", "double your income", "earn extra cash",
    "earn money", "eliminate debt", "extra income", "fast cash", "financial freedom", "free gift", "free money",
    "get out of debt", "get paid", "get rich", "guaranteed income", "incredible deal", "limited time only",
    "lose weight", "lowest price", "make money", "million dollars", "miracle", "no catch", "no cost", "no obligation",
    "no strings attached", "once in a lifetime", "online casino", "pre-approved", "risk-free", "risk free",
    "satisfaction guaranteed", "this isn't spam", "this is not spam", "urgent response", "viagra", "weight loss",
    "while supplies last", "work from home", "you are a winner", "you have been selected", "you won",
    "100% gratis", "direct geld", "dit is geen spam", "eenmalige kans", "extra inkomen", "geld verdienen",
    "geld lenen", "gratis cadeau", "gratis geld", "handel nu", "je bent geselecteerd", "je hebt gewonnen",
    "laagste prijs", "nu of nooit", "online casino", "reageer direct", "snel afvallen", "snel rijk", "thuiswerk",
    "u bent geselecteerd", "u heeft gewonnen", "verdien geld", "zonder risico", "zonder verplichting",
)  # fmt: skip
_PHRASE = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(phrase) for phrase in SPAM_PHRASES) + r")(?!\w)")


def subject(text: str) -> Iterator[Finding]:
    """Say what an inbox or a filter does with this subject."""
    if len(text) > LONG_SUBJECT:
        words = _("The subject has %(length)s characters; most inboxes cut it off behind %(limit)s.")
        yield warning("subject_long", words % {"length": len(text), "limit": LONG_SUBJECT}, "setup", "subject")
    if is_loud(text):
        words = _("The subject shouts: capitals and exclamation marks look like advertising, to people and to filters.")
        yield warning("subject_loud", words, "setup", "subject")
    if PRETENDING.match(text):
        words = _("The subject pretends to be an answer. Readers take that for a trick, and filters do too.")
        yield warning("subject_pretends", words, "setup", "subject")


def is_loud(text: str) -> bool:
    """Say whether a text is mostly capitals or has several exclamation marks; variables do not count."""
    text = re.sub(r"\[\[[^\]]*\]\]", "", text)
    letters = [letter for letter in text if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    return text.count("!") > 1 or (len(letters) >= SHOUTABLE and capitals > LOUD * len(letters))


def preheader(text: str) -> Iterator[Finding]:
    """Say what stands behind the subject in an inbox."""
    if not text:
        words = _("There is no preheader: behind the subject, inboxes show the first words of the mail.")
        yield warning("preheader_missing", words, "setup", "preheader")
    elif len(text) > LONG_PREHEADER:
        words = _("The preheader has %(length)s characters; no inbox shows more than %(limit)s.")
        yield warning("preheader_long", words % {"length": len(text), "limit": LONG_PREHEADER}, "setup", "preheader")


def sender(from_address: str, reply_to: str) -> Iterator[Finding]:
    """Say what a sender's address means to who gets the mail."""
    _local, _at, domain = from_address.lower().rpartition("@")
    if domain in FREE_MAIL:
        words = _(
            "%(domain)s asks everybody to refuse mail in its name that it did not send itself. Use your own domain."
        )
        yield warning("from_free_mail", words % {"domain": domain}, "setup", "from_address")
    answered = (reply_to or from_address).rpartition("@")[0]
    if NO_REPLY.match(answered):
        words = _("Nobody reads answers to %(address)s. Readers who may answer complain less.")
        place = "reply_to" if reply_to else "from_address"
        yield warning("no_reply", words % {"address": reply_to or from_address}, "setup", place)


def spam(texts: Iterable[str]) -> Iterator[Finding]:
    """Name the phrases that content filters count."""
    found = list(dict.fromkeys(phrase for text in texts for phrase in _PHRASE.findall(text.casefold())))
    if found:
        words = ngettext(
            "Filters know this phrase from advertising: %(phrases)s.",
            "Filters know these phrases from advertising: %(phrases)s.",
            len(found),
        )
        named = ", ".join(f"“{phrase}”" for phrase in found[:5])
        yield warning("spam_words", words % {"phrases": named}, "content", count=0)
