"""What a mail was like before: one version per spell of writing, and the way back to each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from mailings.models import ContentVersion, Mailing
from mailings.rendering.blocks import Document, NoSuchBlock
from mailings.rendering.writing import readable

SPELL = timedelta(minutes=10)  # who writes on within it writes in the same version
AT_IT = timedelta(minutes=2)  # who wrote within it may be writing still
MOST = 50  # versions of one mailing


def note(mailing: Mailing, *, by: User | AnonymousUser | None, now: datetime, is_new: bool = False) -> None:
    """Write down how the content stands. A new spell begins with another writer, after a pause, or when asked for."""
    writer = by if isinstance(by, User) else None
    values: dict[str, Any] = {"subject": mailing.subject, "preheader": mailing.preheader, "content": mailing.content}
    last = mailing.versions.order_by("-pk").first()
    if last and not is_new and last.by_id == (writer.pk if writer else None) and now - last.at < SPELL:
        ContentVersion.objects.filter(pk=last.pk).update(at=now, **values)
        return
    mailing.versions.create(at=now, by=writer, **values)
    old = mailing.versions.order_by("-pk").values_list("pk", flat=True)[MOST : MOST + 1]
    if old:
        mailing.versions.filter(pk__lte=old[0]).delete()


def somebody_else(mailing: Mailing, me: User | AnonymousUser | None, *, now: datetime) -> ContentVersion | None:
    """Give what somebody else wrote here within the last minutes: they may be at it still."""
    last = mailing.versions.select_related("by").order_by("-pk").first()
    if last is None or last.by_id is None or now - last.at > AT_IT:
        return None
    return None if isinstance(me, User) and last.by_id == me.pk else last


@dataclass(frozen=True)
class Line:
    """One line of a comparison: "+" came, "-" went, "" stayed."""

    sign: str
    words: str


def compared(version: ContentVersion, mailing: Mailing) -> list[Line]:
    """Say what became of a version since: its lines beside those of today, with what stayed the same left out."""
    then = _lines(version.subject, version.preheader, version.content)
    today = _lines(mailing.subject, mailing.preheader, mailing.content)
    found: list[Line] = []
    for what, start, end, begins, ends in SequenceMatcher(a=then, b=today, autojunk=False).get_opcodes():
        if what != "equal":
            found += [Line("-", words) for words in then[start:end]] + [
                Line("+", words) for words in today[begins:ends]
            ]
    return found


def _lines(subject: str, preheader: str, content: dict[str, Any]) -> Sequence[str]:
    try:
        document = Document.read(content)
    except NoSuchBlock:
        return [readable(subject), readable(preheader)]
    if document.source:
        lines = (line.strip()[:300] for line in document.source.text.splitlines())
        return [readable(subject), readable(preheader), *(line for line in lines if line)]
    return [
        readable(subject),
        readable(preheader),
        *(f"{block.label}: {block.words() or block.summary()}" for block in document.blocks),
    ]
