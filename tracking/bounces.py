"""Reading what mail systems send back: delivery reports (RFC 3464 and prose), complaints (ARF, RFC 5965), automatic answers.

Pure: bytes in, a Report out; no stranger's bytes may crash it. Whom it is about is told by our own tokens alone
(`tokens_in`); what the mail itself says about addresses is shown to people and never acted upon.
"""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.header import decode_header, make_header
from email.message import Message
from enum import StrEnum

from tracking import refusals
from tracking.refusals import Category

LARGEST = 2 * 1024 * 1024
MOST_PARTS = 50
MOST_RECIPIENTS = 50


class Kind(StrEnum):
    DSN = "dsn"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Failure:
    """What one report says about one recipient."""

    address: str
    category: Category
    status: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    kind: Kind
    failures: tuple[Failure, ...] = ()
    feedback: str = ""  # of a complaint: abuse, fraud, opt-out, not-spam, …
    words: str = ""  # what it says to a human, capped

    @property
    def worst(self) -> Failure | None:
        """The failure that counts when one message was sent to one address: the first that is about a dead one, or the first."""
        dead = (failure for failure in self.failures if failure.category is Category.DEAD_ADDRESS)
        return next(dead, self.failures[0] if self.failures else None)


# Where the returned letter begins in a report that is not MIME, or lies about it.
RETURNED = re.compile(
    r"^(?:[-=_*> ]{2,}\s*(?:(?:this is a copy of|original|returned|begin of|unsent|the (?:original|header)|below this line|"
    r"included|copy|forwarded|body of|headers? of|message header|undelivered|enclosed|reason)[^\n]{0,80})|"
    r"(?:original message (?:follows|headers)|the (?:message|header|text of your|original message)[^\n]{0,40}follows|"
    r"below is a copy|content-type: *(?:message/rfc822|text/rfc822-headers)|return-path: |received: )[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
ADDRESS = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,63}|[\w.+-]{1,64}@[\w-]{1,63}(?=>)", re.ASCII
)
FAILED_LINE = re.compile(  # a line that holds little more than the failed address
    r"^\W{0,6}(?:(?:to|recipient|failed recipient|address|user|rcpt to|unable to deliver to|delivery to|mailbox)\b(?=[:\s]))?"
    r"\W{0,6}(?:rfc822;|smtp:)?\W{0,3}(" + ADDRESS.pattern + r")[>\])'\"]{0,2}(?:[\s:.,;(-]|$)",
    re.IGNORECASE | re.MULTILINE,
)
AUTO_SUBJECT = re.compile(
    r"^(?:re: *)?(?:auto(?:matic|mated)?[ -]?(?:reply|response|antwort|matisch antwoord)|automatisch antwoord|automatische "
    r"antwort|out of (?:the )?office|vacation|away from|afwezig\w*|abwesenheit\w*|réponse automatique|auto:|i am out|on leave)",
    re.IGNORECASE,
)
CHALLENGE = re.compile(
    r"(?:confirm|verify) (?:that )?(?:you|your (?:message|mail|address))[^\n]{0,60}(?:deliver|human|person|click|reply)|"
    r"challenge[- ]response|sender verification|has not been delivered yet[^\n]{0,80}confirm",
    re.IGNORECASE,
)
BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned mail|error sending|delivery (?:status|fail\w*|report|notification|problem|error|has failed|not)|failure notice|mail "
    r"(?:failure|delivery|error|could not|system)|non[- ]?deliver|return(?:ed|ing) (?:message|to)|"
    r"could ?n(?:o|')t be (?:sent|delivered)|warning: (?:message|could)|delayed|nicht zugestellt|unzustellbar|onbestelbaar",
    re.IGNORECASE,
)
MAILER = re.compile(
    r"mailer[-_ ]?daemon|postmaster|mail[-_ ]?delivery|maildaemon|mail administrator|bounce", re.IGNORECASE
)
DELAYED = re.compile(
    r"(?:has|have) not (?:yet )?been delivered (?:yet|after)|will (?:continue|keep) (?:to )?try|delivery (?:has been )?delayed|"
    r"warning message only|you do not need to resend|still (?:be )?trying",
    re.IGNORECASE,
)
# ours in a returned letter: a counted link, the envelope sender, the Message-ID (the envelope's without its "b+")
TOKEN = re.compile(
    r"/[cov]/([A-Za-z0-9_-]{32})(?![A-Za-z0-9_-])|(?:b\+|<)([0-9a-f]{48})(?=@)", re.ASCII | re.IGNORECASE
)
DEEPEST = 100  # boundaries in one mail: more is an attack on the parser


