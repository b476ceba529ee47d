"""Form responses: a mailing that has no list and waits. Each processed answer to a form adds one recipient, at once.

Every answer has its row like any other message, so that it is delivered, counted and looked up in the same way.
"""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from consent import gate
from consent.gate import MessageClass
from consent.models import OptOutKey
from consent.preferences import keys_of
from mailings import accounts, compiling, lifecycle, preflight, reading
from mailings.delivery import chunks, domains, happenings
from mailings.lifecycle import Author, CannotStart
from mailings.models import Mailing, Message, Tally
from recipients.models import Person

Status = Mailing.Status
ANSWERS, FORM = "form.answers", "form.name"  # merge variables that only these mailings have
ELSEWHERE = frozenset({"recipients", "confirm"})  # steps that these mailings do not have


class NotAnswering(Exception):
    """The mailing answers nobody: it was not started, or is no form response; fit to show."""


def findings(mailing: Mailing) -> list[preflight.Finding]:
    """Check a form response: everything of a mailing but its audience, and without what is said of mail without consent."""
    return [one for one in preflight.quick(mailing) if one.step not in ELSEWHERE and one.code != "transactional"]


@transaction.atomic
def begin(mailing: Mailing, *, by: Author, now: dt.datetime) -> Mailing:
    """Freeze the content and answer from now on. Raises CannotStart with what must be mended."""
    if problems := [one for one in findings(mailing) if one.is_error]:
        raise CannotStart(problems[0].sentence, problems)
    lifecycle.begin_answering(mailing, now=now)
    try:
        compiling.compile_mailing(mailing)
        Mailing.objects.filter(pk=mailing.pk).update(account=accounts.choose(mailing))
    except (compiling.CannotCompile, accounts.Unusable) as refusal:
        raise CannotStart(str(refusal)) from refusal
    chunks.cut(mailing, now=now)  # of nobody yet: it opens the tally
    domains.open_tallies(mailing.pk)
    happenings.note(mailing.pk, "answering", now=now, by=by)
    return mailing


def answering() -> list[Mailing]:
    """The form responses that a form can choose, newest first."""
    rows = Mailing.objects.filter(type=Mailing.Type.RESPONSE, archived_at=None, frozen_at__isnull=False)
    return list(rows.exclude(status=Status.CANCELLED).only("pk", "name").order_by("-pk")[:200])


@transaction.atomic
def answer(
    number: int, person: Person, address: str, *, form: str, answers: Sequence[str], now: dt.datetime
) -> Message:
    """Write one answer down for delivery; who may not be written to has a row that says why. Raises NotAnswering."""
    mailing = Mailing.objects.select_for_update(of=("self",)).filter(pk=number, type=Mailing.Type.RESPONSE).first()
    if mailing is None or mailing.frozen_at is None or mailing.status in (Status.DRAFT, Status.CANCELLED):
        raise NotAnswering(_("The answering mailing is not started, or is gone. Choose another one"))
    refused = gate.recheck("email", 0, [address], message_class=MessageClass.FORM_RESPONSE, at=now).get(address)
    last = Message.objects.filter(mailing=mailing, channel="email", address=address).aggregate(most=Max("copy"))["most"]
    values = {"mailing": mailing, "person": person, "address": address, "copy": 0 if last is None else last + 1}
    if refused:
        held = Message.objects.create(
            state=Message.State.HELD, reason=refused.reason, evidence=refused.evidence, **values
        )
        Tally.objects.create(mailing=mailing, at=now, held=1)
        return held
    data = _data(mailing, person, address) | {FORM: form, ANSWERS: list(answers)}
    made = Message.objects.create(state=Message.State.PENDING, data=data, **values)
    Tally.objects.create(mailing=mailing, at=now, pending=1)
    lifecycle.reopen(mailing, now=now)
    chunks.cut_left_over(mailing.pk, now=now)
    return made


def _data(mailing: Mailing, person: Person, address: str) -> dict[str, object]:
    who = reading.reader(mailing, person.pk)
    values = dict(who.data) if who else {}
    keys_of([address])
    links = OptOutKey.objects.get(channel="email", address=address)
    own = {"_name": person.name, "_u": links.key, "_p": links.preferences}
    if "customer.email" in values:
        values["customer.email"] = address
    return values | own
