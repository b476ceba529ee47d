"""An answer is taken: stored first, whole, and then asked for confirmation or written into the ledger.

The same page sent twice is one submission. Everything a person agreed to goes into the ledger with the words they saw,
the version of the form, the page, their language, address of the network and browser.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from consent import double_opt_in, law, ledger, suppressions
from consent.models import Confirmation, SubscriptionType
from consent.seen import Seen
from forms.answers import Read
from forms.definition import Definition
from forms.guard import SIGNS, Sign
from forms.models import File, Form, Submission, Version

State = Submission.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How an answer came: the page's own number, from where, and what it looks like."""

    nonce: str
    seen: Seen
    embed: str = "page"
    campaign: Mapping[str, str] = field(default_factory=dict)
    sign: Sign | None = None


def take(
    form: Form,
    version: Version,
    read: Read,
    arrival: Arrival,
    *,
    files: Mapping[str, Sequence[Any]] | None = None,
    now: dt.datetime,
) -> tuple[Submission, bool]:
    """Keep an answer and act on what was agreed to. Gives it, and whether it is new."""
    definition = Definition.read(version.definition)
    asks = bool(read.types) and arrival.sign is None
    asks = asks and (must_confirm(form, definition, read) or was_erased(read.address))
    values = {
        "form": form,
        "version": version,
        "state": State.SPAM if arrival.sign else State.AWAITING if asks else State.SUBMITTED,
        "address": read.address,
        "answers": read.values,
        "types": list(read.types),
        "language": arrival.seen.language,
        "url": arrival.seen.url[:2000],
        "embed": arrival.embed,
        "campaign": dict(arrival.campaign),
        "ip": arrival.seen.ip,
        "user_agent": arrival.seen.user_agent,
        "submitted_at": now,
        "problem": str(SIGNS[arrival.sign.value]) if arrival.sign else "",
    }
    with transaction.atomic():
        kept, is_new = Submission.objects.get_or_create(nonce=arrival.nonce, defaults=values)
        if not is_new:
            return kept, False
        _keep_files(kept, files or {})
        if read.types and arrival.sign is None:
            _agree(kept, form, definition, read, arrival, asks=asks, now=now)
    return kept, True


def must_confirm(form: Form, definition: Definition, read: Read) -> bool:
    """Say whether a mail asks first: the form says so, or the law of the visitor's country does."""
    asked = definition.find("country")
    country = str(read.values.get(asked.id, "")) if asked else ""
    return form.asks_confirmation or law.SHIPPED.must_be_confirmed("email", law.regime_of(country))


def was_erased(address: str) -> bool:
    """Say whether a mail asks first because anybody may type the address of somebody who was erased.

    The page does not tell: it answers as its form always does.
    """
    return bool(suppressions.erased_among("email", [address]))


def wording(definition: Definition, types: Sequence[int], language: str) -> str:
    """Give the words beside every box that was ticked, as they stood on the page."""
    said: list[str] = []
    with translation.override(language):
        names = {one.pk: one for one in SubscriptionType.objects.filter(pk__in=types)}
        for one in definition.fields:
            if one.kind == "consent" and set(one.types) & set(types):
                said.append(
                    " ".join(filter(None, [definition.say(one.label, language), definition.say(one.help, language)]))
                )
            elif one.kind == "subscriptions":
                chosen = [names[number] for number in one.types if number in types and number in names]
                said.append(": ".join([definition.say(one.label, language), ", ".join(map(described, chosen))]))
    return " / ".join(said)


def described(one: SubscriptionType) -> str:
    """Give a subscription as the page shows it."""
    return f"{one.name} ({one.description})" if one.description else one.name


def _agree(
    kept: Submission, form: Form, definition: Definition, read: Read, arrival: Arrival, *, asks: bool, now: dt.datetime
) -> None:
    types = list(SubscriptionType.objects.filter(pk__in=read.types, is_active=True).order_by("pk"))
    words = wording(definition, read.types, arrival.seen.language)
    proof = evidence(form, kept, words)
    if not asks:
        ledger.record([_entry(form, one, kept, words, proof, arrival, now) for one in types], now=now)
        return
    request = double_opt_in.Request(
        address=read.address,
        subscription_types=types,
        source=form.source,
        evidence=proof,
        wording=words,
        language=arrival.seen.language,
        ip=arrival.seen.ip,
    )
    double_opt_in.ask(request, now=now)
    kept.confirmation = Confirmation.objects.filter(channel="email", address=read.address, closed_at=None).first()
    if kept.confirmation is None:  # nobody asks this address: what was filled in waits for one of us
        kept.state, kept.problem = State.SUBMITTED, _("This address may not be asked to confirm")
    kept.save(update_fields=["confirmation", "state", "problem"])


def evidence(form: Form, kept: Submission, words: str) -> dict[str, Any]:
    """Give what the form's source needs as evidence: consent.rules."""
    proof: dict[str, Any] = {
        "form": _("%(form)s, version %(number)s") % {"form": form.name, "number": kept.version.number},
        "submission": kept.pk,
        "wording": words,
        "url": kept.url,
    }
    named = form.source_detail or form.name
    if form.source == "event_own_contact":
        proof |= {"event": named, "record": proof["form"]}
    if form.source == "ad_response":
        proof |= {"campaign": named, "answer": kept.address}
    return proof


def _entry(
    form: Form,
    one: SubscriptionType,
    kept: Submission,
    words: str,
    proof: dict[str, Any],
    arrival: Arrival,
    now: dt.datetime,
) -> ledger.Entry:
    return ledger.Entry(
        address=kept.address,
        purpose=one.purpose_id,
        subscription_type=one.pk,
        source=form.source,
        box_ticked=True,
        evidence_on=timezone.localdate(now),
        evidence=proof,
        actor="self",
        wording=words,
        language=arrival.seen.language,
        ip=arrival.seen.ip,
        user_agent=arrival.seen.user_agent,
        url=kept.url,
    )


def _keep_files(kept: Submission, files: Mapping[str, Sequence[Any]]) -> None:
    for number, several in files.items():
        for one, said in zip(several, kept.answers.get(number, []), strict=False):
            File.objects.create(
                submission=kept,
                field=number,
                name=said["name"],
                size=one.size,
                content=ContentFile(one.read(), name=f"{kept.nonce[:16]}.bin"),
            )
