"""Reading what mail systems send back: delivery reports (RFC 3464 and prose), complaints (ARF, RFC 5965), automatic answers.

Pure: bytes in, a Report out; no stranger's bytes may crash it. Whom it is about is told by our own tokens alone
(`tokens_in`); what the mail itself says about addresses is shown to people and never acted upon.
"""

import email
import email.errors
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.header import decode_header, make_header
from email.message import Message
from enum import StrEnum

from tracking import amazon, dialogue, prose, refusals
from tracking.dialogue import Step
from tracking.refusals import Category

LARGEST = 2 * 1024 * 1024
MOST_PARTS = 50
MOST_RECIPIENTS = prose.MOST_RECIPIENTS


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
    final: str = ""  # where it was to be delivered in the end, when that is another address (RFC 3464 §2.3.2)


@dataclass(frozen=True, slots=True)
class Report:
    kind: Kind
    failures: tuple[Failure, ...] = ()
    feedback: str = ""  # of a complaint: abuse, fraud, opt-out, not-spam, …
    about: str = ""  # of a complaint or an automatic answer: the address it seems to be about
    words: str = ""  # what it says to a human, capped

    @property
    def worst(self) -> Failure | None:
        """The failure that counts when one message was sent to one address: the first that is about a dead one, or the first."""
        dead = (failure for failure in self.failures if failure.category is Category.DEAD_ADDRESS)
        return next(dead, self.failures[0] if self.failures else None)


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
    r"could ?n(?:o|')t be (?:sent|delivered)|are not (?:a )?member|mail system error|warning: (?:message|could)|delayed|nicht zugestellt|unzustellbar|onbestelbaar",
    re.IGNORECASE,
)
MAILER = re.compile(
    r"mailer[-_ ]?daemon|post_?master|mail[-_ ]?delivery|maildaemon|mail (?:administrator|system)|bounce|sysadmin|mmsc",
    re.IGNORECASE,
)
TROUBLE = re.compile(  # what only a report says, in a mail from nobody (a null sender) or from a mail system
    r"(?:not|n't|cannot|could not|couldn't|unable to|failed to|has failed|trouble|error)(?: be(?:en)?)? (?:sen[dt]|deliver)|undeliver|"
    r"delivery .{0,30}fail|did not reach|error message|returned mail|rcpt to|no such user|rejected|failed permanently|"
    r"送信できません|配信できません|配達できません|送信に失敗|届けることができません",
    re.IGNORECASE,
)
DELAYED = re.compile(
    r"(?:has|have) not yet been delivered|(?:has|have) not been delivered (?:yet|after)|delivery attempts will continue|will (?:continue|keep) (?:to )?try|delivery (?:has been )?delayed|"
    r"warning message only|you do not need to resend|still (?:be )?trying",
    re.IGNORECASE,
)
ARRIVED = re.compile(r"success|(?:was|were|has been|have been) (?:delivered|relayed)|delivered to", re.IGNORECASE)
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
        return Report(
            Kind.COMPLAINT,
            feedback=_feedback_type(feedback),
            about=_complained_by(feedback, parts),
            words=_words(parts),
        )
    text = _text(parts)
    if (notification := amazon.read(text)) is not None:
        return _from_amazon(notification)
    words = prose.before_the_letter(text)
    groups = [group for part in parts if _is_status(part) for group in _groups(part)]
    if not groups and not _is_returned(mail) and _is_auto_reply(mail):
        return Report(Kind.AUTO_REPLY, about=_sender(mail), words=words)
    if not any(map(_is_about, groups)):
        groups += prose.fields(text)
    failures = tuple(_from_groups(groups, words, _intended(parts, "")))
    if not failures and (groups or _is_bounce(mail, words)):
        failures = tuple(_from_prose(mail, parts, text, words))
    return Report(Kind.DSN if failures or groups else Kind.OTHER, failures, words=words)


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


def _from_amazon(notification: amazon.Notification) -> Report:
    told = notification.told
    if notification.kind == "Complaint":
        about = told[0].address if told else ""
        return Report(Kind.COMPLAINT, feedback=notification.feedback or "abuse", about=about)
    failures = tuple(_failure(one.address, one.action, one.status, one.said, "", None) for one in told)
    return Report(Kind.DSN, failures, words="\n".join(f"{one.address}: {one.said}" for one in told))


def _is_about(group: dict[str, str]) -> bool:
    return "final-recipient" in group or "original-recipient" in group


def _from_groups(groups: list[dict[str, str]], words: str, returned_to: str) -> Iterator[Failure]:
    about = [group for group in groups if _is_about(group)]
    for group in about:
        action = group.get("action", "").split(" ")[0].lower()
        said = group.get("diagnostic-code", "").partition(";")[2] or group.get("diagnostic-code", "")
        status = _found(refusals.STATUS, group.get("status", ""))
        original, final = _address(group, "original-recipient"), _address(group, "final-recipient")
        address = original or final or prose.named(words) or returned_to
        detail = said.strip() or group.get("status", "")
        prose_too = words if len(about) == 1 else prose.about(words, address)
        is_known_bad = group.get("x-powermta-bouncecategory", "") == "bad-mailbox"
        failure = _failure(address, action, status, detail, prose_too, Step.RECIPIENT if is_known_bad else None)
        yield replace(failure, final=final if final != address else "")


