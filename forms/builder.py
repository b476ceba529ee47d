"""The builder's page: one small form per field of a form, read from what is kept or from what somebody sent.

Words are written in one language at a time; those of the other language stay as they are. What is not valid yet is kept
too, with a sentence beside it: only publishing asks for everything to be right.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.models import SubscriptionType
from forms.definition import (
    KINDS,
    MOST_FIELDS,
    MOST_OPTIONS,
    NAME,
    BadDefinition,
    Condition,
    Definition,
    Field,
    Kind,
    Option,
    Words,
    fresh,
)

ID = re.compile(r"[0-9a-f]{12}").fullmatch
LONG = {"help": 500, "placeholder": 200, "body": 5_000, "label": 500}
WORDS = ("title", "intro", "button", "thanks", "closed")


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea({"rows": rows})


class WordsForm(forms.Form):
    """What stands around the fields."""

    use_required_attribute = False
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200, required=False)
    intro = forms.CharField(label=gettext_lazy("Introduction"), max_length=2_000, required=False, widget=_area(2))
    button = forms.CharField(label=gettext_lazy("Words on the button"), max_length=60, required=False)
    thanks = forms.CharField(label=gettext_lazy("Thank-you page"), max_length=2_000, required=False, widget=_area(2))
    redirect = forms.URLField(
        label=gettext_lazy("Or lead them to"),
        max_length=2_000,
        required=False,
        assume_scheme="https",
        help_text=gettext_lazy("A page of one of the sites named under Publish."),
    )
    closed = forms.CharField(
        label=gettext_lazy("When the form is closed, say"), max_length=2_000, required=False, widget=_area(2)
    )


class FieldForm(forms.Form):
    """The settings of one field; its prefix is the field's number."""

    use_required_attribute = False
    label = forms.CharField(label=gettext_lazy("Label"), max_length=LONG["label"], required=False)
    body = forms.CharField(label=gettext_lazy("Words"), max_length=LONG["body"], required=False, widget=_area(4))
    help = forms.CharField(label=gettext_lazy("Hint"), max_length=LONG["help"], required=False)
    placeholder = forms.CharField(label=gettext_lazy("Example in the field"), max_length=200, required=False)
    options = forms.CharField(
        label=gettext_lazy("Answers, one a line"), max_length=20_000, required=False, widget=_area(4)
    )
    types = forms.TypedMultipleChoiceField(
        label=gettext_lazy("What it is a yes to"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    privacy = forms.URLField(
        label=gettext_lazy("Address of the privacy statement"), max_length=2_000, required=False, assume_scheme="https"
    )
    default = forms.CharField(label=gettext_lazy("Value"), max_length=500, required=False)
    url = forms.URLField(
        label=gettext_lazy("Address of the picture"), max_length=2_000, required=False, assume_scheme="https"
    )
    endings = forms.CharField(
        label=gettext_lazy("Kinds of file"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Such as pdf, jpg, png. Empty: every kind."),
    )
    minimum = forms.IntegerField(label=gettext_lazy("At least"), required=False)
    maximum = forms.IntegerField(label=gettext_lazy("At most"), required=False)
    required = forms.BooleanField(label=gettext_lazy("Must be filled in"), required=False)
    is_half = forms.BooleanField(label=gettext_lazy("Half as wide"), required=False)
    name = forms.CharField(
        label=gettext_lazy("Identifier"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("In addresses, plain forms and exports. It stays the same when the label changes."),
    )
    show_field = forms.ChoiceField(label=gettext_lazy("Show it only after"), required=False)
    show_value = forms.CharField(
        label=gettext_lazy("was answered with"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Empty: with anything."),
    )

    def __init__(self, field: Field, others: Sequence[Field], language: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "prefix": field.id})
        self.kept_field, self.language = field, language
        for name in set(self.fields) - _asked(field.of):
            del self.fields[name]
        for name, label in LABELS.get(field.kind, {}).items():
            self.fields[name].label = label
        if "types" in self.fields:
            rows = SubscriptionType.objects.filter(is_active=True, purpose__is_active=True).order_by("pk")
            self.fields["types"].choices = [(one.pk, one.name) for one in rows]  # type: ignore[attr-defined]
        if "show_field" in self.fields:
            before = [(one.id, one.label.get(language) or one.name) for one in others if one.of.is_answered]
            self.fields["show_field"].choices = [("", _("always")), *before]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip().lower()
        if not NAME(name):
            raise forms.ValidationError(_("Small letters, digits, - and _; begin with a letter"))
        return name

    def changed(self) -> Field:
        """Give the field with what was sent, as far as it is valid."""
        self.is_valid()
        given, kept = self.cleaned_data, self.kept_field
        values: dict[str, Any] = {}
        for words in ("label", "help", "placeholder", "body"):
            if words in self.fields:
                text = str(given.get(words, self.data.get(self.add_prefix(words), "")))[: LONG[words]]
                values[words] = said(getattr(kept, words), self.language, text)
        for plain in ("required", "is_half", "privacy", "default", "url", "minimum", "maximum", "name"):
            if plain in given:
                values[plain] = given[plain]
        if "options" in given:
            values["options"] = tuple(options(given["options"], kept.options, self.language))
        if "types" in given:
            values["types"] = tuple(sorted(given["types"]))
        if "endings" in given:
            values["endings"] = tuple(re.findall(r"[a-z0-9]{1,10}", given["endings"].lower()))
        if "show_field" in given:
            wanted = given["show_field"]
            values["show_if"] = Condition(wanted, given.get("show_value", "")) if wanted else None
        return replace(kept, **values)


LABELS = {
    "upload": {"maximum": gettext_lazy("At most so many kB")},
    "text": {"maximum": gettext_lazy("At most so many letters")},
    "area": {"maximum": gettext_lazy("At most so many letters")},
    "rating": {"maximum": gettext_lazy("How many stars")},
    "image": {"label": gettext_lazy("What the picture shows")},
}


def _asked(kind: Kind) -> set[str]:
    asked = set(kind.settings)
    if kind.code != "words":
        asked.add("label")
    if kind.is_answered:
        asked.add("name")
    if kind.code not in ("section", "hidden"):
        asked |= {"show_field", "show_value"}
    return asked


def said(words: Words, language: str, text: str) -> Words:
    """Give the words with one language's put in; an empty text takes that language out."""
    rest = {code: kept for code, kept in words.items() if code != language}
    return {**rest, language: text} if text else rest


def options(text: str, kept: Sequence[Option], language: str) -> Iterator[Option]:
    """Read answers, one a line. A line that was there keeps its value, wherever it stands now; a changed line keeps
    the value of its place, so that correcting a word changes no answer that was given before."""
    lines = [line.strip()[:200] for line in text.splitlines() if line.strip()][:MOST_OPTIONS]
    by_label = {one.label.get(language, ""): one for one in kept}
    taken = {one.value for line in lines if (one := by_label.get(line))}
    used: set[str] = set()
    for place, line in enumerate(lines):
        old = by_label.get(line)
        if old is None and place < len(kept) and kept[place].value not in taken:
            old = kept[place]
        value = old.value if old and old.value not in used else _new_value(line, {*taken, *used})
        used.add(value)
        yield Option(value, said(old.label if old else {}, language, line))


@dataclass(frozen=True)
class Card:
    """A field with its form, and its place counted from 1."""

    field: Field
    form: FieldForm
    number: int
    words: str

    @property
    def problems(self) -> bool:
        return bool(self.form.is_bound and self.form.errors)


@dataclass(frozen=True)
class Sheet:
    """Everything on the builder's page."""

    definition: Definition
    language: str
    words: WordsForm
    cards: tuple[Card, ...]


def shown(definition: Definition, language: str) -> Sheet:
    """Make the page of what is kept, in one of the form's languages."""
    cards = []
    for number, one in enumerate(definition.fields, 1):
        form = FieldForm(one, definition.fields[: number - 1], language, _data(one, language))
        form.is_valid()
        cards.append(Card(one, form, number, _summary(one, language)))
    initial = {f"words-{name}": getattr(definition, name).get(language, "") for name in WORDS}
    words = WordsForm({**initial, "words-redirect": definition.redirect}, prefix="words")
    words.is_valid()
    return Sheet(definition, language, words, tuple(cards))


def sent(data: QueryDict, kept: Definition, language: str) -> Sheet:
    """Read what the builder's page sent. Raises BadDefinition when it is not such a page's."""
    numbers = data.getlist("block")
    if len(numbers) > MOST_FIELDS or len(set(numbers)) != len(numbers):
        raise BadDefinition(_("A form can have %(count)d fields") % {"count": MOST_FIELDS})
    before = {one.id: one for one in kept.fields}
    found: list[Field] = []
    cards: list[Card] = []
    for place, number in enumerate(numbers, 1):
        form = FieldForm(_field(data, number, before, found, language), found, language, _given(data, number))
        field = form.changed()
        found.append(field)
        cards.append(Card(field, form, place, _summary(field, language)))
    words = WordsForm(data, prefix="words")
    words.is_valid()
    texts = {name: said(getattr(kept, name), language, words.cleaned_data.get(name, "")) for name in WORDS}
    redirect = words.cleaned_data.get("redirect", kept.redirect)
    definition = replace(replace(kept, fields=tuple(found), redirect=redirect), **texts)  # type: ignore[arg-type]
    return Sheet(definition, language, words, tuple(cards))


def _field(data: QueryDict, number: str, before: dict[str, Field], found: list[Field], language: str) -> Field:
    kind = data.get(f"{number}-kind", "")
    if not ID(number) or kind not in KINDS:
        raise BadDefinition(_("We do not know this kind of field"))
    if number in before and before[number].kind == kind:
        return before[number]
    taken = [one.name for one in (*found, *before.values())]
    return fresh(kind, number, taken, language)


def _given(data: QueryDict, number: str) -> QueryDict:
    """Give what was sent; a field that was just added or copied has no name of its own on the page yet."""
    given = data.copy()
    if f"{number}-new" in data:
        kind = data.get(f"{number}-kind", "")
        taken = [data.get(f"{one}-name", "") for one in data.getlist("block")]
        language = data.get("language", "en")
        for name, value in _data(fresh(kind, number, taken, language), language).items():
            if name not in given:
                given.setlist(name, value if isinstance(value, list) else [value])
    return given


def _data(one: Field, language: str) -> Any:
    values: dict[str, Any] = {
        **{words: getattr(one, words).get(language, "") for words in ("label", "help", "placeholder", "body")},
        "options": "\n".join(option.label.get(language, "") or option.value for option in one.options),
        "types": [str(number) for number in one.types],
        "privacy": one.privacy,
        "default": one.default,
        "url": one.url,
        "endings": ", ".join(one.endings),
        "minimum": "" if one.minimum is None else str(one.minimum),
        "maximum": "" if one.maximum is None else str(one.maximum),
        "name": one.name,
        "show_field": one.show_if.field if one.show_if else "",
        "show_value": one.show_if.value if one.show_if else "",
        **({"required": "on"} if one.required else {}),
        **({"is_half": "on"} if one.is_half else {}),
    }
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data.setlist(f"{one.id}-{name}", value if isinstance(value, list) else [value])
    return data


def _summary(one: Field, language: str) -> str:
    return one.label.get(language) or one.body.get(language, "") or one.name


def _new_value(line: str, taken: set[str]) -> str:
    base = slugify(line)[:60] or "answer"
    if base not in taken:
        return base
    return next(value for n in range(2, MOST_OPTIONS + 3) if (value := f"{base}-{n}") not in taken)
