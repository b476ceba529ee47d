"""What a form asks, as plain values: its fields, in order, with their words per language. Pure: no models, no tasks.

A form's definition is one JSON value, `{"fields": […], "thanks": {"nl": "…"}, …}`, kept with the draft and frozen with
each published version. `Definition.read` takes any JSON and refuses what it does not know; nothing of a stranger gets here.
"""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, asdict, dataclass, field, fields, replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

type Words = dict[str, str]  # by language
type Text = str | Promise

MOST_FIELDS = 100
MOST_OPTIONS = 200
LONGEST = 10_000
ID = re.compile(r"[a-z0-9]{4,24}").fullmatch
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}").fullmatch
LANGUAGES: dict[str, Text] = {"en": gettext_lazy("English"), "nl": gettext_lazy("Dutch")}


class BadDefinition(ValueError):
    """This is not a form's definition; the message says what does not fit."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a field can be. `settings` names what the builder asks beside the label."""

    code: str
    label: Text
    icon: str
    group: str  # contact, question, view
    settings: tuple[str, ...] = ()
    name: str = ""  # the identifier a new one gets
    _: KW_ONLY
    once: bool = False  # a form has it once
    autocomplete: str = "off"

    @property
    def is_answered(self) -> bool:
        return self.group != "view"

    @property
    def has_options(self) -> bool:
        return "options" in self.settings


