"""A file with the same columns as one before is read as that one was: its columns were looked at and corrected once."""

import hashlib

from recipients.imports import columns
from recipients.models import Import

UNUSED = (Import.State.MAPPING, Import.State.UNDONE)  # not decided yet, or decided wrongly


def of(headers: list[str]) -> str:
    """Give what makes two files alike: the names of their columns, in their order. Without names nothing is alike."""
    if not any(headers):
        return ""
    return hashlib.blake2b("\x1f".join(map(columns.plain, headers)).encode(), digest_size=16).hexdigest()


def recall(importing: Import) -> None:
    """Take over the columns, and what was done with people we knew, of the last import of this layout."""
    importing.layout = of(importing.headers)
    importing.as_in = None
    if not importing.layout:
        return
    alike = Import.objects.filter(layout=importing.layout).exclude(state__in=UNUSED).exclude(pk=importing.pk)
    before = alike.order_by("-pk").first()
    if before is not None:
        importing.mapping, importing.as_in = before.mapping, before
        importing.overwrite, importing.replace = before.overwrite, before.replace
