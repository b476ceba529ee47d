"""At which step of the SMTP conversation a server said no: the same words mean different things at different steps.

"User unknown" in answer to RCPT TO names a dead address. After the letter itself (DATA) it is a filter in disguise, as the
Japanese carriers, Yahoo and many gateways answer; before RCPT TO it is about the sender. Pure.

Each mail system tells the step in its own way; the table quotes them: Postfix `smtp_proto.c`, Exim `smtp.c` ("SMTP error from
remote mail server after …"), `qmail-remote.c`, Sendmail's transcript (">>> RCPT To:<…>"), DragonFly, GMX, Yahoo ("[RCPT_TO]"),
Gmail's former "(state 14)", Postfix's own "<address>: Recipient address rejected" (`smtpd_check.c`), InterScan ("Sent <<< RCPT TO").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    CONNECT = "connect"
    SENDER = "sender"
    RECIPIENT = "recipient"
    LETTER = "letter"
    UNTOLD = ""


VERBS = {
    "EHLO": Step.CONNECT,
    "HELO": Step.CONNECT,
    "LHLO": Step.CONNECT,
    "AUTH": Step.CONNECT,
    "STAR": Step.CONNECT,  # STARTTLS
    "MAIL": Step.SENDER,
    "RCPT": Step.RECIPIENT,
    "DATA": Step.LETTER,
    "BDAT": Step.LETTER,
}
# Words in lower case: looking without regard to case takes four times as long.
TOLD: tuple[tuple[Step, re.Pattern[str]], ...] = (
    (
        Step.LETTER,
        re.compile(
            r"(?:in reply to|in response to|response to|after|at) (?:end of )?(?:data|message)\b|end of (?:data|message)\b|"
            r"failed (?:on data command|after i sent the message)|did not like our (?:data|bdat|final dot)|\[(?:body|data|eob)\]|"
            r"smtp command (?:data|bdat)|\(state 1[578]\)|for text command|"
            r"following data\b|\b550 ?: user unknown",  # so KDDI, au and EZweb refuse when they have read the letter
        ),
    ),
    (
        Step.RECIPIENT,
        re.compile(
            r"(?:in reply to|in response to|response to|after|following|at) rcpt\b|rejected recipient|for rcpt command|"
            r"\b5\d\d(?: 5\.\d+\.\d+)? <[^<>\s@]+@[^<>\s@]+>: (?:recipient address rejected|user unknown)|does not like recipient|did not like our rcpt|"
            r"\[rcpt_to\]|smtp command rcpt|\(state 14\)|recipient command",
        ),
    ),
    (
        Step.SENDER,
        re.compile(
            r"(?:in reply to|in response to|response to|after|at) mail(?: from)?\b|but sender was rejected|did not like our mail|"
            r"\[mail_from\]|smtp command mail",
        ),
    ),
    (
        Step.CONNECT,
        re.compile(
            r"(?:in reply to|in response to|response to|after|at) (?:initial connection|[eh]?h[el]lo)\b|refused to talk to me|"
            r"greeting failed|my name was rejected|did not like our (?:[eh]?h[el]lo|greeting)|smtp command [eh]h",
        ),
    ),
)
COMMAND = re.compile(r"^[^\n<>]{0,20}(?:>>>|<<<) ?([A-Za-z]{4})\b([^\n]*)$", re.MULTILINE)
REPLY = re.compile(r"(?:<<<|>>>) ?(?=[245]\d\d)([^\n]*)")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command of a transcript and what was answered to it."""

    step: Step
    command: str
    reply: str


def step(text: str) -> Step:
    """The step that a server's words, or the words around them, tell; UNTOLD when they tell none."""
    text = " ".join(text.lower().split())
    return next((step for step, words in TOLD if words.search(text)), Step.UNTOLD)


def exchanges(words: str) -> Iterator[Exchange]:
    """Commands and answers of a session quoted in a report, in order: ">>> RCPT To:<…>" and "<<< 550 …"."""
    if ">>>" not in words:
        return
    commands = [found for found in COMMAND.finditer(words) if found.group(1).upper() in VERBS]
    ends = [found.start() for found in commands[1:]] + [len(words)]
    for found, end in zip(commands, ends, strict=False):
        replies = [reply.group(1) for reply in REPLY.finditer(words, found.end(), end)]
        yield Exchange(VERBS[found.group(1).upper()], found.group(2).strip(), " ".join(replies))


def step_of(words: str, address: str, said: str) -> Step:
    """Find in a transcript the step at which this address was refused, or these words were said."""
    said = _plain(said)
    quoted = list(exchanges(words))
    for exchange in quoted:
        refused = exchange.reply[:1] in ("4", "5")
        if refused and exchange.step is Step.RECIPIENT and address and address.lower() in exchange.command.lower():
            return exchange.step
    for exchange in quoted:
        reply = _plain(exchange.reply)
        if len(reply) > 4 and (reply in said or (said and said in reply)):
            return exchange.step
    refusing = {exchange.step for exchange in quoted if exchange.reply[:1] in ("4", "5")}
    return refusing.pop() if len(refusing) == 1 else Step.UNTOLD


def _plain(text: str) -> str:
    """Words alone, without code, status and signs: a report and its transcript write them differently."""
    return " ".join(re.sub(r"\b[245]\d\d\b|\b[245]\.\d+\.\d+\b|[^\w@.]+", " ", text.lower()).split())
