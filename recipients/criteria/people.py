"""What one can ask about people by what is written down: themselves, their company, addresses, lists and consent."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from consent import gate
from recipients import choices
from recipients.criteria.combined import FIELD, IN
from recipients.criteria.fields import Field, Operator, Terms, Values
from recipients.criteria.glossary import SELECTION
from recipients.criteria.inputs import Day, Days, Input, Kind, Options, Reference, Text, Words

PERSON, COMPANY, MAIL = _("Person"), _("Company"), _("E-mail address")
LISTS, CONSENT = _("Lists"), _("Consent")
PROJECT = Kind(
    table="recipients_project",
    label=lambda: "name",
    gone=_("That project was deleted. Choose another one or take this line away."),
)
TYPE = Kind(
    table="consent_subscriptiontype",
    label=lambda: "name_nl" if (get_language() or "").startswith("nl") else "name_en",
    gone=_("That subscription type was deleted. Choose another one or take this line away."),
    where="is_active",
    order="id",
)
TEXT = Text("text", _("Text"))
DAY = Day("day", _("Day"))

type Wrap = Callable[[str, Terms], str]  # puts a condition about a related row in its place


def fields() -> Iterable[Field]:
    """Yield the fields in the order of the builder."""
    yield from _person()
    yield from _company()
    yield from _mail()
    yield from _lists()
    yield from _consent()


def _person() -> Iterable[Field]:
    name = "concat_ws(' ', nullif(p.first_name, ''), nullif(p.middle_name, ''), nullif(p.last_name, ''))"
    yield Field("person.name", _("Name"), PERSON, texts(name))
    yield Field("person.first_name", _("First name"), PERSON, texts("p.first_name"))
    yield Field("person.last_name", _("Last name"), PERSON, texts("p.last_name"))
    yield Field("person.title", pgettext_lazy("criterion", "Title"), PERSON, texts("p.title"))
    yield Field("person.language", _("Language"), PERSON, listed("p.language", choices.LANGUAGES, _("Languages")))
    yield Field("person.country", _("Country"), PERSON, listed("p.country", choices.COUNTRIES, _("Countries")))
    yield Field(
        "person.phone",
        _("Phone"),
        PERSON,
        presence("(p.phone <> '' OR p.mobile <> '')"),
    )
    yield Field("person.created", _("Added"), PERSON, moments("p.created_at"))
    yield Field(
        "person.former",
        _("Former employee"),
        PERSON,
        (
            Operator("yes", _("works there no more"), _("Former employee"), lambda _v, _t: "p.is_former_employee"),
            Operator(
                "no", _("still works there"), _("Not a former employee"), lambda _v, _t: "NOT p.is_former_employee"
            ),
        ),
    )


def _company() -> Iterable[Field]:
    def wrap(condition: str, _terms: Terms) -> str:
        found = f"SELECT c.id FROM recipients_company c WHERE {condition}"
        return f"p.company_id IS NOT NULL AND p.company_id IN ({found})"  # never NULL, whoever has no company

    yield Field("company.name", _("Company name"), COMPANY, texts("c.name", wrap))
    yield Field("company.city", _("Company city"), COMPANY, texts("c.city", wrap))
    country = listed("c.country", choices.COUNTRIES, _("Countries"), wrap)
    yield Field("company.country", _("Company country"), COMPANY, country)


def _mail() -> Iterable[Field]:
    def wrap(condition: str, terms: Terms) -> str:
        only = terms.among("e.person_id")
        return f"p.id IN (SELECT e.person_id FROM recipients_emailaddress e WHERE {only} AND {condition})"

    yield Field("mail.address", _("E-mail address"), MAIL, texts("e.address", wrap))
    yield Field("mail.domain", _("Domain"), MAIL, texts("split_part(e.address, '@', 2)", wrap)[:2])


def _lists() -> Iterable[Field]:
    def members(values: Values, terms: Terms) -> str:
        return " OR ".join(terms.in_selection(number) for number in values["selection"])

    def joined(values: Values, terms: Terms) -> str:
        numbers = terms.bind(values["project"])
        only = terms.among("m.person_id")
        return f"p.id IN (SELECT m.person_id FROM recipients_projectmember m WHERE m.project_id = ANY({numbers}) AND {only})"

    selection = Reference("selection", _("Selection"), kind=SELECTION)
    project = Reference("project", _("Project"), kind=PROJECT)
    yield Field(
        FIELD,
        _("Selection"),
        LISTS,
        (
            Operator(IN, _("is in"), _("In selection %(selection)s"), members, (selection,)),
            Operator("out", _("is not in"), _("Not in selection %(selection)s"), negated(members), (selection,)),
        ),
    )
    yield Field(
        "lists.project",
        _("Project"),
        LISTS,
        (
            Operator("in", _("is a member"), _("Member of project %(project)s"), joined, (project,)),
            Operator("out", _("is no member"), _("No member of project %(project)s"), negated(joined), (project,)),
        ),
    )


def _consent() -> Iterable[Field]:
    def allowed(values: Values, terms: Terms) -> str:
        """Ask the gate about the address that we write to, all in one set."""
        judged = terms.adopt(gate.verdicts_sql("candidate"), gate.parameters("email", values["type"][0], at=terms.now))
        return f"""p.id IN (
            WITH candidate AS (SELECT e.person_id, e.address, coalesce(nullif(q.country, ''), c.country, '') AS country
                                 FROM recipients_emailaddress e
                                 JOIN recipients_person q ON q.id = e.person_id
                                 LEFT JOIN recipients_company c ON c.id = q.company_id
                                WHERE e.rank = 1 AND {terms.among("e.person_id")}),
                 judged AS ({judged})
            SELECT person_id FROM judged WHERE verdict = 'allow')"""

    def suppressed(_values: Values, terms: Terms) -> str:
        return f"""p.id IN (
            SELECT e.person_id FROM consent_suppression s JOIN recipients_emailaddress e ON e.address = s.address
             WHERE s.channel = 'email' AND s.released_at IS NULL AND {terms.among("e.person_id")})"""

    kind = Reference("type", _("Subscription type"), kind=TYPE)
    yield Field(
        "consent.gate",
        _("May be mailed"),
        CONSENT,
        (
            Operator("yes", _("may be mailed for"), _("May be mailed for %(type)s"), allowed, (kind,)),
            Operator("no", _("may not be mailed for"), _("May not be mailed for %(type)s"), negated(allowed), (kind,)),
        ),
    )
    yield Field(
        "consent.suppressed",
        _("Suppression"),
        CONSENT,
        (
            Operator("yes", _("has a suppressed address"), _("Has a suppressed address"), suppressed),
            Operator("no", _("has none"), _("Has no suppressed address"), negated(suppressed)),
        ),
    )


# families of operators, for others to use too -------------------------------------------------------------------------


def _as_it_is(condition: str, _terms: Terms) -> str:
    return condition


def texts(column: str, wrap: Wrap = _as_it_is) -> tuple[Operator, ...]:
    """Operators of a text, which is never NULL; upper and lower case are the same."""

    def equals(values: Values, terms: Terms) -> str:
        return wrap(f"lower({column}) = lower({terms.bind(values['text'])})", terms)

    def like(before: str, after: str) -> Callable[[Values, Terms], str]:
        def sql(values: Values, terms: Terms) -> str:
            pattern = terms.bind(before + _escaped(values["text"]) + after)
            return wrap(f"lower({column}) LIKE lower({pattern})", terms)

        return sql

    def filled(_values: Values, terms: Terms) -> str:
        return wrap(f"{column} <> ''", terms)

    return (
        Operator("is", _("is"), _("%(field)s is %(text)s"), equals, (TEXT,)),
        Operator("is_not", _("is not"), _("%(field)s is not %(text)s"), negated(equals), (TEXT,)),
        Operator("has", _("contains"), _("%(field)s contains %(text)s"), like("%", "%"), (TEXT,)),
        Operator(
            "has_not", _("does not contain"), _("%(field)s does not contain %(text)s"), negated(like("%", "%")), (TEXT,)
        ),
        Operator("starts", _("begins with"), _("%(field)s begins with %(text)s"), like("", "%"), (TEXT,)),
        Operator("filled", _("is known"), _("%(field)s is known"), filled),
        Operator("empty", _("is not known"), _("%(field)s is not known"), negated(filled)),
    )


def listed(
    column: str, known: Sequence[tuple[str, Words]], label: Words, wrap: Wrap = _as_it_is
) -> tuple[Operator, ...]:
    """Operators of a code out of a short list, which is never NULL."""
    named = [(code, words) for code, words in known if code]
    place: Input = Options("codes", label, choices=named)

    def among(values: Values, terms: Terms) -> str:
        return wrap(f"{column} = ANY({terms.bind(values['codes'])})", terms)

    def filled(_values: Values, terms: Terms) -> str:
        return wrap(f"{column} <> ''", terms)

    return (
        Operator("is", _("is"), _("%(field)s is %(codes)s"), among, (place,)),
        Operator("is_not", _("is not"), _("%(field)s is not %(codes)s"), negated(among), (place,)),
        Operator("filled", _("is known"), _("%(field)s is known"), filled),
        Operator("empty", _("is not known"), _("%(field)s is not known"), negated(filled)),
    )


def presence(condition: str) -> tuple[Operator, ...]:
    """Operators of something that is there or not."""
    return (
        Operator("filled", _("is known"), _("%(field)s is known"), lambda _v, _t: condition),
        Operator("empty", _("is not known"), _("%(field)s is not known"), lambda _v, _t: f"NOT ({condition})"),
    )


def moments(column: str) -> tuple[Operator, ...]:
    """Operators of a moment, which is never NULL; days are those of our time zone."""

    def since(values: Values, terms: Terms) -> str:
        return f"{column} >= {terms.bind(_midnight(values['day']))}"

    def recent(values: Values, terms: Terms) -> str:
        return f"{column} >= {terms.bind(terms.now - dt.timedelta(days=values['days']))}"

    days = Days("days", _("Days"))
    return (
        Operator("since", _("on or after"), _("%(field)s on or after %(day)s"), since, (DAY,)),
        Operator("before", _("before"), _("%(field)s before %(day)s"), negated(since), (DAY,)),
        Operator("last", _("in the last … days"), _("%(field)s %(days)s"), recent, (days,)),
        Operator("not_last", _("not in the last … days"), _("%(field)s not %(days)s"), negated(recent), (days,)),
    )


def negated(sql: Callable[[Values, Terms], str]) -> Callable[[Values, Terms], str]:
    return lambda values, terms: f"NOT ({sql(values, terms)})"


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
