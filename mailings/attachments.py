"""Files that go along with a mail: few, small, of kinds that mail systems let through, and looked at by a virus scanner.

A file is kept once, under its own fingerprint, for as long as a mailing has it. What a stranger's name or bytes claim is
checked against the bytes: the first ones for kinds that have a mark, the directory for office files, which may hold no macros.
"""

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from email.header import Header
from pathlib import PurePath
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from mailings import editions, scanner
from mailings.models import Attachment, Mailing

MOST = 10  # files of one mailing
LARGEST = 5_000_000  # bytes of one
ALL_LARGEST = 7_000_000  # bytes of all together: some ten million on the wire, which every mail system takes
_UNFIT = re.compile(r"[\x00-\x1f\x7f\"\\/:*?<>|\u202a-\u202e\u2066-\u2069]+")
_OFFICE = 1_000  # entries of an office file that are looked at


class CannotAttach(ValueError):
    """This file cannot go along; the sentence says why."""


def _begins(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(marks)


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\x00" not in data and data.lstrip()[:1] != b"<"


def _office(wanted: str) -> Callable[[bytes], bool]:
    """An office file is an archive that names its own kind, without macros."""

    def check(data: bytes) -> bool:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = archive.namelist()[:_OFFICE]
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            return False
        is_active = any("vbaproject" in name.lower() or name.lower().startswith("basic/") for name in names)
        return wanted in names and not is_active

    return check


# ending → type, and whether these bytes are of it
KINDS: Mapping[str, tuple[str, Callable[[bytes], bool]]] = {
    "pdf": ("application/pdf", _begins(b"%PDF-")),
    "png": ("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
    "jpg": ("image/jpeg", _begins(b"\xff\xd8\xff")),
    "jpeg": ("image/jpeg", _begins(b"\xff\xd8\xff")),
    "gif": ("image/gif", _begins(b"GIF87a", b"GIF89a")),
    "ics": (
        "text/calendar",
        lambda data: _is_text(data) and data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"BEGIN:VCALENDAR"),
    ),
    "vcf": ("text/vcard", lambda data: _is_text(data) and data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"BEGIN:VCARD")),
    "txt": ("text/plain", _is_text),
    "csv": ("text/csv", _is_text),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _office("word/document.xml")),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _office("xl/workbook.xml")),
    "pptx": (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        _office("ppt/presentation.xml"),
    ),
    "odt": ("application/vnd.oasis.opendocument.text", _office("content.xml")),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", _office("content.xml")),
    "odp": ("application/vnd.oasis.opendocument.presentation", _office("content.xml")),
}


def kind_of(name: str, data: bytes) -> str:
    """Give the type of a file. Raises CannotAttach for one that mail systems refuse or that is not what its name says."""
    ending = PurePath(name).suffix.lower().removeprefix(".")
    if ending not in KINDS:
        text = _("Files of the kind “%(ending)s” do not go along: many mail systems refuse them. These do: %(kinds)s.")
        raise CannotAttach(text % {"ending": ending or "?", "kinds": ", ".join(KINDS)})
    kind, is_so = KINDS[ending]
    if not is_so(data):
        text = _("“%(name)s” is not what its name says, or holds macros. Save it anew and try again.")
        raise CannotAttach(text % {"name": name})
    return kind


def name_of(given: str) -> str:
    """Give a file's name as it may stand in a mail: no folders, nothing that turns words round, not too long."""
    bare = _UNFIT.sub(" ", PurePath(given.replace("\\", "/")).name)
    path = PurePath(" ".join(bare.split()).strip(". ") or "file")
    return f"{path.stem[:80]}{path.suffix[:10].lower()}"


