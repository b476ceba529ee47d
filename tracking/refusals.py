"""What a mail server means when it says no: its code, status and words into one category with one effect.

The words overrule the code: of real bounces with a status 5.x.x only four in ten are about a dead address (reference,
section 4). When in doubt it is not the address's fault: a living reader is worth more than one mail too many. So an address
is called dead when the status says so and the words do not object, when the words say so in answer to RCPT TO, or when
they can mean nothing else: a domain that does not exist, a person who moved, an entry that is not in the directory.
"""

import re
from dataclasses import dataclass

from tracking import dialogue
from tracking.dialogue import Step
from tracking.vocabulary import (
    BY_STATUS,
    BY_SUBJECT,
    DEAD_WHEREVER_SAID,
    DIALECTS,
    NOT_A_BOUNCE,
    SAID,
    SENDERS_FAULT,
    Category,
)

__all__ = ["NOT_A_BOUNCE", "SENDERS_FAULT", "Category", "Refusal", "classify"]

LONGEST = 3000  # characters that are looked at
STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
CODE = re.compile(r"(?:^|[\s:;(<\"'])#?([245][0-5]\d)(?=[\s\-#:;,.)]|$)")
ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w.-]{1,255}\w", re.ASCII)
# A class-4 answer never calls an address dead, but it may say full, inactive, blocked or unauthenticated.
TEMPORARY_MAY_SAY = {Category.FULL, Category.INACTIVE, Category.BLOCK_SENDER, Category.AUTH}
REFUSES_ALL_MAIL = {"521", "556"}  # RFC 7504: this host, or this domain, takes no mail at all


@dataclass(frozen=True, slots=True)
class Refusal:
    category: Category
    status: str  # enhanced status "5.1.1", or "" when none was said
    code: str  # SMTP reply code "550", or ""
    is_told: bool = True  # by words; False: the status or the code alone says so, and more words are welcome


def classify(text: str, *, status: str = "", code: str = "", step: Step | None = None) -> Refusal:
    """Say what a server's answer means. `text` are its words, at most a few lines; status and code override what it holds.

    `step` is where in the conversation it was said. None: as the words tell, and else in answer to the recipient, as at
    our own hand-over; Step.UNTOLD: nobody knows.
    """
    text = ADDRESS.sub(_without_dots, " ".join(text[:LONGEST].lower().split()))
    status = status or _first(STATUS, text)
    code = code or _first(CODE, text)
    if step is None:
        step = dialogue.step(text) or Step.RECIPIENT
    told = _in_dialect(text)
    said = told or _said(text)
    category = told if told and "4" not in (status[:1], code[:1]) else _category(said, text, status, code, step)
    return Refusal(category, status, code, said is not None)


def _category(said: Category | None, text: str, status: str, code: str, step: Step) -> Category:
    kind = "4" if code[:1] == "4" else (status or code)[:1]  # one of both says "not now": it may come right
    if kind == "2":
        return Category.DELIVERED if status or code.startswith("25") else Category.UNKNOWN
    if kind == "4" and said not in TEMPORARY_MAY_SAY:
        return Category.TRANSIENT
    by_status = _by_status(status)
    if said is None:
        return _wordless(by_status, kind, code)
    if said is Category.TRANSIENT and by_status is Category.DEAD_ADDRESS and not status.endswith(".4.4"):
        return by_status  # "550 5.1.1 mailbox unavailable"; but "5.4.4 host not found, try again" may be back tomorrow
    if said is Category.DEAD_ADDRESS:
        return _dead_or(text, status, step)
    return said


def _wordless(by_status: Category | None, kind: str, code: str) -> Category:
    if code in REFUSES_ALL_MAIL and by_status in (None, Category.CONFIG, Category.TRANSIENT):
        return Category.DEAD_ADDRESS
    return by_status or (Category.TRANSIENT if kind == "4" else Category.UNKNOWN)


def _dead_or(text: str, status: str, step: Step) -> Category:
    """The words say that somebody does not exist. Who?"""
    if step in (Step.SENDER, Step.CONNECT):
        return Category.BLOCK_SENDER  # the sender
    if _by_status(status) is Category.DEAD_ADDRESS or DEAD_WHEREVER_SAID.search(text) or step is Step.RECIPIENT:
        return Category.DEAD_ADDRESS
    if step is Step.UNTOLD and status.startswith(
        "5.1."
    ):  # 5.1.0, Microsoft's 5.1.351: about the address, not more exact
        return Category.DEAD_ADDRESS
    return Category.UNKNOWN  # said after the letter was read, or nobody knows when


def _said(text: str) -> Category | None:
    return next((category for category, words in SAID if words.search(text)), None)


def _in_dialect(text: str) -> Category | None:
    """A code that one provider made up, where a page of his says what it means."""
    for pattern, codes in DIALECTS:
        if found := pattern.search(text):
            return codes.get(found.group(1).upper())
    return None


def _by_status(status: str) -> Category | None:
    _, _, pair = status.partition(".")
    return BY_STATUS.get(pair) or BY_SUBJECT.get(pair.partition(".")[0])


def _without_dots(address: re.Match[str]) -> str:
    """A full stop ends a sentence, and the words about an address stand in one sentence with it."""
    return address.group(0).replace(".", "_")


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""
