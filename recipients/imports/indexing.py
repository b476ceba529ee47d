"""After an import: its people become findable by their words, apart from the import, which does not wait for it."""

from recipients import people
from recipients.imports import runs
from recipients.models import Import, ImportedChange, Person

UNFINISHED = (Import.State.WAITING, Import.State.RUNNING)


def due() -> list[int]:
    """Give the imports that are over and whose people are not all found by their words yet."""
    waiting = Import.objects.filter(is_indexed=False).exclude(state__in=UNFINISHED)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def catch_up(import_id: int) -> int:
    """Write the search text of everybody the import made or changed; doing it twice does no harm."""
    importing = Import.objects.filter(pk=import_id, is_indexed=False).exclude(state__in=UNFINISHED).first()
    if importing is None:
        return 0
    written = 0
    for batch in runs.batches_of(importing):
        made = Person.objects.filter(pk__range=batch.people, created_at=batch.at)
        written += people.index(made.values_list("pk", flat=True).iterator())
    changed = ImportedChange.objects.filter(importing=importing).values_list("person", flat=True)
    written += people.index(changed.iterator())
    Import.objects.filter(pk=import_id).update(is_indexed=True)
    return written