GROUPS: dict[str, Text] = {
    "contact": gettext_lazy("Who they are"),
    "question": gettext_lazy("Questions"),
    "view": gettext_lazy("To look at"),
}
_ASK = ("help", "required", "is_half")
_ROWS = (
    Kind("email", gettext_lazy("E-mail"), "mail", "contact", _ASK, "email", once=True, autocomplete="email"),
    Kind(
        "first_name",
        gettext_lazy("First name"),
        "user",
        "contact",
        _ASK,
        "firstname",
        once=True,
        autocomplete="given-name",
    ),
    Kind(
        "last_name",
        gettext_lazy("Last name"),
        "user",
        "contact",
        _ASK,
        "lastname",
        once=True,
        autocomplete="family-name",
    ),
    Kind("mobile", gettext_lazy("Mobile"), "smartphone", "contact", _ASK, "mobile", once=True, autocomplete="tel"),
    Kind(
        "company",
        gettext_lazy("Company"),
        "building-2",
        "contact",
        _ASK,
        "company",
        once=True,
        autocomplete="organization",
    ),
    Kind(
        "title",
        gettext_lazy("Job title"),
        "id-card",
        "contact",
        _ASK,
        "title",
        once=True,
        autocomplete="organization-title",
    ),
    Kind("country", gettext_lazy("Country"), "flag", "contact", _ASK, "country", once=True, autocomplete="country"),
    Kind(
        "consent",
        gettext_lazy("Consent"),
        "shield-check",
        "contact",
        ("help", "required", "types", "privacy"),
        "consent",
    ),
    Kind("subscriptions", gettext_lazy("Subscriptions"), "mail-check", "contact", ("help", "types"), "subscriptions"),
    Kind(
        "text", gettext_lazy("Short text"), "text-cursor-input", "question", (*_ASK, "placeholder", "maximum"), "text"
    ),
    Kind("area", gettext_lazy("Long text"), "text", "question", (*_ASK, "placeholder", "maximum"), "remarks"),
    Kind("radio", gettext_lazy("One of several"), "circle-dot", "question", ("help", "required", "options"), "choice"),
    Kind(
        "boxes",
        gettext_lazy("Several of several"),
        "list-checks",
        "question",
        ("help", "required", "options"),
        "choices",
    ),
    Kind("dropdown", gettext_lazy("Drop-down list"), "chevron-down", "question", (*_ASK, "options"), "list"),
    Kind("box", gettext_lazy("One box to tick"), "square-check", "question", ("help", "required"), "box"),
    Kind("date", gettext_lazy("Date"), "calendar-days", "question", _ASK, "date"),
    Kind("number", gettext_lazy("Number"), "hash", "question", (*_ASK, "minimum", "maximum"), "number"),
    Kind("rating", gettext_lazy("Rating"), "star", "question", ("help", "required", "maximum"), "rating"),
    Kind("upload", gettext_lazy("File"), "upload", "question", ("help", "required", "endings", "maximum"), "file"),
    Kind("hidden", gettext_lazy("Hidden value"), "eye-off", "question", ("default",), "hidden"),
    Kind("words", gettext_lazy("Words"), "pilcrow", "view", ("body",)),
    Kind("image", gettext_lazy("Picture"), "image", "view", ("url",)),
    Kind("section", gettext_lazy("New page"), "separator-horizontal", "view"),
)
KINDS: dict[str, Kind] = {row.code: row for row in _ROWS}


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose. `value` is what is kept; it stays when the words change."""

    value: str
    label: Words


@dataclass(frozen=True, slots=True)
class Condition:
    """Show a field only when another one (its id) was answered so; an empty `value` means: answered at all."""

    field: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `id` never changes; `name` is the identifier in addresses, plain forms and the interface."""

    id: str
    kind: str
    name: str = ""
    label: Words = field(default_factory=dict)
    help: Words = field(default_factory=dict)
    placeholder: Words = field(default_factory=dict)
    body: Words = field(default_factory=dict)
    required: bool = False
    is_half: bool = False  # two beside each other
    options: tuple[Option, ...] = ()
    types: tuple[int, ...] = ()  # subscription types
    privacy: str = ""  # address of the privacy statement
    default: str = ""
    url: str = ""
    minimum: int | None = None
    maximum: int | None = None  # letters, a number, stars, or kB of a file
    endings: tuple[str, ...] = ()
    overwrite: bool = False  # may propose another value for somebody we know
    show_if: Condition | None = None

    @property
    def of(self) -> Kind:
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A form as it is drawn and read."""

    languages: tuple[str, ...] = ("en",)
    title: Words = field(default_factory=dict)
    intro: Words = field(default_factory=dict)
    button: Words = field(default_factory=dict)
    thanks: Words = field(default_factory=dict)
    redirect: str = ""
    closed: Words = field(default_factory=dict)
    fields: tuple[Field, ...] = ()

    @property
    def language(self) -> str:
        return self.languages[0]

    @property
    def questions(self) -> tuple[Field, ...]:
        """Those that are answered."""
        return tuple(one for one in self.fields if one.of.is_answered)

    @property
    def pages(self) -> list[list[Field]]:
        """The fields by page; a form has at least one."""
        pages: list[list[Field]] = [[]]
        for one in self.fields:
            if one.kind == "section" and (pages[-1] or len(pages) > 1):
                pages.append([one])
            else:
                pages[-1].append(one)
        return pages

    def find(self, kind: str) -> Field | None:
        """Give the first field of a kind."""
        return next((one for one in self.fields if one.kind == kind), None)

    def say(self, words: Words, language: str) -> str:
        """Give the words in a language, else in the form's own, else in any."""
        return words.get(language) or words.get(self.language) or next((text for text in words.values() if text), "")

    @property
    def types(self) -> tuple[int, ...]:
        """Every subscription type that somebody can ask for here."""
        return tuple(sorted({number for one in self.fields for number in one.types}))

    def problems(self) -> list[tuple[str, str]]:
        """List what must be mended before it is published: number of the field (or nothing) and a sentence."""
        return list(_problems(self))

    @classmethod
    def read(cls, given: object) -> "Definition":
        """Read what `to_json` wrote. Raises BadDefinition."""
        if not isinstance(given, dict):
            raise BadDefinition(_("This is not a form"))
        rows = given.get("fields", [])
        if not isinstance(rows, list) or len(rows) > MOST_FIELDS:
            raise BadDefinition(_("A form can have %(count)d fields") % {"count": MOST_FIELDS})
        languages = tuple(code for code in given.get("languages", []) if code in LANGUAGES) or ("en",)
        words = {name: _words(given.get(name)) for name in ("title", "intro", "button", "thanks", "closed")}
        found = tuple(read_field(row) for row in rows)
        if len({one.id for one in found}) != len(found):
            raise BadDefinition(_("Two fields have the same number"))
        return cls(languages=languages, redirect=str(given.get("redirect", ""))[:2000], fields=found, **words)

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON; what is empty is left out of a field."""
        plain = {name: getattr(self, name) for name in ("title", "intro", "button", "thanks", "closed", "redirect")}
        return {**plain, "languages": list(self.languages), "fields": [_field_json(one) for one in self.fields]}


def new_id() -> str:
    """Give the number of a new field."""
    return secrets.token_hex(6)


def read_field(given: object) -> Field:
    """Read one field. Raises BadDefinition."""
    if not isinstance(given, dict) or str(given.get("kind")) not in KINDS or not ID(str(given.get("id", ""))):
        raise BadDefinition(_("We do not know this kind of field"))
    kind = KINDS[given["kind"]]
    name = str(given.get("name") or "")
    return Field(
        id=given["id"],
        kind=kind.code,
        name=name if NAME(name) else kind.name,
        **{words: _words(given.get(words)) for words in ("label", "help", "placeholder", "body")},
        required=bool(given.get("required")),
        is_half=bool(given.get("is_half")),
        options=tuple(_options(given.get("options"))),
        types=tuple(number for number in _list(given.get("types")) if isinstance(number, int)),
        privacy=str(given.get("privacy", ""))[:2000],
        default=str(given.get("default", ""))[:500],
        url=str(given.get("url", ""))[:2000],
        minimum=_number(given.get("minimum")),
        maximum=_number(given.get("maximum")),
        endings=tuple(str(ending)[:10] for ending in _list(given.get("endings")))[:20],
        overwrite=bool(given.get("overwrite")),
        show_if=_condition(given.get("show_if")),
    )


def fresh(kind: str, identifier: str, taken: Sequence[str], language: str) -> Field:
    """Make a new field of a kind, with an identifier that is not taken yet."""
    row = KINDS[kind]
    options = tuple(Option(str(n), {language: _("Answer %(number)d") % {"number": n}}) for n in (1, 2))
    made = Field(id=identifier, kind=kind, name=free_name(row.name, taken), label={language: str(row.label)})
    if kind in ("words", "image", "section"):
        made = replace(made, label={}, name="")
    if kind == "rating":
        made = replace(made, maximum=5)
    if kind == "upload":
        made = replace(made, maximum=5_000, endings=("jpg", "png", "pdf"))
    if kind == "email":
        made = replace(made, required=True)
    return replace(made, options=options) if row.has_options else made


def free_name(wanted: str, taken: Sequence[str]) -> str:
    """Give an identifier that no other field has."""
    if not wanted or wanted not in taken:
        return wanted
    return next(name for n in range(2, MOST_FIELDS + 2) if (name := f"{wanted}{n}") not in taken)


def _problems(form: Definition) -> Iterator[tuple[str, str]]:
    if not form.questions:
        yield "", _("The form asks nothing yet: add a field")
    names: set[str] = set()
    known = {one.id for one in form.fields}
    for one in form.fields:
        if one.of.is_answered and one.name in names:
            yield one.id, _("Another field has the identifier “%(name)s” too") % {"name": one.name}
        names.add(one.name)
        if one.of.is_answered and one.kind != "hidden" and not form.say(one.label, form.language):
            yield one.id, _("It needs a label: who cannot see the form hears it")
        if one.of.has_options and len(one.options) < 2:
            yield one.id, _("It needs two answers at least")
        if one.kind in ("consent", "subscriptions") and not one.types:
            yield one.id, _("Choose the subscriptions it is about")
        if one.show_if and one.show_if.field not in known:
            yield one.id, _("It is shown by the answer to a field that is gone")
    if form.types and not form.find("email"):
        yield "", _("Who subscribes needs an address: add the field E-mail")


def _field_json(one: Field) -> dict[str, Any]:
    plain = asdict(one)
    defaults = {part.name: part.default for part in fields(Field)}
    return {
        name: value for name, value in plain.items() if name in ("id", "kind") or (value and value != defaults[name])
    }


def _words(given: object) -> Words:
    pairs = given.items() if isinstance(given, Mapping) else ()
    return {str(code): str(text)[:LONGEST] for code, text in pairs if code in LANGUAGES and isinstance(text, str)}


def _options(given: object) -> Iterator[Option]:
    for row in _list(given)[:MOST_OPTIONS]:
        if isinstance(row, Mapping) and row.get("value"):
            yield Option(str(row["value"])[:100], _words(row.get("label")))


def _condition(given: object) -> Condition | None:
    if not isinstance(given, Mapping) or not ID(str(given.get("field", ""))):
        return None
    return Condition(str(given["field"]), str(given.get("value", ""))[:100])


def _list(given: object) -> list[Any]:
    return list(given) if isinstance(given, (list, tuple)) else []


def _number(given: object) -> int | None:
    return given if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 10**9 else None
