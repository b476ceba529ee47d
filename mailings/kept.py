"""What mailings keep about a person, for `consent.dossier`. An erasure leaves every total as it was.

The row of a message stays with its state and its times, without address, name and details; one that still waited is
cancelled. What came back (events, the mail itself, bounces in a row) is found through the messages.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from consent import dossier
from consent.dossier import Holding, Subject
from mailings.delivery import reasons
from mailings.letters import binding
from mailings.letters.models import PrintRun
from mailings.models import Guest, Handling, Message, PersonalMail, Tally, TextReply, Unengaged
from tracking.models import Act, Event, InboundMail, SoftBounce

dossier.address_books.append("SELECT address FROM mailings_message WHERE channel = 'email' AND address <> ''")
dossier.address_books.append("SELECT address FROM mailings_personalmail")
dossier.address_books.append("SELECT address FROM mailings_guest")
OPEN = ("pending", "deferred")


def holdings() -> list[Holding]:
    """Give the tables about what was sent and what came back; messages first, they are erased last."""
    return [
        Holding(name="messages", rows=messages, erase=_empty_messages),
        Holding(name="printed_letters", rows=_print_runs, erase=_blank_letters, hidden=frozenset({"pdf", "ranges"})),
        Holding(name="one_off_lists", rows=_guests, erase=_remove_guests),
        Holding(name="handled_bounces", rows=_handlings, erase=_empty_handlings),
        Holding(name="bounces_in_a_row", rows=_soft_bounces, erase=_remove_soft_bounces),
        Holding(name="events", rows=_events, erase=_empty_events),
        Holding(name="link_acts", rows=_acts, erase=_remove_acts),
        Holding(name="one_to_one_mail", rows=_personal, erase=_remove_personal),
        Holding(name="text_replies", rows=_replies, erase=_remove_replies),
        Holding(name="never_reacts", rows=_unengaged, erase=_remove_unengaged),
        Holding(name="mail_received", rows=_inbound, erase=_remove_inbound),
    ]


def _print_runs(subject: Subject) -> QuerySet[PrintRun]:
    """Find the runs that hold a printed letter of theirs."""
    mine = messages(subject).filter(channel="letter", state=Message.State.SENT).values_list("mailing", "pk")
    found = [_run_of(mailing, number) for mailing, number in mine]
    return PrintRun.objects.filter(pk__in=[number for number in found if number])


def _run_of(mailing: int, message: int) -> int | None:
    runs = PrintRun.objects.filter(mailing=mailing, first__lte=message).order_by("-first")
    return runs.values_list("pk", flat=True).first()


def _blank_letters(subject: Subject, _now: dt.datetime) -> int:
    """Put blank pages in the place of their letters, and take them out of the warnings."""
    mine = set(messages(subject).filter(channel="letter").values_list("pk", flat=True))
    runs = _print_runs(subject)
    for run in runs:
        theirs = [(first, count) for number, first, count in run.ranges if number in mine]
        run.pdf = binding.blanked(bytes(run.pdf), [first + n for first, count in theirs for n in range(count)])
        run.warnings = [one for one in run.warnings if one[0] not in mine]
        run.save(update_fields=["pdf", "warnings"])
    return len(runs)


def _guests(subject: Subject) -> QuerySet[Guest]:
    return Guest.objects.filter(address__in=subject.words)


def _remove_guests(subject: Subject, _now: dt.datetime) -> int:
    return _guests(subject).delete()[0]


def messages(subject: Subject) -> QuerySet[Message]:
    """Find their messages by person, and by address in every mailing, along the unique key of each."""
    by_address = _numbers(BY_ADDRESS, {"words": subject.words})
    return Message.objects.filter(Q(person__in=subject.numbers) | Q(pk__in=by_address))


BY_ADDRESS = """
SELECT found.id FROM mailings_mailing m CROSS JOIN LATERAL (
    SELECT id FROM mailings_message
    WHERE mailing_id = m.id AND channel IN ('email', 'sms') AND address = ANY(%(words)s::text[]) AND address <> ''
) found
"""


def _numbers(query: str, values: dict[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [number for (number,) in cursor.fetchall()]


def _empty_messages(subject: Subject, now: dt.datetime) -> int:
    """Cancel what waits, with its tally, and empty every row."""
    mine = list(messages(subject).values_list("pk", flat=True))
    rows = Message.objects.filter(pk__in=mine)
    stopped = list(rows.filter(state__in=OPEN).order_by("pk").select_for_update().values_list("mailing", "state"))
    rows.filter(state__in=OPEN).update(state=Message.State.CANCELLED, reason=reasons.ERASED, not_before=None)
    Tally.objects.bulk_create(_tallies(stopped, now))
    return rows.update(address="", data={}, answer="", person=None, evidence=None)


def _tallies(stopped: Iterable[tuple[int, str]], now: dt.datetime) -> list[Tally]:
    return [Tally(mailing_id=mailing, at=now, cancelled=1, **{state: -1}) for mailing, state in stopped]


def _events(subject: Subject) -> QuerySet[Event]:
    return Event.objects.filter(message__in=messages(subject).values("pk"))


def _empty_events(subject: Subject, _now: dt.datetime) -> int:
    """The event counts on; from where it came and what the other side wrote is gone."""
    return _events(subject).update(ip=None, user_agent="", referer="", detail="")


def _acts(subject: Subject) -> QuerySet[Act]:
    return Act.objects.filter(message__in=messages(subject).values("pk"))


def _remove_acts(subject: Subject, _now: dt.datetime) -> int:
    return _acts(subject).delete()[0]


def _inbound(subject: Subject) -> QuerySet[InboundMail]:
    mine = Q(message__in=messages(subject).values("pk")) | Q(mail_from__in=subject.words)
    return InboundMail.objects.filter(mine | Q(pk__in=_numbers(NAMING, {"words": subject.words})))


# the bytes of a mail, as far as they stand there readably
NAMING = """
SELECT id FROM tracking_inboundmail r WHERE EXISTS (
    SELECT FROM unnest(%(words)s::text[]) AS w (word) WHERE position(convert_to(w.word, 'UTF8') IN r.raw) > 0
        OR position(w.word IN lower(r.mail_from)) > 0 OR position(w.word IN lower(r.rcpt_to)) > 0)
