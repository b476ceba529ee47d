"""A form drawn for its page, and told to programs: fields with their words in one language and what was typed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils import translation

from consent.models import SubscriptionType
from forms import answers
from forms.answers import Problem, Read
from forms.definition import Definition, Field
from forms.models import Form, Version
from recipients.choices import COUNTRIES

NEVER_PREFILLED = frozenset({"consent", "subscriptions", "upload"})


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    is_chosen: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A field as the page shows it."""

    field: Field
    label: str
    help: str
    placeholder: str
    body: str
    value: str = ""
    is_ticked: bool = False
    choices: tuple[Choice, ...] = ()
    problem: Problem | None = None
    condition: str = ""  # name of the field that decides whether it is shown, and the answer
    condition_value: str = ""

    @property
    def kind(self) -> str:
        return self.field.kind

    @property
    def id(self) -> str:
        return f"f_{self.field.id}"

    @property
    def describers(self) -> str:
        """The ids that describe the field, for who hears the page."""
        parts = [f"{self.id}_help" if self.help else "", f"{self.id}_problem" if self.problem else ""]
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole form as the page shows it."""

    title: str
    intro: str
    button: str
    language: str
    pages: tuple[tuple[Drawn, ...], ...]

    @property
    def mistakes(self) -> list[Drawn]:
        return [one for page in self.pages for one in page if one.problem]

    @property
    def has_files(self) -> bool:
        return any(one.kind == "upload" for page in self.pages for one in page)


def cover(form: Definition, language: str) -> Sheet:
    """Give what stands around a form, without its fields: for the pages that come after it."""
    said = {name: form.say(getattr(form, name), language) for name in ("title", "intro", "button")}
    return Sheet(**said, language=language, pages=())


def draw(form: Definition, read: Read, language: str) -> Sheet:
    """Draw a form with what was typed."""
    names = {one.id: one.name for one in form.fields}
    with translation.override(language):
        types = {one.pk: one for one in SubscriptionType.objects.filter(pk__in=form.types, is_active=True)}
        pages = tuple(tuple(_drawn(one, form, read, language, types, names) for one in page) for page in form.pages)
        return Sheet(
            title=form.say(form.title, language),
            intro=form.say(form.intro, language),
            button=form.say(form.button, language),
            language=language,
            pages=pages,
        )


def prefilled(form: Definition, given: Mapping[str, list[str]]) -> Read:
    """Fill in what the address of the page brings; never a yes, and nothing that does not fit."""
    may = {one.name: given[one.name] for one in form.questions if one.kind not in NEVER_PREFILLED and one.name in given}
    read = answers.read(form, may)
    good = {one.id: may[one.name] for one in form.questions if one.name in may and one.id not in read.problems}
    return Read(typed=good)


def described(form: Form, version: Version, definition: Definition) -> dict[str, Any]:
    """Tell a program what the form asks."""
    language = definition.language
    rows = [
        {
            "name": one.name,
            "kind": one.kind,
            "label": definition.say(one.label, language),
            "required": one.required,
            **({"values": [option.value for option in one.options]} if one.options else {}),
            **({"values": [str(number) for number in one.types]} if one.kind == "subscriptions" else {}),
        }
        for one in definition.questions
    ]
    return {"name": form.name, "version": version.number, "language": language, "fields": rows}


def _drawn(
    one: Field,
    form: Definition,
    read: Read,
    language: str,
    types: Mapping[int, SubscriptionType],
    names: Mapping[str, str],
) -> Drawn:
    typed = read.typed.get(one.id, [])
    value = typed[-1] if typed else ("" if one.kind != "hidden" else one.default)
    drawn = Drawn(
        field=one,
        label=form.say(one.label, language),
        help=form.say(one.help, language),
        placeholder=form.say(one.placeholder, language),
        body=form.say(one.body, language),
        value=value,
        is_ticked=bool(value),
        choices=tuple(_choices(one, form, typed, language, types)),
        problem=read.problems.get(one.id),
    )
    if one.show_if is None:
        return drawn
    return replace(drawn, condition=names.get(one.show_if.field, ""), condition_value=one.show_if.value)


def _choices(
    one: Field, form: Definition, typed: list[str], language: str, types: Mapping[int, SubscriptionType]
) -> list[Choice]:
    if one.kind == "country":
        return [Choice(code, str(name), code in typed) for code, name in COUNTRIES if code]
    if one.kind == "rating":
        return [Choice(str(star), str(star), str(star) in typed) for star in range(1, (one.maximum or 5) + 1)]
    if one.kind == "subscriptions":
        known = [types[number] for number in one.types if number in types]
        return [Choice(str(row.pk), row.name, str(row.pk) in typed, row.description) for row in known]
    return [Choice(option.value, form.say(option.label, language), option.value in typed) for option in one.options]
