"""One mail as one reader sees it: for the preview, the online version and a test. Nothing here counts."""

import email
import email.policy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from consent import preferences, unsubscribe
from mailings import attachments, audience, compiling, contacts, editions, medium, merge_data, unseen
from mailings.letters import addresses as letter_addresses
from mailings.letters import making
from mailings.models import Mailing, Message
from mailings.rendering import pieces, variables
from mailings.rendering.escaping import Context, RenderError
from mailings.rendering.segments import Compiled
from mailings.rendering.writing import Pen
from recipients.models import Person
from tracking import tokens

CHOICES = 50  # people a preview offers at once


@dataclass(frozen=True)
class Reader:
    """Somebody to fill a mail in for; without a number it is a person we made up."""

    name: str
    address: str
    data: Mapping[str, object]
    person: int | None = None
    company: str = ""


@dataclass(frozen=True)
class Seen:
    """A rendered mail taken apart again: what an inbox and its reader make of the bytes."""

    raw: bytes
    subject: str
    sender_name: str
    sender_address: str
    text: str
    html: str

    @property
    def anatomy(self) -> str:
        """The headers as they go over the wire, and what the message is made of."""
        head = self.raw.partition(b"\r\n\r\n")[0].decode("ascii").replace("\r\n", "\n")
        made_of = [part for part in parsed(self.raw).walk() if not part.is_multipart()]
        sizes = [f"{part.get_content_type()}: {filesizeformat(len(part.get_content().encode()))}" for part in made_of]
        return "\n".join([head, "", *sizes, _("whole message: %(size)s") % {"size": filesizeformat(len(self.raw))}])

    @property
    def html_size(self) -> int:
        return len(self.html.encode())


def sample() -> Reader:
    """Give somebody with a value for every variable."""
    data = {name: str(variable.example) for name, variable in variables.catalogue().items()}
    return Reader(data["customer.name"], data["customer.email"], data)


def reader(mailing: Mailing, person: int) -> Reader | None:
    """Give a person with the values this mailing asks for, as they are today."""
    data = merge_data.of(mailing)
    parameters: dict[str, Any] = {"person": person}
    of_type, extra = medium.of(mailing), contacts.kept_sql(mailing, parameters)
    if of_type.channel == "letter":
        extra = {making.DATA: letter_addresses.window(merge_data.FULL_NAME)}
    sql = f"""SELECT {merge_data.FULL_NAME}, audience.address, {data.object_sql(extra)}
                FROM recipients_person p
                LEFT JOIN (SELECT *, false AS is_company FROM {of_type.addresses} own) audience ON audience.person_id = p.id
                {data.joins} WHERE p.id = %(person)s"""  # noqa: S608 our own words from merge_data; the number is a parameter
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
    if row is None:
        return None
    values = json.loads(row[2]) if isinstance(row[2], str) else row[2]
    return Reader(row[0], row[1] or "", values, person)


def readers(mailing: Mailing, words: str, *, now: datetime, limit: int = CHOICES) -> list[Reader]:
    """Give people to preview as: of the audience, or of everybody while nobody is chosen."""
    main = editions.main_of(mailing)
    if main.sources.exists():
        page = audience.people(main, audience.Asked(words=words), now=now, limit=limit)
        return [Reader(one.name, one.address, {}, one.person, one.company) for one in page.recipients]
    people = Person.objects.matching(words).select_related("company")
    found = list(people.order_by("sort_name", "pk")[:limit])
    sql = f"SELECT person_id, address FROM {medium.of(mailing).addresses} known WHERE person_id = ANY(%s)"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, [[one.pk for one in found]])
        addresses = dict(cursor.fetchall())
    return [
        Reader(one.name, addresses.get(one.pk, ""), {}, one.pk, one.company.name if one.company else "")
        for one in found
    ]


def preview(mailing: Mailing, who: Reader, *, now: datetime, compiled: Compiled | None = None) -> Seen:
    """Render a draft for somebody, compiled already or not. Raises RenderError, NoSuchBlock."""
    compiled = compiled or compiling.preview_of(mailing)
    address = who.address or sample().address
    return seen(compiled.render(_values(mailing, who, address, tokens.TEST, now=now)))


def line(text: str, who: Reader, *, language: str) -> str:
    """Fill in one line of words for somebody, dates in this language; what cannot be filled in stays empty."""
    pen = Pen("", {}, language)
    marked = pen.marks.cut(pen.quietly(text, Context.TEXT))
    try:
        return pieces.join(marked, who.data)
    except RenderError:
        return ""


def test_message(mailing: Mailing, who: Reader, address: str, *, compiled: Compiled, now: datetime) -> bytes:
    """Render a test to one address, filled in for somebody; its links work and are never counted."""
    leave, choose = "/u/", preferences.path(preferences.keys_of([address])[address])
    if mailing.subscription_type_id:
        leave = unsubscribe.links([address], mailing.subscription_type_id)[address]
    values = _values(mailing, who, address, tokens.TEST, now=now, leave=leave, choose=choose)
    return compiled.render(values | {"_attached": attachments.parts(mailing)})


def online(mailing: Mailing, message: Message, *, now: datetime) -> Seen:
    """Render a sent message once more, from what was copied when the audience was frozen."""
    worded = next((one for one in editions.of(mailing) if one.edition == message.edition), mailing)
    kept = worded.compiled_unseen if unseen.KEY in message.data else worded.compiled
    compiled = Compiled.from_json(kept) if kept else compiling.preview_of(worded)
    data = {**message.data, variables.ONLINE: "1"}
    who = Reader(str(message.data.get("_name") or ""), message.address, data)
    key, of_type = str(message.data.get("_u") or ""), mailing.subscription_type_id
    leave = unsubscribe.path(key, of_type) if key and of_type else "/u/"
    wishes = str(message.data.get("_p") or "")
    choose = preferences.path(wishes) if wishes else "/p/"
    return seen(
        compiled.render(_values(mailing, who, message.address, message.pk, now=now, leave=leave, choose=choose))
    )


def seen(raw: bytes) -> Seen:
    """Take rendered bytes apart, the way a mail program does."""
    message = parsed(raw)
    sender = message["From"].addresses[0]
    return Seen(
        raw,
        str(message["Subject"]),
        sender.display_name,
        sender.addr_spec,
        _part(message, "plain"),
        _part(message, "html"),
    )


def parsed(raw: bytes) -> EmailMessage:
    """Read rendered bytes as a message."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 by the policy
    return message


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


def _values(
    mailing: Mailing,
    who: Reader,
    address: str,
    message: int,
    *,
    now: datetime,
    leave: str = "/u/",
    choose: str = "/p/",
) -> dict[str, Any]:
    """Give the reader's values with the sender's own; message number 0 makes tokens that never count."""
    click = tokens.make("click", mailing.pk, message)
    return {
        **who.data,
        "_to": address,
        "_name": who.name,
        "_token": click,
        "_open": tokens.make("open", mailing.pk, message),
        "_view": f"{settings.BASE_URL}/v/{tokens.make('view', mailing.pk, message)}/",
        "_unsubscribe": f"{settings.BASE_URL}{leave}?m={click}",
        "_leave": f"{tokens.make('leave', mailing.pk, message)}@{settings.BOUNCE_DOMAIN}",
        "_preferences": f"{settings.BASE_URL}{choose}?m={click}",
        "_message_id": f"test.{mailing.pk}.{now:%Y%m%d%H%M%S%f}@{settings.BOUNCE_DOMAIN}",
        "_bounce": tokens.return_path(mailing.pk, message),
        "_date": format_datetime(now),
    }
