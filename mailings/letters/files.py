"""The Word file of a mailing: taken in, kept once under its fingerprint, taken off again.

The mailing's content names it, with the fields it has, so that whatever asks which values a mailing needs finds them there.
"""

import hashlib
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _

from mailings.letters import office, word
from mailings.letters.models import LetterFile
from mailings.letters.word import CannotUse, Template
from mailings.models import Mailing
from mailings.rendering import variables

KEPT = timedelta(days=1)  # a file that nobody has: somebody may undo yet


def named(mailing: Mailing) -> dict[str, Any]:
    """Give what the content says about its Word file: {"digest", "name", "fields"}; empty for a letter of blocks."""
    found = mailing.content.get("file")
    return found if isinstance(found, dict) and isinstance(found.get("digest"), str) else {}


def take(mailing: Mailing, name: str, data: bytes, *, now: datetime) -> Template:
    """Make this file the letter of a draft; what was there is put aside. Raises CannotUse."""
    read = word.read(data)
    office.fill(read, read.values(_examples()))  # a file that cannot be filled in is not taken
    digest = hashlib.sha256(data).hexdigest()
    LetterFile.objects.get_or_create(digest=digest, defaults={"docx": data, "at": now})
    fields = " ".join(read.fields)
    file = {"digest": digest, "name": _unpathed(name), "fields": fields}
    kept = {"language": mailing.content.get("language") or "en", "file": file}
    aside = {} if named(mailing) or not mailing.content.get("blocks") else {"aside": mailing.content}
    _keep(mailing, kept, now, **aside)
    _forget_others(now)
    return read


def drop(mailing: Mailing, *, now: datetime) -> None:
    """Go back to a letter of blocks: the one that was put aside, or an empty one. Raises CannotUse."""
    before = mailing.aside if isinstance(mailing.aside, dict) and "file" not in mailing.aside else {}
    _keep(mailing, before, now, aside=None)
    _forget_others(now)


def put_back(mailing: Mailing, kept: dict[str, Any], *, now: datetime) -> None:
    """Make the file that other content names the letter of this draft. Raises CannotUse."""
    _keep(mailing, {"language": kept.get("language", "en"), "file": kept["file"]}, now)


def template(mailing: Mailing) -> Template:
    """Give the file with its places. Raises CannotUse when it is gone."""
    return _read(str(named(mailing).get("digest", "")))


def data_of(mailing: Mailing) -> bytes:
    """Give the file as it was taken in. Raises LetterFile.DoesNotExist."""
    return bytes(LetterFile.objects.get(pk=named(mailing).get("digest", "")).docx)


@lru_cache(maxsize=4)
def _read(digest: str) -> Template:
    file = LetterFile.objects.filter(pk=digest).first()
    if file is None:
        raise CannotUse(_("The Word file is gone. Upload it again."))
    return word.read(bytes(file.docx))


def _examples() -> dict[str, object]:
    found: dict[str, object] = {one.key: str(one.example) for one in variables.catalogue().values()}
    return found | dict.fromkeys(word.OWN.values(), "…")


def _unpathed(name: str) -> str:
    plain = "".join(sign for sign in name.replace("\\", "/").rpartition("/")[2] if sign.isprintable())
    return plain[-100:] or "letter.docx"


def _keep(mailing: Mailing, content: dict[str, Any], now: datetime, **more: object) -> None:
    drafts = Mailing.with_editions.filter(pk=mailing.pk, status=Mailing.Status.DRAFT)
    if not drafts.update(content=content, content_version=F("content_version") + 1, updated_at=now, **more):
        raise CannotUse(_("This mailing is no draft any more."))
    mailing.refresh_from_db(fields=["content", "content_version", "aside", "updated_at"])


def _forget_others(now: datetime) -> None:
    """Delete the files that no mailing names any more."""
    old = LetterFile.objects.filter(at__lt=now - KEPT).values_list("pk", flat=True)
    for digest in old:
        is_named = Q(content__file__digest=digest) | Q(aside__file__digest=digest)
        if not Mailing.with_editions.filter(is_named).exists():
            LetterFile.objects.filter(pk=digest).delete()
