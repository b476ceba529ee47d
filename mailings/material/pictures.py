"""The library of pictures: taken in once, served from our own address for as long as a mail may show them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from django.contrib.auth.models import AnonymousUser, User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Q, QuerySet

from mailings.material import redrawing
from mailings.material.models import Picture
from mailings.rendering.picturing import NAME, WIDTHS

TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
IN_TEXT = re.compile(NAME)  # the name of a picture, wherever it stands


def take_in(file: bytes, title: str, *, by: User | AnonymousUser | None, now: datetime, alt: str = "") -> Picture:
    """Draw a picture again and keep it; the same one twice is one. Raises NotAPicture."""
    drawn = redrawing.redraw(file)
    _keep(_place(drawn.name), drawn.data)
    for width, copy in drawn.copies.items():
        _keep(_place(drawn.name, width), copy)
    picture, is_new = Picture.objects.get_or_create(
        name=drawn.name,
        defaults={
            "title": PurePath(title.replace("\\", "/")).name[:200] or drawn.name,
            "alt": alt[:300],
            "width": drawn.width,
            "height": drawn.height,
            "size": len(drawn.data),
            "added_at": now,
            "by": by if isinstance(by, User) else None,
        },
    )
    if not is_new and picture.archived_at:
        bring_back(picture)
    return picture


def _keep(place: str, drawn: bytes) -> None:
    if not default_storage.exists(place):
        default_storage.save(place, ContentFile(drawn))


def _place(name: str, width: int = 0) -> str:
    return f"pictures/{name[:2]}/{width}/{name}" if width else f"pictures/{name[:2]}/{name}"


def data(name: str, width: int = 0) -> bytes | None:
    """Give the file of a picture, or of its narrower copy where there is one; None when there is no such picture."""
    if not IN_TEXT.fullmatch(name) or (width and width not in WIDTHS):
        return None
    for place in [_place(name, width), _place(name)] if width else [_place(name)]:
        try:
            with default_storage.open(place) as file:
                return bytes(file.read())
        except FileNotFoundError:
            continue
    return None


@dataclass(frozen=True)
class Shelf:
    """A page of the library, the newest first. `after` is given back for the next page; 0 on the last one."""

    pictures: Sequence[Picture]
    after: int = 0


def shelf(words: str = "", *, after: int = 0, limit: int = 48, archived: bool = False) -> Shelf:
    """Give pictures whose name or description has these words in it."""
    kept = found(words, archived=archived)
    rows = list((kept.filter(pk__lt=after) if after else kept).order_by("-pk")[: limit + 1])
    return Shelf(rows[:limit], rows[limit - 1].pk if len(rows) > limit else 0)


def found(words: str, *, archived: bool = False) -> QuerySet[Picture]:
    """Narrow the library to these words."""
    rows = Picture.objects.filter(archived_at__isnull=not archived)
    for word in words.split():
        rows = rows.filter(Q(title__icontains=word) | Q(alt__icontains=word))
    return rows


def archive(picture: Picture, *, now: datetime) -> None:
    """Take it out of the library; mails that show it still do."""
    Picture.objects.filter(pk=picture.pk).update(archived_at=now)


def bring_back(picture: Picture) -> None:
    Picture.objects.filter(pk=picture.pk).update(archived_at=None)


def delete(picture: Picture) -> None:
    """Take the picture out of the world: mails that were sent show its words instead."""
    for width in (0, *WIDTHS):
        default_storage.delete(_place(picture.name, width))
    picture.delete()
