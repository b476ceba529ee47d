"""Templates of our own: saved from a mail, taken along as JSON with the pictures in it, and taken in again."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext as _

from mailings import blocks_forms
from mailings.material import pictures
from mailings.material.models import Picture, Template
from mailings.material.redrawing import NotAPicture
from mailings.models import Mailing
from mailings.rendering.blocks import Document, NoSuchBlock, new_id
from mailings.rendering.pieces import scrub

KIND = "postduif/template"
MAX_BYTES = 20_000_000  # of a file that comes in, its pictures included
MAX_PICTURES = 50
MAX_DEPTH = 20


class CannotRead(ValueError):
    """The file is no template of ours; fit to show."""


class CannotSave(ValueError):
    """There is nothing to save, or no name for it; fit to show."""


def save(mailing: Mailing, name: str, purpose: str, *, by: User | AnonymousUser | None, now: datetime) -> Template:
    """Keep a mail as a template, in place of the one of that name. Raises CannotSave."""
    name = " ".join(name.split())[:100]
    if not name:
        raise CannotSave(_("Give it a name by which your colleagues know it."))
    if not mailing.content:
        raise CannotSave(_("There is nothing in this mail yet."))
    values = {
        "purpose": " ".join(purpose.split())[:200],
        "subject": mailing.subject,
        "preheader": mailing.preheader,
        "content": mailing.content,
        "at": now,
        "by": by if isinstance(by, User) else None,
    }
    return Template.objects.update_or_create(name=name, defaults=values)[0]


def document(template: Template) -> Document:
    """Give the mail of a template, its blocks as new ones. Raises NoSuchBlock."""
    kept = Document.read(template.content)
    return replace(kept, blocks=tuple(replace(block, id=new_id()) for block in kept.blocks))


def written(template: Template) -> bytes:
    """Write a template as JSON, the pictures of our library in it."""
    text = json.dumps(template.content)
    shown = Picture.objects.filter(name__in=_names(text))
    whole = {
        "kind": KIND,
        "version": 1,
        "name": template.name,
        "purpose": template.purpose,
        "subject": template.subject,
        "preheader": template.preheader,
        "content": template.content,
        "pictures": {one.address: _packed(one) for one in shown},
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def _names(text: str) -> list[str]:
    return [match.group() for match in pictures.IN_TEXT.finditer(text)][:MAX_PICTURES]


def _packed(picture: Picture) -> dict[str, str]:
    data = pictures.data(picture.name) or b""
    return {"title": picture.title, "alt": picture.alt, "data": base64.b64encode(data).decode()}


def read(file: bytes, *, by: User | AnonymousUser | None, now: datetime) -> Template:
    """Take a template in, under a name that is free. Raises CannotRead; then nothing of it is kept."""
    given = _opened(file)
    content = given.get("content")
    if not isinstance(content, dict):
        raise CannotRead(_("There is no mail in this file."))
    try:
        mail = blocks_forms.cleaned(Document.read(content))
    except NoSuchBlock as refusal:
        raise CannotRead(str(refusal)) from refusal
    kept = json.dumps(mail.to_json())
    for address, picture in _unpacked(given.get("pictures"), by=by, now=now):
        kept = kept.replace(address, picture.address)
    return Template.objects.create(
        name=_free(_words(given.get("name"), 80) or _("Template")),
        purpose=_words(given.get("purpose"), 200),
        subject=_words(given.get("subject"), 250),
        preheader=_words(given.get("preheader"), 250),
        content=json.loads(kept),
        at=now,
        by=by if isinstance(by, User) else None,
    )


def _opened(file: bytes) -> dict[str, Any]:
    if len(file) > MAX_BYTES:
        raise CannotRead(_("This file is larger than %(size)d MB.") % {"size": MAX_BYTES // 1_000_000})
    try:
        given = _scrubbed(json.loads(file), MAX_DEPTH)
    except (ValueError, RecursionError):
        raise CannotRead(_("This is no JSON file.")) from None
    if not isinstance(given, dict) or given.get("kind") != KIND:
        raise CannotRead(_("This is no template that Postduif wrote."))
    return given


def _scrubbed(value: Any, depth: int) -> Any:
    """Take out what no mail and no database can hold. Raises ValueError where it goes deeper than any template."""
    if depth == 0:
        raise ValueError("too deep")
    match value:
        case str():
            return scrub(value)
        case list():
            return [_scrubbed(one, depth - 1) for one in value]
        case dict():
            return {scrub(name): _scrubbed(one, depth - 1) for name, one in value.items()}
        case float() | int() if not isinstance(value, bool) and not -(10**9) < value < 10**9:
            raise ValueError("no number of a template")
        case _:
            return value


def _unpacked(packed: object, *, by: User | AnonymousUser | None, now: datetime) -> Iterator[tuple[str, Picture]]:
    """Take the pictures into the library; one that cannot be read is left out."""
    rows = list(packed.items())[:MAX_PICTURES] if isinstance(packed, Mapping) else []
    for address, one in rows:
        if not isinstance(one, Mapping) or not pictures.IN_TEXT.fullmatch(str(address).removeprefix("/i/")):
            continue
        try:
            data = base64.b64decode(str(one.get("data", "")), validate=True)
            yield (
                address,
                pictures.take_in(data, _words(one.get("title"), 200), by=by, now=now, alt=_words(one.get("alt"), 300)),
            )
        except (NotAPicture, binascii.Error, ValueError):
            continue


def _words(value: object, most: int) -> str:
    return " ".join(value.split())[:most] if isinstance(value, str) else ""


def _free(name: str) -> str:
    taken = set(Template.objects.filter(name__startswith=name).values_list("name", flat=True))
    return next(one for one in [name, *(f"{name} {number}" for number in range(2, len(taken) + 3))] if one not in taken)
