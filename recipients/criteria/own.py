"""What one can ask by the fields of cards beyond the first ones: places, contacts, interests, roles, and the house's own."""

from collections.abc import Callable, Iterable

from django.utils.translation import gettext_lazy as _

from recipients.criteria.fields import Field, Operator, Terms, Values
from recipients.criteria.inputs import Kind, Number, Reference, Words
from recipients.criteria.people import (
    COMPANY,
    DAY,
    LISTS,
    PERSON,
    PROJECT,
    TEXT,
    Wrap,
    listed,
    negated,
    presence,
    texts,
)
from recipients.models import CustomField

INTERESTS, OWN = _("Interests"), _("Our own fields")
INTEREST = Kind(
    table="recipients_interest",
    label=lambda: "name",
    gone=_("That interest was deleted. Choose another one or take this line away."),
    order="name",
)
COLLEAGUE = Kind(
    table="auth_user",
    label=lambda: "coalesce(nullif(concat_ws(' ', nullif(first_name, ''), nullif(last_name, '')), ''), email)",
    gone=_("That colleague is not there any more. Choose another one or take this line away."),
    where="is_active",
    order="first_name, last_name, id",
)
NUMBER = Number("number", _("Number"))


def fields() -> Iterable[Field]:
    """Yield the fields in the order of the builder."""
    yield Field("person.mobile", _("Mobile"), PERSON, presence("p.mobile <> ''"))
    yield Field("person.city", _("City"), PERSON, texts("p.city"))
    yield Field("person.postcode", _("Postcode"), PERSON, texts("p.postcode"))
    yield Field("person.region", _("State or region"), PERSON, texts("p.region"))
    yield Field("person.our_contact", _("Sales contact"), PERSON, _contact("p.our_contact_id"))
    yield Field("person.support_contact", _("Support contact"), PERSON, _contact("p.support_contact_id"))
    yield Field("company.postcode", _("Company postcode"), COMPANY, texts("c.postcode", at_company))
    yield Field("company.website", _("Company website"), COMPANY, texts("c.website", at_company))
    yield from _interests()
    yield from _roles()
    yield from _own()


def at_company(condition: str, _terms: Terms) -> str:
    """Put a condition about the company `c` in its place; whoever has none does not meet it."""
    found = f"SELECT c.id FROM recipients_company c WHERE {condition}"
    return f"p.company_id IS NOT NULL AND p.company_id IN ({found})"


def _contact(column: str) -> tuple[Operator, ...]:
    who = Reference("user", _("Colleague"), kind=COLLEAGUE)

    def looks_after(values: Values, terms: Terms) -> str:
        return f"({column} IS NOT NULL AND {column} = ANY({terms.bind(values['user'])}))"

    def known(_values: Values, _terms: Terms) -> str:
        return f"{column} IS NOT NULL"

    return (
        Operator("is", _("is"), _("%(field)s is %(user)s"), looks_after, (who,)),
        Operator("is_not", _("is not"), _("%(field)s is not %(user)s"), negated(looks_after), (who,)),
        Operator("filled", _("is known"), _("%(field)s is known"), known),
        Operator("empty", _("is not known"), _("%(field)s is not known"), negated(known)),
    )


def _interests() -> Iterable[Field]:
    def mine(values: Values, terms: Terms) -> str:
        numbers, only = terms.bind(values["interest"]), terms.among("i.person_id")
        return f"p.id IN (SELECT i.person_id FROM recipients_personinterest i WHERE i.interest_id = ANY({numbers}) AND {only})"

    def theirs(values: Values, terms: Terms) -> str:
        numbers = terms.bind(values["interest"])
        found = f"SELECT i.company_id FROM recipients_companyinterest i WHERE i.interest_id = ANY({numbers})"
        return f"p.company_id IS NOT NULL AND p.company_id IN ({found})"

    which = Reference("interest", _("Interest"), kind=INTEREST)
    for code, name, sql in (
        ("interest.person", _("Interest"), mine),
        ("interest.company", _("Interest of the company"), theirs),
    ):
        yield Field(
            code,
            name,
            INTERESTS,
            (
                Operator("has", _("has"), _("%(field)s: %(interest)s"), sql, (which,)),
                Operator("has_not", _("does not have"), _("%(field)s: not %(interest)s"), negated(sql), (which,)),
            ),
        )


