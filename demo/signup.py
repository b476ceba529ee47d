"""A form on the site of De Werkbank: who comes to the open day. Most are people we know; six nobody knows wait for us."""

import datetime as dt
from collections.abc import Sequence
from random import Random

from django.contrib.auth.models import User

from consent.models import SubscriptionType
from consent.seen import Seen
from demo.data import names
from demo.data.people import SEED, slug
from forms import agreeing, answers, counting, processing, publishing, starters, submissions
from forms.counting import Where
from forms.definition import Definition
from forms.models import Form, Submission
from forms.submissions import Arrival
from recipients.models import Person

NAME = "Open day"
PAGE = "https://www.dewerkbank.example/open-day"
OPEN_FOR = dt.timedelta(days=9)
ANSWERS = 46
STRANGERS = 6
DIETS = ("", "", "", "", "Vegetarian", "No nuts", "Vegan")
VIAS = ("newsletter", "newsletter", "website", "linkedin")
LEFT_AT_ONCE, BEGAN = 2.6, 1.3  # visitors for each answer


def collect(event: SubscriptionType, people: Sequence[Person], by: User, *, now: dt.datetime) -> Form:
    """Open the form nine days ago, and let visitors look at it, begin and send it ever since."""
    opened = now - OPEN_FOR
    form = Form.objects.create(
        name=NAME,
        description="Who comes to the Loods, and with how many. Coffee and soup are ordered from it.",
        draft=starters.begin(starters.STARTERS["event"], "en", (event.pk,)).to_json(),
        draft_saved_at=opened,
        processing=Form.Processing.KNOWN,
        asks_confirmation=False,
        created_by=by,
    )
    version = publishing.publish(form, by=by, now=opened)
    Form.objects.filter(pk=form.pk).update(created_at=opened)
    definition, chance = Definition.read(version.definition), Random(SEED)
    known = chance.sample([person for person in people if not person.is_former_employee], ANSWERS - STRANGERS)
    visitors = [*(of_person(person) for person in known), *(stranger(chance) for _ in range(STRANGERS))]
    moments = sorted(opened + OPEN_FOR * chance.random() for _ in visitors)
    chance.shuffle(visitors)
    for number, (typed, at) in enumerate(zip(visitors, moments, strict=True)):
        where = Where("inline", chance.choice(VIAS))
        visit(form, definition, where, chance, now=at)
        typed |= {"people": [chance.choice("11223344")], "diet": [chance.choice(DIETS)]}
        arrival = Arrival(
            nonce=f"demo-{number}",
            seen=Seen(language="en", url=PAGE),
            embed=where.embed,
            campaign={"source": where.source},
        )
        submissions.take(form, version, answers.read(definition, typed), arrival, now=at)
        agreeing.record(now=at)
        processing.automatically(Submission.objects.get(nonce=arrival.nonce).pk, now=at + dt.timedelta(seconds=1))
    return form


def visit(form: Form, definition: Definition, where: Where, chance: Random, *, now: dt.datetime) -> None:
    """Count one who sent it, and those who looked or began and went away."""
    asked = [one.id for one in definition.questions]
    for what, times in (("view", LEFT_AT_ONCE), ("start", BEGAN)):
        for _ in range(int(times) + (chance.random() < times % 1)):
            counting.note(form, what, where, now=now)
            if what == "start":
                for field in asked[: chance.randint(1, len(asked))]:
                    counting.note(form, "field", where, field=field, now=now)
    for field in asked:
        counting.note(form, "field", where, field=field, now=now)


def of_person(person: Person) -> dict[str, list[str]]:
    address = person.email_addresses.order_by("rank").values_list("address", flat=True).first() or ""
    last = " ".join(filter(None, [person.middle_name, person.last_name]))
    return {"first_name": [person.first_name], "last_name": [last], "email": [address]}


def stranger(chance: Random) -> dict[str, list[str]]:
    first = chance.choice(names.FIRST_NAMES_NL)
    last = chance.choice(names.LAST_NAMES_NL).replace("_", " ").replace("|", " ").strip()
    return {"first_name": [first], "last_name": [last], "email": [f"{slug(first)}.{slug(last)}@brievenbus.example"]}
