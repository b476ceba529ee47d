"""Everybody and everything in the demo, written into an empty database: our people, theirs, lists, consent."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from allauth.account.models import EmailAddress as LoginAddress
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from consent import ledger, suppressions
from consent.models import Purpose, SubscriptionType
from demo import stand
from demo.data import calendar, evidence
from demo.data import people as drawn
from demo.data.people import Group, Someone
from recipients import people
from recipients.models import (
    Company,
    EmailAddress,
    Import,
    Person,
    Project,
    ProjectMember,
    Selection,
    SelectionMember,
)

LOGIN = "demo@example.org"
PASSWORD = "postduif-demo"
STORY = dt.timedelta(weeks=11)  # how long before today the story begins

OURS = (
    ("Marieke", "Vos", LOGIN),
    ("Joost", "Bakker", "joost@dewerkbank.example"),
    ("Sanne", "Aydin", "sanne@dewerkbank.example"),
)
SELECTIONS = (
    ("Newsletter readers", "Everybody who may get the newsletter, twice a month.", Group.NEWSLETTER),
    ("Events, region Rotterdam", "Live or work within half an hour of the Loods.", Group.EVENTS),
    ("Donors", "Gave at least once.", Group.DONORS),
    ("Employers", "Owners, directors and HR of companies with apprentices.", Group.EMPLOYERS),
    ("Course participants", "Took a course in the last years.", Group.COURSE),
)
# address, reason, subscription type, days ago, who, evidence
BLOCKED: tuple[tuple[str, str, str, int, str, dict[str, str]], ...] = (
    ("sjoerd@haverkamp.example", "unsubscribed", "events", 162, "self", {"how": "one_click"}),
    ("m.prins@gmial.example", "hard_bounce", "", 77, "system", {"said": "550 5.1.1 No such mailbox here"}),
    (
        "h.boonstra@gouwzicht.example",
        "objection",
        "",
        210,
        "self",
        {"how": "letter", "words": "No mail for me, thanks"},
    ),
    ("spam.trap@brievenbus.example", "manual", "", 120, "system", {"because": "Known trap, never a reader"}),
)


@dataclass(frozen=True)
class Cast:
    """What the rest of the demo refers to."""

    ours: list[User]
    people: list[Person]
    lists: dict[str, Selection | Project | Import]  # what a mailing can be sent to, by name
    types: dict[str, SubscriptionType]


def assemble(*, now: dt.datetime) -> Cast:
    """Write everybody into a database that has no people yet. Call it inside a transaction."""
    ours = staff()
    someones = drawn.people()
    persons = people_of(someones, ours, now=now)
    selections = {name: selection(name, words, ours[0]) for name, words, _ in SELECTIONS}
    projects = {project.name: project for project in projects_of(ours[0], now=now)}
    fill(selections, projects, someones, persons, now=now)
    types = subscription_types()
    record_consent(someones, persons, types, ours, now=now)
    block(types, now=now)
    scanned = stand.collect(ours[0], now=now)
    return Cast(ours, persons, {**selections, **projects, scanned.file_name: scanned}, types)


def staff() -> list[User]:
    """Our own people; only the first can log in."""
    found = []
    for first, last, address in OURS:
        user = User(username=address, email=address, first_name=first, last_name=last, is_staff=True)
        if address == LOGIN:
            user.is_superuser = True
            user.set_password(PASSWORD)
        else:
            user.set_unusable_password()
        user.save()
        LoginAddress.objects.create(user=user, email=address, verified=True, primary=True)
        found.append(user)
    return found


def home(place: int, one: Someone) -> dict[str, str]:
    """Where somebody lives who is not known by their company; of one in four nobody knows."""
    if one.firm is not None or place % 4 == 0:
        return {}
    city = {"NL": "Rotterdam", "BE": "Gent", "DE": "Emden"}.get(one.country, "London")
    return {"street": drawn.street(place), "postcode": drawn.postcode(place, one.country), "city": city}


def people_of(someones: list[Someone], ours: list[User], *, now: dt.datetime) -> list[Person]:
    companies = Company.objects.bulk_create(
        Company(
            name=firm.name,
            street=firm.street,
            postcode=firm.postcode,
            city=firm.city,
            country=firm.country,
            website=f"https://{firm.host}",
        )
        for firm in drawn.firms()
    )
    persons = Person.objects.bulk_create(
        Person(
            first_name=one.first,
            middle_name=one.middle,
            last_name=one.last,
            title=one.title,
            company=None if one.firm is None else companies[one.firm],
            language=one.language,
            country=one.country,
            **home(place, one),
            mobile=one.phone,
            our_contact=ours[one.contact],
            is_former_employee=one.is_former,
            notes=one.notes,
        )
        for place, one in enumerate(someones)
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(person=person, address=address, rank=rank)
        for person, one in zip(persons, someones, strict=True)
        for rank, address in enumerate(one.addresses, start=1)
    )
    people.index(person.pk for person in persons)
    backdate("recipients_company", "created_at", now=now, days=1500)
    backdate("recipients_person", "created_at", now=now, days=1200)
    return persons


def selection(name: str, words: str, owner: User) -> Selection:
    return Selection.objects.create(name=name, description=words, created_by=owner)


def projects_of(owner: User, *, now: dt.datetime) -> Iterable[Project]:
    """The open days of last year and this one, the apprentices, and the roof."""
    party = calendar.open_day_after(now.date())
    rows = (
        (f"Open day {party.year - 1}", "Soup, lathe and 700 visitors.", Project.Status.DONE,
         party - dt.timedelta(days=364), party - dt.timedelta(days=364)),
        (f"Open day {party.year}", "The steam engine runs again.", Project.Status.RUNNING, party, party),
        (f"Apprentices {party.year}", "Forty people, eleven teachers.", Project.Status.RUNNING,
         dt.date(party.year, 1, 5), dt.date(party.year, 12, 18)),
        ("A roof for the Loods", "€ 64,000, half of it is there.", Project.Status.PLANNED,
         party + dt.timedelta(days=60), None),
    )  # fmt: skip
    for name, words, status, starts, ends in rows:
        yield Project.objects.create(
            name=name, description=words, status=status, starts_on=starts, ends_on=ends, created_by=owner
        )


def fill(
    selections: dict[str, Selection],
    projects: dict[str, Project],
    someones: list[Someone],
    persons: list[Person],
    *,
    now: dt.datetime,
) -> None:
    """Put everybody on their lists, each some time ago."""
    pairs = list(zip(persons, someones, strict=True))
    SelectionMember.objects.bulk_create(
        SelectionMember(selection=selections[name], person=person)
        for name, _, group in SELECTIONS
        for person, one in pairs
        if group in one.groups
    )
    before, this, apprentices, _roof = projects.values()
    members: tuple[tuple[Project, Callable[[Someone], bool]], ...] = (
        (before, lambda one: Group.OPEN_DAY in one.groups),
        (this, lambda one: {Group.OPEN_DAY, Group.EMPLOYERS} <= one.groups),
        (apprentices, lambda one: Group.APPRENTICES in one.groups),
    )
    ProjectMember.objects.bulk_create(
        ProjectMember(project=project, person=person)
        for project, joins in members
        for person, one in pairs
        if joins(one)
    )
    backdate("recipients_selectionmember", "added_at", now=now, days=700)
    backdate("recipients_projectmember", "added_at", now=now, days=330)
    backdate("recipients_selection", "created_at", now=now, days=900)
    backdate("recipients_project", "created_at", now=now, days=400)


def backdate(table: str, column: str, *, now: dt.datetime, days: int) -> None:
    """Spread rows that were all made just now over the past; the number decides, so every load agrees."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE {table} SET {column} = %s - interval '1 day' * sqrt((id * 7919) %% 1000) * %s / 32
                 - interval '1 minute' * ((id * 613) %% 700)""",  # noqa: S608 - our own names
            [now, days],
        )


def subscription_types() -> dict[str, SubscriptionType]:
    """The product's own, and one of De Werkbank."""
    SubscriptionType.objects.get_or_create(
        code="donor-letters",
        defaults={
            "purpose": Purpose.objects.get(code="e-marketing"),
            "name_en": "Donor letters",
            "name_nl": "Donateursbrieven",
            "description_en": "What your gift does, four times a year.",
            "description_nl": "Wat je gift doet, vier keer per jaar.",
        },
    )
    return {kind.code: kind for kind in SubscriptionType.objects.select_related("purpose")}


def record_consent(
    someones: list[Someone],
    persons: list[Person],
    types: dict[str, SubscriptionType],
    ours: list[User],
    *,
    now: dt.datetime,
) -> None:
    """Write down why we may mail them, with evidence from before the story begins."""
    began = now - STORY
    newsletter = types["newsletter"]
    found = (
        evidence.entry(
            one,
            person.pk,
            place,
            purpose=newsletter.purpose_id,
            newsletter=newsletter.pk,
            before=began.date(),
            zone=timezone.get_default_timezone(),
            clerk=f"user:{ours[one.contact].pk}",
        )
        for place, (person, one) in enumerate(zip(persons, someones, strict=True))
    )
    ledger.record([entry for entry in found if entry is not None], now=began)


def block(types: dict[str, SubscriptionType], *, now: dt.datetime) -> None:
    """Those whom nobody may mail any more, each for a reason of their own."""
    for address, reason, code, days, actor, why in BLOCKED:
        suppressions.add(
            "email",
            address,
            reason,
            subscription_type=types[code] if code else None,
            evidence=why,
            actor=actor,
            now=now - dt.timedelta(days=days),
        )