def _roles() -> Iterable[Field]:
    def plays(values: Values, terms: Terms) -> str:
        numbers, role, only = terms.bind(values["project"]), terms.bind(values["text"]), terms.among("m.person_id")
        return f"""p.id IN (SELECT m.person_id FROM recipients_projectmember m
            WHERE m.project_id = ANY({numbers}) AND lower(m.role) = lower({role}) AND {only})"""

    inputs = (TEXT, Reference("project", _("Project"), kind=PROJECT))
    yield Field(
        "lists.role",
        _("Role in a project"),
        LISTS,
        (
            Operator("is", _("is"), _("Is %(text)s in project %(project)s"), plays, inputs),
            Operator("is_not", _("is not"), _("Is not %(text)s in project %(project)s"), negated(plays), inputs),
        ),
    )


# the house's own fields -------------------------------------------------------------------------------------------------


def _own() -> Iterable[Field]:
    for field in CustomField.objects.order_by("of", "position", "pk"):
        is_person = field.of == CustomField.Of.PERSON
        wrap: Wrap = _as_it_is if is_person else at_company
        value = f"{'p' if is_person else 'c'}.custom ->> '{field.key}'"  # a key is a-z, 0-9 and _
        family = OWN if is_person else COMPANY
        yield Field(f"own.{field.pk}", field.name, family, _operators(field, value, wrap))


def _operators(field: CustomField, value: str, wrap: Wrap) -> tuple[Operator, ...]:
    kind = CustomField.Kind
    if field.kind == kind.TEXT:
        return texts(f"coalesce({value}, '')", wrap)
    if field.kind == kind.CHOICE:
        words: list[tuple[str, Words]] = [(one, one) for one in field.choices]
        return listed(f"coalesce({value}, '')", words, _("Choices"), wrap)
    if field.kind == kind.YESNO:
        return _yes_or_no(value, wrap)
    return _numbers(field.key, value, wrap) if field.kind == kind.NUMBER else _days(value, wrap)


def _yes_or_no(value: str, wrap: Wrap) -> tuple[Operator, ...]:
    def is_(word: str) -> Callable[[Values, Terms], str]:
        return lambda _values, terms: wrap(f"coalesce(({value}) = '{word}', false)", terms)

    return (
        Operator("yes", _("is yes"), _("%(field)s: yes"), is_("true")),
        Operator("no", _("is no"), _("%(field)s: no"), is_("false")),
        *_whether_known(value, wrap),
    )


def _numbers(key: str, value: str, wrap: Wrap) -> tuple[Operator, ...]:
    whole = value.replace(f"->> '{key}'", f"-> '{key}'")
    number = f"CASE WHEN jsonb_typeof({whole}) = 'number' THEN ({value})::numeric END"

    def compared(sign: str) -> Callable[[Values, Terms], str]:
        return lambda values, terms: wrap(f"coalesce({number} {sign} {terms.bind(values['number'])}, false)", terms)

    return (
        Operator("is", _("is"), _("%(field)s is %(number)s"), compared("="), (NUMBER,)),
        Operator("from", _("is at least"), _("%(field)s at least %(number)s"), compared(">="), (NUMBER,)),
        Operator("below", _("is less than"), _("%(field)s less than %(number)s"), compared("<"), (NUMBER,)),
        *_whether_known(value, wrap),
    )


def _days(value: str, wrap: Wrap) -> tuple[Operator, ...]:
    """Days as 2026-11-23 stand in the order of the alphabet."""

    def compared(sign: str) -> Callable[[Values, Terms], str]:
        def sql(values: Values, terms: Terms) -> str:
            day = terms.bind(values["day"].isoformat())
            return wrap(f'coalesce(({value}) COLLATE "C" {sign} {day}, false)', terms)

        return sql

    return (
        Operator("is", _("is"), _("%(field)s is %(day)s"), compared("="), (DAY,)),
        Operator("since", _("on or after"), _("%(field)s on or after %(day)s"), compared(">="), (DAY,)),
        Operator("before", _("before"), _("%(field)s before %(day)s"), compared("<"), (DAY,)),
        *_whether_known(value, wrap),
    )


def _whether_known(value: str, wrap: Wrap) -> tuple[Operator, ...]:
    def known(_values: Values, terms: Terms) -> str:
        return wrap(f"({value}) IS NOT NULL", terms)

    return (
        Operator("filled", _("is known"), _("%(field)s is known"), known),
        Operator("empty", _("is not known"), _("%(field)s is not known"), negated(known)),
    )


def _as_it_is(condition: str, _terms: Terms) -> str:
    return condition