def add(mailing: Mailing, given: str, data: bytes, *, by: User | AnonymousUser, now: datetime) -> Attachment:
    """Take a file in, looked at by the scanner where there is one. Raises CannotAttach."""
    name = name_of(given)
    if not data:
        raise CannotAttach(_("“%(name)s” is empty.") % {"name": name})
    if len(data) > LARGEST:
        text = _("“%(name)s” is larger than %(limit)s. Put it on a page and link to it.")
        raise CannotAttach(text % {"name": name, "limit": filesizeformat(LARGEST)})
    kind = kind_of(name, data)
    try:
        verdict = scanner.scan(data, at=settings.CLAMD_URL)
    except scanner.NoAnswer as silence:
        text = _("The virus scanner does not answer, so nothing is taken in: %(answer)s")
        raise CannotAttach(text % {"answer": silence}) from silence
    if verdict:
        raise CannotAttach(_("The virus scanner found %(found)s in “%(name)s”.") % {"found": verdict, "name": name})
    return _keep(mailing, name, kind, data, by=by, now=now)


@transaction.atomic
def _keep(
    mailing: Mailing, name: str, kind: str, data: bytes, *, by: User | AnonymousUser, now: datetime
) -> Attachment:
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    there = locked.attachments.all()
    if there.count() >= MOST:
        raise CannotAttach(_("At most %(count)d files go along with a mail.") % {"count": MOST})
    if (there.aggregate(all=Sum("size"))["all"] or 0) + len(data) > ALL_LARGEST:
        text = _("All files together may have %(limit)s. Put one on a page and link to it.")
        raise CannotAttach(text % {"limit": filesizeformat(ALL_LARGEST)})
    digest = hashlib.sha256(data).hexdigest()
    if there.filter(name=name).exists():
        raise CannotAttach(_("A file called “%(name)s” goes along already.") % {"name": name})
    if not default_storage.exists(_place(digest)):
        default_storage.save(_place(digest), ContentFile(data))
    return Attachment.objects.create(
        mailing=locked,
        name=name,
        kind=kind,
        size=len(data),
        digest=digest,
        scanned_at=now if settings.CLAMD_URL else None,
        added_at=now,
        added_by=by if isinstance(by, User) else None,
    )


def remove(mailing: Mailing, number: int) -> None:
    """Take a file off a draft; the last one takes it out of the world."""
    found = mailing.attachments.filter(pk=number).first()
    if found is None:
        return
    found.delete()
    if not Attachment.objects.filter(digest=found.digest).exists():
        default_storage.delete(_place(found.digest))


def copy(mailing: Mailing, to: Mailing) -> None:
    """Let the same files go along with a copied mailing."""
    for one in mailing.attachments.order_by("pk"):
        one.pk, one.mailing = None, to
        one._state.adding = True
        one.save()


def data_of(attachment: Attachment) -> bytes:
    """Give the file. Raises FileNotFoundError."""
    with default_storage.open(_place(attachment.digest)) as file:
        return bytes(file.read())


def parts(mailing: Mailing) -> tuple[bytes, ...]:
    """Give the MIME parts of the files of a mailing or an edition, each with its headers, in order."""
    return tuple(_part(one, data_of(one)) for one in editions.main_of(mailing).attachments.order_by("pk"))


def _part(attachment: Attachment, data: bytes) -> bytes:
    """Write a part (RFC 2045): the name as a quoted word, and for names of other letters as RFC 2231 has it."""
    named = _parameter("name", attachment.name), _parameter("filename", attachment.name)
    head = (
        f"Content-Type: {attachment.kind};\r\n {named[0]}\r\n"
        f"Content-Disposition: attachment;\r\n {named[1]}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode("ascii") + base64.encodebytes(data).replace(b"\n", b"\r\n")


def disposition(attachment: Attachment) -> str:
    """Say what a browser saves it as."""
    return f"attachment; {_parameter('filename', attachment.name)}"


def _parameter(parameter: str, name: str) -> str:
    if name.isascii():
        return f'{parameter}="{name}"'
    if parameter == "name":
        return f'{parameter}="{Header(name, "utf-8", maxlinelen=900).encode()}"'
    return f"{parameter}*=utf-8''{quote(name, safe='')}"


def missing(files: Iterable[Attachment]) -> list[str]:
    """Name the files that should go along and are not on the disk."""
    return [one.name for one in files if not default_storage.exists(_place(one.digest))]


def _place(digest: str) -> str:
    return f"attachments/{digest[:2]}/{digest}"
