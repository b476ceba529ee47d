"""Why we may write to each of them: the entries of the ledger, dated before the story begins. Pure."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from consent import law
from consent.ledger import Entry
from demo.data.people import SEED, Consent, Someone

WORDINGS = {
    "nl": "Ja, stuur mij de nieuwsbrief van De Werkbank, hooguit twee keer per maand. Ik kan altijd stoppen.",
    "en": "Yes, send me the newsletter of De Werkbank, at most twice a month. I can stop at any time.",
}
COURSES = ("Dovetails II", "Welding for beginners", "Feedback geven", "Coaching for managers", "Sharpening")
SOFT = dict.fromkeys(law.SOFT_FLAGS, law.YES)  # customers: told what they would get, and free to refuse it
SITE = "https://dewerkbank.example"


@dataclass(frozen=True)
class Case:
    """One person whose evidence is written out: their number, the purpose, and the day before which it happened."""

    someone: Someone
    person: int
    purpose: int
    newsletter: int  # number of that subscription type
    before: dt.date
    zone: dt.tzinfo
    clerk: str  # who of our people recorded what the person did not do online
    chance: Random

    def day(self, least: int, most: int) -> dt.date:
        return self.before - dt.timedelta(days=self.chance.randrange(least, most))

    def signed_up(self, day: dt.date) -> Entry:
        """Most asked for everything we send, some for the newsletter alone."""
        wanted = self.newsletter if self.chance.random() < 0.25 else None
        return self.online(
            day, "newsletter_signup", "Newsletter, foot of the website", "nieuwsbrief", subscription_type=wanted
        )

    def online(
        self,
        day: dt.date,
        source: str,
        form: str,
        page: str,
        *,
        box_ticked: bool = False,
        subscription_type: int | None = None,
    ) -> Entry:
        """Something the person did on our website."""
        hour = dt.time(self.chance.randrange(8, 22), self.chance.randrange(60), self.chance.randrange(60))
        return Entry(
            address=self.someone.addresses[0],
            subject=self.person,
            purpose=self.purpose,
            subscription_type=subscription_type,
            source=source,
            box_ticked=box_ticked,
            evidence_on=day,
            acted_at=dt.datetime.combine(day, hour, tzinfo=self.zone),
            actor="self",
            evidence={"form": form},
            wording=WORDINGS[self.someone.language],
            language=self.someone.language,
            ip=f"192.0.2.{self.chance.randrange(1, 255)}",
            url=f"{SITE}/{page}",
        )

    def recorded(self, day: dt.date, source: str, **evidence: Any) -> Entry:
        """Something that one of our people wrote down."""
        return Entry(
            address=self.someone.addresses[0],
            subject=self.person,
            purpose=self.purpose,
            source=source,
            evidence_on=day,
            actor=self.clerk,
            evidence=evidence,
        )

    def bought(self, day: dt.date) -> Entry:
        order = f"{day:%y}-{self.chance.randrange(100, 1900):04}"
        return self.recorded(
            day, "purchase", order=order, brand="De Werkbank", item=self.chance.choice(COURSES), **SOFT
        )


MAKERS: Mapping[Consent, Callable[[Case], Entry]] = {
    Consent.SIGN_UP: lambda case: case.signed_up(case.day(3, 1400)),
    Consent.BOX: lambda case: case.online(
        case.day(3, 600), "own_form", "Open day, version 4", "open-dag", box_ticked=True
    ),
    Consent.PURCHASE: lambda case: case.bought(case.day(5, 560)),
    Consent.OLD_PURCHASE: lambda case: case.bought(case.day(760, 1700)),
    Consent.GIFT: lambda case: case.recorded(
        case.day(5, 690), "donation_volunteer", gift=f"€ {case.chance.choice((15, 25, 50, 50, 100, 250))}, bank transfer"
    ),
    Consent.STAND: lambda case: case.recorded(
        case.day(200, 300), "event_own_contact", event="Open day", record=f"Visitor card {case.chance.randrange(100, 900)}"
    ),
    Consent.CONTRACT: lambda case: case.recorded(
        case.day(5, 600), "contract", contract=f"L-{case.chance.randrange(10, 400):03}", **SOFT
    ),
    Consent.SPOKEN: lambda case: case.recorded(
        case.day(3, 200), "met_in_person", note="At the stand; wants to hear about apprentices"
    ),
}  # fmt: skip


def entry(
    someone: Someone,
    person: int,
    place: int,
    *,
    purpose: int,
    newsletter: int,
    before: dt.date,
    zone: dt.tzinfo,
    clerk: str,
) -> Entry | None:
    """What the ledger holds about the address we write to, if anything. `place` in the list feeds the chance."""
    if not someone.addresses or someone.consent is Consent.NONE:
        return None
    chance = Random(f"{SEED}:{place}")
    return MAKERS[someone.consent](Case(someone, person, purpose, newsletter, before, zone, clerk, chance))
