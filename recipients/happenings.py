"""What this app and the ledger below it know of somebody's life: entries for the time line."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import explain
from consent.models import ConsentDetail, PrivacyMail, Suppression
from recipients import changes, custom
from recipients.imports import runs
from recipients.models import Change, Company, EmailAddress, Import, ImportedChange, Person, PersonPhone, Task
from recipients.timeline import Beyond, Entry, Source, Who

ICONS = {
    Change.Source.CREATED: "user-plus",
    Change.Source.IMPORT: "upload",
    Change.Source.MERGE: "copy",
    Change.Source.FORM: "clipboard-list",
    Change.Source.LINK: "mouse-pointer-click",
}


def edits(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """What was written down and changed, by whom."""
    rows = Change.objects.filter(person=who) if isinstance(who, Person) else Change.objects.filter(company=who)
    found = list(beyond.rows(rows, "at").select_related("by")[:limit])
    fields = custom.of("person" if isinstance(who, Person) else "company") if found else []
    for row in found:
        yield Entry(
            at=row.at,
            number=row.pk,
            text=row.get_source_display(),
            icon=ICONS.get(Change.Source(row.source), "pencil-line"),
            by=_name(row.by),
            lines=() if row.source == Change.Source.CREATED else changes.lines(row.what, fields),
        )


def tasks(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """What was done for them."""
    rows = Task.objects.filter(person=who) if isinstance(who, Person) else Task.objects.filter(company=who)
    for task in beyond.rows(rows.filter(done_at__isnull=False), "done_at").select_related("done_by")[:limit]:
        assert task.done_at is not None  # noqa: S101 - asked for
        yield Entry(
            at=task.done_at,
            number=task.pk,
            text=_("Done: %(task)s") % {"task": task.title},
            icon="check",
            tone="ok",
            detail=task.notes,
            by=_name(task.done_by),
        )


def consent(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """What each of their addresses agreed to and took back, as the ledger has it."""
    rows = ConsentDetail.objects.filter(address__in=_addresses(who)).select_related(
        "event__subscription_type", "event__purpose"
    )
    for detail in beyond.rows(rows, "event__recorded_at")[:limit]:
        event = detail.event
        about = event.subscription_type.name if event.subscription_type else event.purpose.name
        yield Entry(
            at=event.recorded_at,
            number=event.pk,
            text=_("Consent, %(what)s: %(about)s") % {"what": event.get_act_display().lower(), "about": about},
            icon="shield-check" if event.act in ("given", "confirmed", "restored", "resumed") else "user-minus",
            detail=f"{detail.address}, {explain.source_name(event.source)}",
            url=reverse("consent:entry", args=[event.pk]),
            by=explain.actor_name(event.actor),
        )


def blocks(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """When one of their addresses was blocked."""
    rows = Suppression.objects.filter(channel__in=("email", "sms"), address__in=_addresses(who))
    for block in beyond.rows(rows, "created_at")[:limit]:
        yield Entry(
            at=block.created_at,
            number=block.pk,
            text=_("Blocked: %(reason)s") % {"reason": block.get_reason_display()},
            icon="ban",
            tone="bad",
            detail=block.address,
            by=explain.actor_name(block.actor),
        )


def told(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """When they were told what is kept about them."""
    rows = PrivacyMail.objects.filter(address__in=_addresses(who), sent_at__isnull=False)
    for mail in beyond.rows(rows, "sent_at")[:limit]:
        yield Entry(
            at=mail.sent_at or mail.asked_at,
            number=mail.pk,
            text=_("Privacy confirmation sent"),
            icon="shield-check",
            detail=mail.address,
            by=explain.actor_name(mail.actor),
        )


def imports(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """The files they came in with or were changed by."""
    if not isinstance(who, Person):
        return
    changed = ImportedChange.objects.filter(person=who, importing__started_at__isnull=False)
    changed = changed.annotate(at=F("importing__started_at")).select_related("importing__created_by")
    fields = custom.of("person")
    for row in beyond.rows(changed, "importing__started_at", number="importing_id")[:limit]:
        lines = {name: [row.before.get(name), row.after.get(name)] for name in row.after if name != "company_id"}
        yield Entry(
            at=row.importing.started_at or row.importing.created_at,
            number=row.importing_id,
            text=_("Changed by the import of %(file)s") % {"file": row.importing.file_name},
            icon="upload",
            url=reverse("recipients:import", args=[row.importing_id]),
            by=_name(row.importing.created_by),
            lines=changes.lines(lines, fields),
        )


def arrival(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """Since when we know them; and whether an import brought them."""
    beginning = who.created_at
    if beyond.at is not None and (beginning >= beyond.at):
        return
    found = (
        Import.objects.filter(started_at__lte=beginning)
        .filter(Q(finished_at__gte=beginning) | Q(finished_at__isnull=True))
        .select_related("created_by")
        .order_by("-pk")
        if isinstance(who, Person)
        else Import.objects.none()
    )
    by_import = next((one for one in found[:5] if _brought(one, who)), None)
    if by_import:
        yield Entry(
            at=beginning,
            number=who.pk,
            text=_("Came in with the import of %(file)s") % {"file": by_import.file_name},
            icon="upload",
            url=reverse("recipients:import", args=[by_import.pk]),
            by=_name(by_import.created_by),
        )
    elif not Change.objects.filter(source=Change.Source.CREATED, **_owner(who)).exists():
        yield Entry(at=beginning, number=who.pk, text=_("Known since then"), icon="user-plus")


def all_of_them() -> Iterable[Source]:
    """Give the sources of this app."""
    yield Source("edits", gettext_lazy("Changes"), edits, companies=True)
    yield Source("consent", gettext_lazy("Consent"), consent, companies=True)
    yield Source("blocks", gettext_lazy("Blocks"), blocks, companies=True)
    yield Source("privacy", gettext_lazy("Privacy confirmations"), told, companies=True)
    yield Source("imports", gettext_lazy("Imports"), imports)
    yield Source("tasks", gettext_lazy("Tasks"), tasks, companies=True)
    yield Source("arrival", gettext_lazy("Beginning"), arrival, companies=True)


def _brought(importing: Import, who: Who) -> bool:
    """Whether somebody was made in one of its batches."""
    return any(
        batch.at == who.created_at and batch.people[0] <= who.pk <= batch.people[1]
        for batch in runs.batches_of(importing)
    )


def _addresses(who: Who) -> QuerySet[Any, str]:
    """Their addresses and numbers, to be asked for within another statement."""
    if isinstance(who, Company):
        return who.email_addresses.values_list("address", flat=True)
    mobile = Person.objects.filter(pk=who.pk).exclude(mobile="").values_list("mobile", flat=True)
    numbers = PersonPhone.objects.filter(person=who).values_list("number", flat=True)
    return EmailAddress.objects.filter(person=who).values_list("address", flat=True).union(mobile, numbers, all=True)


def _owner(who: Who) -> dict[str, Who]:
    return {"person": who} if isinstance(who, Person) else {"company": who}


def _name(user: Any) -> str:
    return _("by %(name)s") % {"name": user.get_full_name() or user.email or user.username} if user else ""