def parse(raw: bytes) -> Report:
    """Read one mail that came back. Never raises, whatever the bytes."""
    mail = _mail(raw)
    parts = _parts(mail)
    feedback = next((part for part in parts if part.get_content_type() == "message/feedback-report"), None)
    if feedback is not None:
        return Report(Kind.COMPLAINT, feedback=_feedback_type(feedback), words=_words(parts))
    groups = [group for part in parts if _is_status(part) for group in _groups(part)]
    if not groups and not _is_returned(mail) and _is_auto_reply(mail):
        return Report(Kind.AUTO_REPLY, words=_words(parts))
    words = _words(parts)
    failures = tuple(_from_groups(groups, words)) if groups else ()
    if not failures and _is_bounce(mail, words):
        failures = tuple(_from_prose(mail, words))
    if failures or groups:
        return Report(Kind.DSN, failures, words=words)
    return Report(Kind.OTHER, words=words)


def tokens_in(raw: bytes) -> Iterator[tuple[str, str]]:
    """Yield (kind, token) for everything that looks like a token of ours: "url" or "bounce". The caller checks their MAC."""
    for found in TOKEN.finditer(raw[:LARGEST].replace(b"=\r\n", b"").replace(b"=\n", b"").decode("ascii", "replace")):
        if found.group(1):
            yield "url", found.group(1)
        else:
            yield "bounce", f"b+{found.group(2)}"


def readable(raw: bytes, limit: int = 20_000) -> str:
    """The mail as a person may read it: its main headers and its words, no markup, capped."""
    mail = _mail(raw)
    head = "\n".join(
        f"{name}: {_header(mail, name)}" for name in ("From", "To", "Subject", "Date") if _header(mail, name)
    )
    body = []
    for part in _parts(mail):
        if _is_status(part):
            body += ["\n".join(f"{key}: {value}" for key, value in group.items()) for group in _groups(part)]
        elif part.get_content_type() == "message/feedback-report":
            body.append(_flat(part))
        elif part.get_content_maintype() == "text":
            body.append(_body(part))
    return (head + "\n\n" + "\n\n".join(body)).replace("\x00", "")[:limit]


def _mail(raw: bytes) -> Message:
    text = raw[:LARGEST].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if text.lower().count(b"boundary=") > DEEPEST:
        return email.message_from_bytes(b"\n" + text)  # a body without headers: nothing to descend into
    return email.message_from_bytes(text)


def _parts(mail: Message) -> list[Message]:
    """Leaf parts and status parts in order, without what lies inside a returned letter."""
    found: list[Message] = []
    waiting = [mail]
    while waiting and len(found) < MOST_PARTS:
        part = waiting.pop(0)
        if part.get_content_maintype() == "multipart" and isinstance(part.get_payload(), list):
            waiting[:0] = [child for child in part.get_payload() if isinstance(child, Message)]
        else:
            found.append(part)
    return found


def _is_status(part: Message) -> bool:
    return part.get_content_type() in ("message/delivery-status", "message/global-delivery-status")


def _groups(part: Message) -> list[dict[str, str]]:
    """The blocks of a delivery-status part: one per message, one per recipient."""
    payload = part.get_payload()
    blocks = payload if isinstance(payload, list) else [email.message_from_string(_body(part))]
    return [
        {key.lower(): " ".join(str(value).split()) for key, value in block.items()}
        for block in blocks[: MOST_RECIPIENTS + 1]
        if isinstance(block, Message)
    ]


def _from_groups(groups: list[dict[str, str]], words: str) -> Iterator[Failure]:
    about = [group for group in groups if "final-recipient" in group or "original-recipient" in group]
    for group in about:
        action = group.get("action", "").split(" ")[0].lower()
        said = group.get("diagnostic-code", "").partition(";")[2] or group.get("diagnostic-code", "")
        status = _found(refusals.STATUS, group.get("status", ""))
        address = _address(group) or _in_prose(words)
        detail = said.strip() or group.get("status", "")
        yield _failure(address, action, status, detail, words if len(about) == 1 else "")


def _failure(address: str, action: str, status: str, detail: str, words: str) -> Failure:
    """Judge one recipient: by the action, the server's own words, and at last by the prose around them."""
    if action == "delayed":
        return Failure(address, Category.DELAYED, status, "", detail)
    if action in ("delivered", "relayed", "expanded"):
        return Failure(address, Category.DELIVERED, status, "", detail)
    own = _found(refusals.STATUS, detail)
    refusal = refusals.classify(detail, status=_telling(own, status))
    if words and refusals.says_nothing(detail):
        refusal = refusals.classify(_about(words, address), status=refusal.status, code=refusal.code)
    elif refusal.category is Category.DEAD_ADDRESS and refusals.read_the_letter(words, refusal.status):
        refusal = replace(refusal, category=Category.UNKNOWN)
    return Failure(address, refusal.category, refusal.status, refusal.code, detail)


