"""Scans of paper: a signed form, a card, a contract. Kept outside the web root under the hash of what is in them.

The hash stands in the evidence of the entry, so the chain also tells when somebody exchanged the file.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from consent.models import ConsentDetail, EvidenceFile

MOST = 10 * 1024 * 1024
# What a file begins with says what it is; what its name or the browser says does not count.
KINDS: dict[bytes, tuple[str, str]] = {
    b"%PDF-": ("application/pdf", "pdf"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"II*\x00": ("image/tiff", "tif"),
    b"MM\x00*": ("image/tiff", "tif"),
}
# Where consent comes in on paper.
ON_PAPER = frozenset(
    {"newsletter_signup", "contract", "donation_volunteer", "event_own_contact", "employer_list", "merger_acquisition"}
)


class NotAScan(ValueError):
    """The file is no scan we keep; the message says why, fit to show a person."""


def keep(upload: "UploadedFile[Any]", *, by: User | None, now: dt.datetime) -> EvidenceFile:
    """Keep a scan; the same file again is the one we have. Raises NotAScan."""
    content, kind, ending = _checked(upload)
    digest = hashlib.sha256(content).hexdigest()
    if known := EvidenceFile.objects.filter(digest=digest).first():
        return known
    name = get_valid_filename((upload.name or "scan")[-120:]) or "scan"
    made = EvidenceFile(digest=digest, file_name=name, content_type=kind, size=len(content))
    made.created_at, made.created_by = now, by
    made.file.save(f"{digest[:32]}.{ending}", ContentFile(content), save=False)
    with transaction.atomic():
        found, is_new = EvidenceFile.objects.get_or_create(digest=digest, defaults=_columns(made))
    if not is_new:
        made.file.delete(save=False)
    return found


def of(details: Iterable[ConsentDetail]) -> list[EvidenceFile]:
    """Give the scans that stand in these entries."""
    digests = {str(detail.evidence.get("file")) for detail in details if detail.evidence.get("file")}
    return list(EvidenceFile.objects.filter(digest__in=digests).order_by("pk"))


def _checked(upload: "UploadedFile[Any]") -> tuple[bytes, str, str]:
    if (upload.size or 0) > MOST:
        raise NotAScan(_("The file is larger than 10 MB"))
    content = upload.read(MOST + 1)
    if len(content) > MOST:
        raise NotAScan(_("The file is larger than 10 MB"))
    for beginning, (kind, ending) in KINDS.items():
        if content.startswith(beginning):
            return content, kind, ending
    raise NotAScan(_("A scan is a PDF, a PNG, a JPEG or a TIFF"))


def _columns(made: EvidenceFile) -> dict[str, object]:
    names = ("file", "file_name", "content_type", "size", "created_at", "created_by")
    return {name: getattr(made, name) for name in names}
