"""The content of a draft: kept with a version, so that nobody overwrites what somebody else wrote meanwhile."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import F
from django.utils.translation import gettext as _

from mailings import history
from mailings.letters import files
from mailings.material import brand, templates
from mailings.material.models import Template
from mailings.models import ContentVersion, Mailing
from mailings.rendering import sourced, switching
from mailings.rendering.blocks import Block, Button, Columns, Document, Product, new_id
from mailings.rendering.sourced import Source
from mailings.starters import Starter


class Changed(Exception):
    """Somebody saved this mail in the meantime; `version` is the one that is kept now."""

    def __init__(self, version: int) -> None:
        super().__init__(_("This mail was changed in another window. Yours is not saved; nothing is lost."))
        self.version = version


def save(
    mailing: Mailing,
    document: Document,
    *,
    subject: str,
    preheader: str,
    version: int,
    now: datetime,
    by: User | AnonymousUser | None = None,
    is_new: bool = False,
    aside: dict[str, Any] | None = None,
) -> None:
    """Keep what was written on top of `version`. Raises Changed when that is no longer the newest.

    The same told twice, as a window does that closes while it saves, is no conflict. `aside` is the content this one
    takes the place of; without it, what was put aside before stays there.
    """
    values = {"subject": subject, "preheader": preheader, "content": document.to_json(), "updated_at": now}
    if aside:
        values["aside"] = aside
    drafts = Mailing.with_editions.filter(pk=mailing.pk, status=Mailing.Status.DRAFT)
    if not drafts.filter(content_version=version).update(content_version=F("content_version") + 1, **values):
        mailing.refresh_from_db(fields=["content_version", "content", "subject", "preheader"])
        if all(getattr(mailing, name) == value for name, value in values.items() if name != "updated_at"):
            return
        raise Changed(mailing.content_version)
    for name, value in values.items():
        setattr(mailing, name, value)
    mailing.content_version = version + 1
    history.note(mailing, by=by, now=now, is_new=is_new)


def start_from(mailing: Mailing, starter: Starter, language: str, *, now: datetime) -> None:
    """Begin with a starter template. What was there is put aside; an empty subject takes the template's.

    Its buttons lead to the sender's home page until somebody says where to; the last check reminds of it.
    """
    written = starter.letter(language)
    subject = mailing.subject or written.subject
    document = leading_to(home_of(mailing), brand.dress(written.document, brand.kit()))
    _replace(mailing, document, subject=subject, preheader=mailing.preheader or written.preheader, now=now)


def is_written(mailing: Mailing) -> bool:
    """Say whether anything stands in it."""
    return bool(mailing.content.get("blocks") or mailing.content.get("source") or mailing.content.get("file"))


def write_as(mailing: Mailing, kind: str, *, now: datetime, by: User | AnonymousUser | None = None) -> None:
    """Go on in HTML or MJML with what is there, or go back to blocks; what was there is put aside.

    Blocks come along as what they are written as; of HTML and MJML the body comes along, as one HTML block.
    Raises Changed, NoSuchBlock.
    """
    before = Document.read(mailing.content)
    if kind in sourced.KINDS:
        text = before.source.text if before.source and kind == "html" else ""
        if before.source and before.source.kind == "mjml" and kind == "html":
            text = sourced.whole(before.source).body
        if not before.source:
            text = switching.written(before, kind)
        document = Document.of_source(Source(kind, text), before.language, before.style)
    else:
        body = replace(before.blocks[0], id=new_id()) if before.source and before.blocks else None
        document = Document((body,) if body else (), before.language, before.style)
    _replace(mailing, document, subject=mailing.subject, preheader=mailing.preheader, now=now, by=by)


def home_of(mailing: Mailing) -> str:
    """Give the home page that goes with the sender's address."""
    return f"https://{(mailing.from_address or settings.SENDER_ADDRESS).rpartition('@')[2]}/"


def leading_to(url: str, document: Document) -> Document:
    """Give every button that leads nowhere this address."""
    return replace(document, blocks=tuple(_led(block, url) for block in document.blocks))


def _led(block: Block, url: str) -> Block:
    if isinstance(block, Button | Product) and not block.url and (isinstance(block, Button) or block.button):
        return replace(block, url=url)
    if isinstance(block, Columns):
        cells = (replace(cell, url=url) if cell.button and not cell.url else cell for cell in block.cells)
        return replace(block, cells=tuple(cells))
    return block


def start_from_template(mailing: Mailing, template: Template, *, now: datetime) -> None:
    """Begin with a template of our own, as it was saved. What was there is put aside. Raises Changed, NoSuchBlock."""
    document = templates.document(template)
    subject = mailing.subject or template.subject
    _replace(mailing, document, subject=subject, preheader=mailing.preheader or template.preheader, now=now)


def start_from_mailing(mailing: Mailing, earlier: Mailing, *, now: datetime) -> None:
    """Begin with the content of an earlier mailing. What was there is put aside."""
    if files.named(earlier) and mailing.type == Mailing.Type.DOCUMENT:
        files.put_back(mailing, earlier.content, now=now)
        return
    document = Document.read(earlier.content)
    subject = mailing.subject or earlier.subject
    _replace(mailing, document, subject=subject, preheader=mailing.preheader or earlier.preheader, now=now)


def put_back(mailing: Mailing, *, now: datetime) -> bool:
    """Bring back what a template took the place of; say whether there was anything."""
    if not mailing.aside:
        return False
    if "file" in mailing.aside:
        files.put_back(mailing, mailing.aside, now=now)
        return True
    document = Document.read(mailing.aside)
    _replace(mailing, document, subject=mailing.subject, preheader=mailing.preheader, now=now)
    return True


def forget_aside(mailing: Mailing) -> None:
    """The new one is the one; what a template took the place of stays among the versions."""
    Mailing.with_editions.filter(pk=mailing.pk).update(aside=None)


def restore(mailing: Mailing, kept: ContentVersion, *, now: datetime, by: User | AnonymousUser | None = None) -> None:
    """Go back to a version; what stood there until now is a version too. Raises Changed, NoSuchBlock."""
    history.note(mailing, by=by, now=now, is_new=True)
    _replace(mailing, Document.read(kept.content), subject=kept.subject, preheader=kept.preheader, now=now, by=by)


def _replace(
    mailing: Mailing,
    document: Document,
    *,
    subject: str,
    preheader: str,
    now: datetime,
    by: User | AnonymousUser | None = None,
) -> None:
    before = mailing.content if is_written(mailing) else None
    save(
        mailing,
        document,
        subject=subject,
        preheader=preheader,
        version=mailing.content_version,
        now=now,
        by=by,
        is_new=True,
        aside=before,
    )