def _in_prose(words: str) -> str:
    """The address as the prose names it, where the status part hides it or has a made-up one."""
    found = FAILED_LINE.search(words) or re.search(r"()rcpt to:\W{0,3}" + f"({ADDRESS.pattern})", words, re.IGNORECASE)
    return found.group(found.lastindex or 0) if found else ""


def _telling(own: str, group: str) -> str:
    """The server's own status tells more than the reporter's "5.0.0"."""
    return group if not own or (own.endswith(".0.0") and not group.endswith(".0.0")) else own


def _from_prose(mail: Message, words: str) -> Iterator[Failure]:
    """A report without a status part: the address stands on a line of its own, or in a header, or nowhere."""
    named = [found.group(0) for found in ADDRESS.finditer(_header(mail, "X-Failed-Recipients"))]
    addresses = list(dict.fromkeys(named or (found.group(1) for found in FAILED_LINE.finditer(words))))
    if not addresses:
        addresses = [found.group(0) for found in ADDRESS.finditer(words)][:1]
    if DELAYED.search(words):
        yield Failure(addresses[0] if addresses else "", Category.DELAYED, "", "", words[:1000])
        return
    for address in addresses[:MOST_RECIPIENTS] or [""]:
        said = _about(words, address) if len(addresses) > 1 else words
        refusal = refusals.classify(said)
        yield Failure(address, refusal.category, refusal.status, refusal.code, said[:1000].strip())


def _about(words: str, address: str) -> str:
    """The lines after the address, up to the next line that names another."""
    start = words.find(address) if address else -1
    if start < 0:
        return words
    following = words[start + len(address) :]
    other = next((found for found in FAILED_LINE.finditer(following) if found.group(1) != address), None)
    return following[: other.start()] if other else following


def _is_bounce(mail: Message, words: str) -> bool:
    return bool(
        mail.get("X-Failed-Recipients")
        or BOUNCE_SUBJECT.search(_header(mail, "Subject"))
        or (MAILER.search(_header(mail, "From")) and (refusals.STATUS.search(words) or FAILED_LINE.search(words)))
    )


def _is_returned(mail: Message) -> bool:
    """Exim and others mark their delivery reports as automatic replies, too."""
    return bool(
        mail.get("X-Failed-Recipients")
        or (MAILER.search(_header(mail, "From")) and BOUNCE_SUBJECT.search(_header(mail, "Subject")))
    )


def _is_auto_reply(mail: Message) -> bool:
    submitted = _header(mail, "Auto-Submitted").lower()
    return bool(
        submitted.startswith("auto-replied")
        or (submitted and not submitted.startswith(("no", "auto-generated")))
        or mail.get("X-Autoreply")
        or mail.get("X-Autorespond")
        or mail.get("X-Auto-Response-From")
        or _header(mail, "Precedence").lower() == "auto_reply"
        or AUTO_SUBJECT.search(_header(mail, "Subject"))
        or CHALLENGE.search(_header(mail, "Subject"))
    )


def _feedback_type(part: Message) -> str:
    found = re.search(r"^feedback-type:\s*([\w-]+)", _flat(part), re.IGNORECASE | re.MULTILINE)
    return found.group(1).lower() if found else "abuse"


def _flat(part: Message) -> str:
    """A part's text, also where the parser took it for a message of its own."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return "\n\n".join(child.as_string() for child in payload if isinstance(child, Message))
    return _body(part)


def _words(parts: list[Message]) -> str:
    """The prose of a report, up to where the returned letter begins."""
    readable_parts = [part for part in parts if part.get_content_maintype() in ("text", "multipart")]  # a lost boundary
    text = "\n".join(map(_body, readable_parts))[:50_000]
    if (found := RETURNED.search(text)) and found.start() > 0:
        text = text[: found.start()]
    return text.replace("\x00", "")


def _body(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if payload is None and isinstance(part.get_payload(), str):  # a multipart that never had parts
        payload = str(part.get_payload()).encode("utf-8", "replace")
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset("utf-8")
    try:
        text = payload.decode(charset, "replace")
    except (LookupError, UnicodeError):
        text = payload.decode("utf-8", "replace")
    if part.get_content_subtype() == "html":
        text = re.sub(
            r"<(?:style|script)\b.*?</(?:style|script)>|<[^>@]{0,500}>", " ", text, flags=re.DOTALL | re.IGNORECASE
        )
    return text


def _address(group: dict[str, str]) -> str:
    for name in ("original-recipient", "final-recipient"):
        if found := ADDRESS.search(group.get(name, "").rpartition(";")[2]):
            return found.group(0)
    return ""


def _header(mail: Message, name: str) -> str:
    value = str(mail.get(name, ""))
    try:
        return " ".join(str(make_header(decode_header(value))).split())
    except (LookupError, ValueError):  # a charset nobody knows, an encoded word cut in half
        return " ".join(value.encode("ascii", "replace").decode().split())


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""
