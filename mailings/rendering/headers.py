"""The headers of a message: RFC 5322 lines, RFC 2047 words, and what mailbox providers ask of bulk mail."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from mailings.rendering.escaping import RenderError, clean

if TYPE_CHECKING:
    from mailings.rendering.drafts import Letter

LINE = 76
_WORD = 75 - len("=?utf-8?q??=")
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9-]+")
_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_SIMPLE = re.compile(r"[!-~]+(?: [!-~]+)*")
# RFC 2047 5(3): what may stand for itself inside an encoded word, in every place
_Q = (
    {n: chr(n) if chr(n).isalnum() and n < 128 else f"={n:02X}" for n in range(256)}
    | {32: "_"}
    | {ord(c): c for c in "!*+-/"}
)


@dataclass(frozen=True)
class Header:
    """One header: a fixed value, or (`key`) one the sender supplies, in `before` and `after`.

    `then` is a second such value, on a line of its own.
    """

    name: str
    value: str = ""
    key: str = ""
    before: str = ""
    after: str = ""
    then: "Header | None" = None
    of: str = ""  # a mailbox of the recipient's data, under this key; the fixed value for who has none


def of(letter: "Letter") -> tuple[Header, ...]:
    """List the headers of every message of a letter, in order, but for To and Subject."""
    kind = letter.subscription_code or "mailing"
    rows: list[Header | None] = [
        Header(
            "From",
            mailbox("_from", letter.from_name, letter.from_address),
            of="_from" if letter.from_varies else "",
        ),
        _reply_to(letter),
        Header("Date", key="_date"),
        Header("Message-ID", key="_message_id", before="<", after=">"),
        *(_of_a_list(letter, kind) if letter.is_marketing else ()),
        # Gmail's feedback loop: campaign, kind, tool, sender
        Header("Feedback-ID", f"{letter.number}:{_token(kind)}:mailing:{_token(letter.list_domain)}"),
        # RFC 9477: where to send a complaint; the address says which mail it is about
        Header("CFBL-Address", key="_bounce", after="; report=arf"),
        # RFC 3834: nobody's holiday answer is wanted
        Header("Auto-Submitted", "auto-generated") if letter.is_response else Header("Precedence", "bulk"),
        Header("X-Auto-Response-Suppress", "OOF, AutoReply"),
        Header("MIME-Version", "1.0"),
    ]
    return tuple(row for row in rows if row is not None)


def _reply_to(letter: "Letter") -> Header | None:
    if letter.reply_varies:
        return Header("Reply-To", mailbox("_reply_to", "", letter.reply_to or letter.from_address), of="_reply_to")
    return Header("Reply-To", mailbox("_reply_to", "", letter.reply_to)) if letter.reply_to else None


def _of_a_list(letter: "Letter", kind: str) -> tuple[Header, ...]:
    """What can be unsubscribed from says how, and what it belongs to; a message about an order belongs to no list."""
    return (
        # RFC 8058 3.1: one https address, and the promise that a POST to it is enough; RFC 2369 3.2: a mail, for others
        Header(
            "List-Unsubscribe",
            key="_unsubscribe",
            before="<",
            after=">,",
            then=Header("", key="_leave", before="<mailto:", after="?subject=unsubscribe>"),
        ),
        Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        # RFC 2919: stable per subscription type
        Header("List-Id", _list_id(letter.subscription_name, kind, letter.list_domain)),
    )


def address(key: str, given: object) -> str:
    """Give an address as it may stand on the wire: one addr-spec in ASCII (RFC 5322, IDN domain as A-label)."""
    text = given if isinstance(given, str) else ""
    if not text.isascii():
        local, _at, domain = text.rpartition("@")
        try:
            text = f"{local}@{domain.encode('idna').decode('ascii')}"
        except UnicodeError:
            text = ""
    if len(text) > 320 or not _ADDRESS.fullmatch(text):
        raise RenderError(key, _("“%(address)s” is not an address mail can be sent to.") % {"address": text or given})
    return text


def mailbox(key: str, name: object, given: object) -> str:
    """Give `Name <address>`, safe in a From or To header; a long name goes on a line of its own."""
    spec = address(key, given)
    words = clean("_name", name) if name else ""
    if not words:
        return spec
    if len(words) <= 50 and _PHRASE.fullmatch(words) and "=?" not in words:
        return f"{words} <{spec}>"
    if len(words) <= 600 and words.isascii() and "=?" not in words:
        return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + f'" <{spec}>'
    return encoded(words) + f"\r\n <{spec}>"


def unstructured(name: str, text: str) -> str:
    """Give a whole header line with free words in it, folded below 77 characters."""
    if len(name) + 2 + len(text) <= LINE and _SIMPLE.fullmatch(text) and "=?" not in text:
        return f"{name}: {text}"
    words = one_line(name, text).split(" ")
    if all(word.isascii() and len(word) < LINE - 1 for word in words) and "=?" not in text:
        return _folded(name, words)
    return f"{name}: {encoded(' '.join(words), len(name) + 2)}"


def one_line(name: str, text: str) -> str:
    """Give free words as a header says them: one line, one space at a time."""
    return " ".join(word for word in clean(name, text).split(" ") if word)


def _folded(name: str, words: list[str]) -> str:
    lines, line = [], f"{name}:"
    for word in words:
        if len(line) + 1 + len(word) > LINE and line.strip():
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join([*lines, line])


def encoded(text: str, used: int = 10) -> str:
    """Write words as RFC 2047 encoded words of at most 75 characters, one per line, no character cut in two."""
    whole = text.encode().decode("latin-1").translate(_Q)
    if len(whole) <= _WORD - used:
        return f"=?utf-8?q?{whole}?="
    lines, line, room = [], "", _WORD - used
    for character in text:
        q = character.encode().decode("latin-1").translate(_Q)
        if len(line) + len(q) > room:
            lines.append(line)
            line, room = "", _WORD - 1
        line += q
    return "\r\n ".join(f"=?utf-8?q?{line}?=" for line in [*lines, line])


def boundary(*parts: str) -> str:
    """Give a boundary for these parts; `=_` can stand in no quoted-printable body (RFC 2045 6.7)."""
    return f"=_{blake2b(''.join(parts).encode('utf-8', 'replace'), digest_size=12).hexdigest()}"


def _list_id(name: str, code: str, domain: str) -> str:
    identity = f"<{_token(code)}.{_token(domain)}>"
    words = clean("List-Id", name)
    if not words:
        return identity
    plain = len(words) <= 40 and _PHRASE.fullmatch(words)
    return f"{words} {identity}" if plain else f"{encoded(words)}\r\n {identity}"


def _token(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip("-.") or "postduif"
