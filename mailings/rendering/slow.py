"""The same message by the standard library: the reference that the compiled form is tested and measured against."""

from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from mailings.rendering import escaping, headers, pieces
from mailings.rendering.drafts import Letter, draft


def render(letter: Letter, recipient: Mapping[str, object]) -> bytes:
    """Give the message of one recipient, built object by object."""
    written = draft(letter)
    message = EmailMessage(SMTP)
    for header in written.headers:
        value = (
            escaping.raw(header.key, recipient.get(header.key)) if header.key else _mailbox(letter, header, recipient)
        )
        more = header.then
        rest = f" {more.before}{escaping.raw(more.key, recipient.get(more.key))}{more.after}" if more else ""
        message[header.name] = f"{header.before}{value}{header.after}{rest}"
    name = escaping.clean("_name", recipient.get("_name") or "")
    message["To"] = Address(name, addr_spec=headers.address("_to", recipient.get("_to")))
    message["Subject"] = headers.one_line("Subject", pieces.join(written.subject, recipient))
    message.set_content(pieces.join(written.text, recipient), cte="quoted-printable")
    message.add_alternative(pieces.join(written.html, recipient), subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _mailbox(letter: Letter, header: headers.Header, recipient: Mapping[str, object]) -> str:
    if header.of and (given := recipient.get(header.of)):
        name = escaping.clean("_name", recipient.get(f"{header.of}_name") or "")
        return str(Address(name, addr_spec=headers.address(header.of, given)))
    if header.name == "From":
        return str(Address(letter.from_name, addr_spec=headers.address("_from", letter.from_address)))
    return header.value.replace("\r\n", "")