"""


def _remove_inbound(subject: Subject, _now: dt.datetime) -> int:
    count, _per_model = _inbound(subject).delete()
    return count


def _soft_bounces(subject: Subject) -> QuerySet[SoftBounce]:
    return SoftBounce.objects.filter(address__in=subject.words)


def _remove_soft_bounces(subject: Subject, _now: dt.datetime) -> int:
    count, _per_model = _soft_bounces(subject).delete()
    return count


def _handlings(subject: Subject) -> QuerySet[Handling]:
    mine = Q(address__in=subject.words) | Q(new_address__in=subject.words) | Q(person__in=subject.numbers)
    return Handling.objects.filter(mine)


def _empty_handlings(subject: Subject, _now: dt.datetime) -> int:
    return _handlings(subject).update(address="", new_address="", detail={}, person=None)


def _personal(subject: Subject) -> QuerySet[PersonalMail]:
    return PersonalMail.objects.filter(Q(address__in=subject.words) | Q(person__in=subject.numbers))


def _remove_personal(subject: Subject, _now: dt.datetime) -> int:
    count, _per_model = _personal(subject).delete()
    return count


def _replies(subject: Subject) -> QuerySet[TextReply]:
    return TextReply.objects.filter(Q(number__in=subject.words) | Q(person__in=subject.numbers))


def _remove_replies(subject: Subject, _now: dt.datetime) -> int:
    count, _per_model = _replies(subject).delete()
    return count


def _unengaged(subject: Subject) -> QuerySet[Unengaged]:
    return Unengaged.objects.filter(person__in=subject.numbers)


def _remove_unengaged(subject: Subject, _now: dt.datetime) -> int:
    count, _per_model = _unengaged(subject).delete()
    return count
