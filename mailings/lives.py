"""What mailings know of somebody's life: entries for the time line; and what moves when two cards become one."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings import reasons
from mailings.models import Handling, Mailing, Message, PersonalMail, Source, TextReply
from recipients import finding, timeline
from recipients.merging import Kept
from recipients.models import Person
from recipients.timeline import Beyond, Entry, Who

# what can happen to a message, by the column of its moment: (words, icon, tone)
MOMENTS: dict[str, tuple[Any, str, str]] = {
    "sent_at": (gettext_lazy("Was sent %(mailing)s"), "send", ""),
    "opened_at": (gettext_lazy("Opened %(mailing)s"), "mail-open", "ok"),
    "bounced_at": (gettext_lazy("%(mailing)s came back"), "undo-2", "bad"),
    "complained_at": (gettext_lazy("Complained about %(mailing)s"), "flag", "bad"),
    "unsubscribed_at": (gettext_lazy("Unsubscribed from %(mailing)s"), "user-minus", ""),
}
MAILED = """
SELECT m.id * 8 + moment.place AS number, moment.at, moment.name, mailing.id, mailing.name, m.address, m.id
FROM mailings_message m
JOIN mailings_mailing mailing ON mailing.id = m.mailing_id
CROSS JOIN LATERAL (VALUES {moments}) moment (place, name, at)
WHERE m.person_id = %(person)s AND moment.at IS NOT NULL AND {beyond}
ORDER BY 2 DESC, 1 DESC LIMIT %(limit)s
"""
CLICKED = """
SELECT e.id, e.at, mailing.id, mailing.name, coalesce(nullif(l.name, ''), l.url, ''), m.id
FROM mailings_message m
JOIN tracking_event e ON e.message = m.id AND e.kind = 'click' AND NOT e.is_machine
JOIN mailings_mailing mailing ON mailing.id = m.mailing_id
LEFT JOIN tracking_link l ON l.mailing = m.mailing_id AND l.number = e.link
WHERE m.person_id = %(person)s AND {beyond}
ORDER BY e.at DESC, e.id DESC LIMIT %(limit)s
"""


def mailed(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """What they got from us, and what became of it."""
    if not isinstance(who, Person):
        return
    moments = ", ".join(f"({place}, '{name}', m.{name})" for place, name in enumerate(MOMENTS))
    condition, given = beyond.sql("moment.at", "m.id * 8 + moment.place")
    sql = MAILED.format(moments=moments, beyond=condition)
    for number, at, moment, mailing, name, address, message in _rows(sql, who, given, limit):
        words, icon, tone = MOMENTS[moment]
        yield Entry(
            at=at,
            number=number,
            text=str(words) % {"mailing": name},
            icon=icon,
            tone=tone,
            detail=address if moment in ("sent_at", "bounced_at") else "",
            url=reverse("mailings:message", args=[mailing, message]),
        )


def clicks(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """Which links they clicked; what machines clicked is left out."""
    if not isinstance(who, Person):
        return
    condition, given = beyond.sql("e.at", "e.id")
    for number, at, mailing, name, link, message in _rows(CLICKED.format(beyond=condition), who, given, limit):
        yield Entry(
            at=at,
            number=number,
            text=_("Clicked in %(mailing)s") % {"mailing": name},
            icon="mouse-pointer-click",
            tone="ok",
            detail=link,
            url=reverse("mailings:message", args=[mailing, message]),
        )


def held(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """Which mailings they did not get, and why."""
    if not isinstance(who, Person):
        return
    rows = Message.objects.filter(person=who, state="held", mailing__started_at__isnull=False)
    related = rows.select_related("mailing").defer(
        "data", "mailing__content", "mailing__compiled", "mailing__compiled_unseen"
    )
    for message in beyond.rows(related, "mailing__started_at")[:limit]:
        assert message.mailing.started_at is not None  # noqa: S101 - asked for
        yield Entry(
            at=message.mailing.started_at,
            number=message.pk,
            text=_("Did not get %(mailing)s") % {"mailing": message.mailing.name},
            icon="hand",
            tone="warn",
            detail=str(reasons.words(message.reason)),
            url=reverse("mailings:message", args=[message.mailing_id, message.pk]),
        )


def written(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """What somebody of the house wrote to them one to one."""
    if not isinstance(who, Person):
        return
    rows = PersonalMail.objects.filter(person=who).defer("body")
    for mail in beyond.rows(rows, "created_at")[:limit]:
        is_failed = mail.state == PersonalMail.State.FAILED
        yield Entry(
            at=mail.created_at,
            number=mail.pk,
            text=_("Was written to: %(subject)s") % {"subject": mail.subject},
            icon="mail",
            tone="bad" if is_failed else "",
            detail=mail.problem if is_failed else mail.address,
            url=reverse("mailings:personal_one", args=[mail.pk]),
            by=mail.from_name,
        )


def answered(who: Who, beyond: Beyond, limit: int) -> Iterable[Entry]:
    """What they answered to our text messages."""
    if not isinstance(who, Person):
        return
    for reply in beyond.rows(TextReply.objects.filter(person=who), "at")[:limit]:
        yield Entry(
            at=reply.at,
            number=reply.pk,
            text=_("Answered by SMS: %(words)s") % {"words": reply.body[:200] or "–"},
            icon="message-square",
            tone="bad" if reply.meaning == TextReply.Meaning.STOP else "ok",
            detail=f"{reply.number} → {reply.to}",
        )


def sources() -> Iterable[timeline.Source]:
    """Give the sources of this app."""
    yield timeline.Source("mail", gettext_lazy("Mailings"), mailed)
    yield timeline.Source("clicks", gettext_lazy("Clicks"), clicks)
    yield timeline.Source("written", gettext_lazy("One to one"), written)
    yield timeline.Source("texts", gettext_lazy("Answers by SMS"), answered)
    yield timeline.Source("held", gettext_lazy("Held back"), held)


def move(kept: Kept) -> None:
    """Messages and sources of the one that goes are the other's; what is being sent goes on."""
    Message.objects.filter(person=kept.gone).update(person=kept.person)
    Handling.objects.filter(person=kept.gone).update(person=kept.person)
    PersonalMail.objects.filter(person=kept.gone).update(person=kept.person)
    TextReply.objects.filter(person=kept.gone).update(person=kept.person)
    mine = Source.objects.filter(person=kept.person).values("mailing")
    Source.objects.filter(person=kept.gone).exclude(mailing__in=mine).update(person=kept.person)


def _rows(sql: str, who: Person, given: dict[str, Any], limit: int) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"person": who.pk, "limit": limit, **given})
        return list(cursor.fetchall())


def found(words: str, alike: bool) -> Iterable[finding.Hit]:  # noqa: FBT001 - the shape of a finder
    """Give the mailings with such a name or subject, for the search box."""
    for mailing in finding.named(Mailing.objects.defer("content", "compiled"), words, alike=alike).order_by("-pk")[:5]:
        page = "mailings:setup" if mailing.status == Mailing.Status.DRAFT else "mailings:detail"
        yield finding.Hit(mailing.name, mailing.subject, reverse(page, args=[mailing.pk]))