def _failure(address: str, action: str, status: str, detail: str, words: str, step: Step | None) -> Failure:
    """Judge one recipient: by the action, the server's own words, and at last by the prose around them."""
    if action == "delayed":
        return Failure(address, Category.DELAYED, status, "", detail)
    if action in ("delivered", "relayed", "expanded", "deliverable"):
        return Failure(address, Category.DELIVERED, status, "", detail)
    status = _telling(_found(refusals.STATUS, detail), status)
    step = step or dialogue.step(detail) or dialogue.step_of(words, address, detail) or dialogue.step(words)
    refusal = refusals.classify(detail, status=status, step=step)
    if not refusal.is_told and words and refusal.category in (Category.UNKNOWN, Category.TRANSIENT):
        refusal = refusals.classify(prose.about(words, address), status=refusal.status, code=refusal.code, step=step)
    category = refusal.category
    if action == "failed" and category is Category.DELIVERED:  # it quotes what went well, not what went wrong
        category = Category.UNKNOWN
    return Failure(address, category, refusal.status, refusal.code, detail)


def _telling(own: str, group: str) -> str:
    """The server's own status tells more than the reporter's "5.0.0"."""
    return group if not own or (own.endswith(".0.0") and not group.endswith(".0.0")) else own


def _from_prose(mail: Message, parts: list[Message], text: str, words: str) -> Iterator[Failure]:
    """A report without a status part: the address stands in its words, or in a header, or in the letter it returns."""
    known = [found.group(0) for found in prose.ADDRESS.finditer(_header(mail, "X-Failed-Recipients"))]
    to = {found.group(0).lower() for found in prose.ADDRESS.finditer(_header(mail, "To"))}
    about = prose.failures(words, known=known, not_=to)
    for address, said in about or [(_intended(parts, text), words)]:
        if DELAYED.search(said):
            yield Failure(address, Category.DELAYED, "", "", said[:1000].strip())
            continue
        step = dialogue.step_of(words, address, said) or dialogue.step(said)
        refusal = refusals.classify(prose.reply(said), step=step)
        if not refusal.is_told:
            refusal = refusals.classify(said, step=step)
        category = refusal.category
        if category is Category.DELIVERED and not ARRIVED.search(said):
            category = Category.UNKNOWN
        yield Failure(address, category, refusal.status, refusal.code, said[:1000].strip())


def _intended(parts: list[Message], text: str) -> str:
    """Whom the returned letter was written to."""
    returned = [part for part in parts if part.get_content_type() in ("message/rfc822", "text/rfc822-headers")]
    written = [prose.intended(_flat(part)[:20_000]) for part in returned[:3]]
    return next(filter(None, written), "") or prose.intended(text)


def _is_bounce(mail: Message, words: str) -> bool:
    if mail.get("X-Failed-Recipients") or BOUNCE_SUBJECT.search(_header(mail, "Subject")):
        return True
    is_from_a_system = _header(mail, "Return-Path") == "<>" or MAILER.search(_header(mail, "From"))
    telling = (refusals.STATUS, TROUBLE, prose.FAILED_LINE)
    return bool(is_from_a_system and any(pattern.search(words) for pattern in telling))


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


def _sender(mail: Message) -> str:
    found = prose.ADDRESS.search(_header(mail, "From"))
    return found.group(0) if found else ""


def _complained_by(feedback: Message, parts: list[Message]) -> str:
    """Who complained, unless the provider hides it: RFC 5965 §3.2, else the returned letter's To."""
    found = re.search(
        r"^original-rcpt-to:[^\n@]{0,80}?(" + prose.ADDRESS.pattern + ")", _flat(feedback), re.IGNORECASE | re.MULTILINE
    )
    return found.group(1) if found else _intended(parts, "")


def _feedback_type(part: Message) -> str:
    found = re.search(r"^feedback-type:\s*([\w-]+)", _flat(part), re.IGNORECASE | re.MULTILINE)
    return found.group(1).lower() if found else "abuse"


def _flat(part: Message) -> str:
    """A part's text, also where the parser took it for a message of its own. Never through a generator: it may refuse."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return "\n\n".join(_as_text(child) for child in payload if isinstance(child, Message))
    return _body(part)


def _as_text(mail: Message) -> str:
    """The headers of a message that stands inside another, and its words when it has but one part."""
    payload = mail.get_payload()
    words = payload[:20_000] if isinstance(payload, str) else ""
    return "\n".join(f"{name}: {value}" for name, value in mail.raw_items()) + "\n\n" + words


def _words(parts: list[Message]) -> str:
    """The prose of a report, up to where the returned letter begins."""
    return prose.before_the_letter(_text(parts))


def _text(parts: list[Message]) -> str:
    readable_parts = [part for part in parts if part.get_content_maintype() in ("text", "multipart")]  # a lost boundary
    return "\n".join(map(_body, readable_parts))[:50_000].replace("\x00", "")


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


def _address(group: dict[str, str], name: str) -> str:
    found = prose.ADDRESS.search(group.get(name, "").rpartition(";")[2])
    return found.group(0) if found else ""


def _header(mail: Message, name: str) -> str:
    value = str(mail.get(name, ""))
    try:
        return " ".join(str(make_header(decode_header(value))).split())
    except (LookupError, ValueError, email.errors.MessageError):  # a charset nobody knows, an encoded word cut in half
        return " ".join(value.encode("ascii", "replace").decode().split())


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""
