"""What somebody decides about a file: columns, consent, list. The rules stand in `runs` and `declaration`."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from consent import law, rulebook, rules
from consent.models import Purpose
from recipients.forms import OneLine
from recipients.imports import runs
from recipients.imports.columns import LABELS, Target
from recipients.imports.declaration import DATE, Declaration
from recipients.imports.preview import Column
from recipients.models import Import, Selection

NEW, EXISTING, NONE = "new", "existing", "none"
FOR_TEXTS = _("They agreed to text messages on their mobile number, too")
ASKS_TO_TICK = _("They ticked a box themselves, and it was not ticked beforehand")
LONGEST_EVIDENCE = 1000


class SharedSelect(forms.Select):
    """A select that shares its options with hundreds of others: they are written out once, not once for each."""

    def __init__(self, options: SafeString) -> None:
        super().__init__()
        self.options_text = options

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        chosen = format_html('value="{}"', "" if value is None else value)
        options = mark_safe(self.options_text.replace(chosen, f"{chosen} selected", 1))  # noqa: S308 - escaped above
        attributes = flatatt({"name": name, "class": "select", **(attrs or {})})
        return format_html("<select{}>{}</select>", attributes, options)


def written_out(choices: Iterable[tuple[object, object]]) -> SafeString:
    return format_html_join("", '<option value="{}">{}</option>', choices)


@dataclass(frozen=True)
class Piece:
    """A piece of evidence: what is typed for all rows, or the column in which it stands."""

    typed: forms.BoundField
    column: forms.BoundField


@dataclass(frozen=True)
class Source:
    """A source of consent with its own fields."""

    rule: rules.SourceRule
    is_chosen: bool
    pieces: list[Piece]
    flags: list[forms.BoundField]  # the conditions of soft opt-in
    box: forms.BoundField | None
    texts: forms.BoundField | None
    without: forms.BoundField | None


@dataclass(frozen=True)
class Shown:
    """A column of the file, what it is taken for, and whether its words replace ours."""

    column: Column
    field: forms.BoundField
    replaces: forms.BoundField


class ImportForm(forms.Form):
    source = forms.ChoiceField(label=_("Where do these addresses come from?"), choices=[], required=False)
    purpose = forms.ModelChoiceField(
        Purpose.objects.filter(is_active=True).order_by("pk"),
        label=_("They agreed to"),
        required=False,
        empty_label=None,
    )
    target = forms.ChoiceField(
        label=_("Put them on a list"),
        choices=[(NEW, _("A new selection")), (EXISTING, _("A selection that exists")), (NONE, _("No list"))],
    )
    selection_name = OneLine(label=_("Name of the new selection"), max_length=200, required=False)
    selection = forms.ModelChoiceField(
        Selection.objects.by_hand().order_by("name"),
        label=_("Selection"),
        required=False,
        empty_label=_("Choose a selection"),
    )
    overwrite = forms.ChoiceField(
        label=_("People we know already"),
        choices=[
            ("", _("Keep what we know and fill in what is empty")),
            ("1", _("Take over what the file says; an empty cell changes nothing")),
            ("some", _("Take it over only from the columns that I tick above")),
        ],
        required=False,
        widget=forms.RadioSelect,
    )

    def __init__(self, importing: Import, columns: Sequence[Column], data: Any = None) -> None:
        super().__init__(data, initial=beginning(importing))
        self.importing = importing
        self.rules = rulebook.current().sources
        self.columns = columns
        self.choices: runs.Choices | None = None
        self.house = runs.house_fields()
        fields: list[tuple[str, Any]] = [("", _("Not imported"))]
        fields += [(field.value, label) for field, label in LABELS.items()]
        fields += [(field.value, field.name) for field in self.house]
        options = written_out(fields)
        for column in columns:
            self.fields[name_of(column.index)] = forms.ChoiceField(
                label=column.title,
                choices=fields,
                widget=SharedSelect(options),
                required=False,
                initial=importing.mapping.get(str(column.index), ""),
            )
            self.fields[replaces(column.index)] = forms.BooleanField(
                label=_("Replaces what we know"),
                required=False,
                initial=importing.mapping.get(str(column.index), "") in importing.replace,
            )
        source = self.fields["source"]
        if isinstance(source, forms.ChoiceField):
            source.choices = [(rule.code, rule.name) for rule in self.rules.values()]
        named = ((column.index, format_lazy("{} {}", _("column"), column.title)) for column in columns)
        self.places = [("", _("for all rows")), *named]
        self.place_options = written_out(self.places)
        for rule in self.rules.values():
            self.ask_for_evidence(rule)

    def ask_for_evidence(self, rule: rules.SourceRule) -> None:
        if not rule.is_recordable:
            self.fields[f"{rule.code}-without"] = forms.BooleanField(
                label=_("Import them without consent. They are kept, and cannot be mailed"), required=False
            )
            return
        today = timezone.localdate().isoformat()
        self.fields[f"{rule.code}-{DATE}"] = forms.DateField(
            label=str(rule.date_label),
            required=False,
            widget=forms.DateInput(attrs={"type": "date", "max": today}, format="%Y-%m-%d"),
        )
        for piece in rule.evidence_fields:
            self.fields[f"{rule.code}-{piece.key}"] = OneLine(
                label=str(piece.label), required=False, max_length=LONGEST_EVIDENCE
            )
        for key in (DATE, *(piece.key for piece in rule.evidence_fields)):
            self.fields[f"{rule.code}-{key}-column"] = forms.TypedChoiceField(
                label=_("Where it stands"),
                choices=self.places,
                widget=SharedSelect(self.place_options),
                coerce=int,
                empty_value=None,
                required=False,
            )
        if rule.may_be_soft:
            for flag, label in law.SOFT_FLAGS.items():
                self.fields[f"{rule.code}-{flag}"] = forms.BooleanField(label=str(label), required=False)
        if rule.may_be_explicit:
            self.fields[f"{rule.code}-box"] = forms.BooleanField(label=ASKS_TO_TICK, required=False)
        self.fields[f"{rule.code}-texts"] = forms.BooleanField(label=FOR_TEXTS, required=False)

    def rows(self) -> Iterator[tuple[Column, forms.BoundField]]:
        for column in self.columns:
            yield column, self[name_of(column.index)]

    def used(self) -> list[Shown]:
        return [shown for shown in self.columns_shown() if shown.field.value() or shown.field.errors]

    def unused(self) -> list[Shown]:
        return [shown for shown in self.columns_shown() if not (shown.field.value() or shown.field.errors)]

    def counting(self) -> list[Source]:
        return self.sources(rules.Status.ALLOWED)

    def verifying(self) -> list[Source]:
        return self.sources(rules.Status.VERIFY)

    def refused(self) -> list[Source]:
        return self.sources(rules.Status.REFUSED)

    def sources(self, status: rules.Status) -> list[Source]:
        return [self.shown(rule) for rule in self.rules.values() if rule.status is status]

    def shown(self, rule: rules.SourceRule) -> Source:
        keys = [DATE, *(piece.key for piece in rule.evidence_fields)] if rule.is_recordable else []
        box, texts, without = f"{rule.code}-box", f"{rule.code}-texts", f"{rule.code}-without"
        return Source(
            rule=rule,
            is_chosen=self["source"].value() == rule.code,
            pieces=[Piece(self[f"{rule.code}-{key}"], self[f"{rule.code}-{key}-column"]) for key in keys],
            flags=[self[f"{rule.code}-{flag}"] for flag in law.SOFT_FLAGS] if rule.may_be_soft else [],
            box=self[box] if box in self.fields else None,
            texts=self[texts] if texts in self.fields else None,
            without=self[without] if without in self.fields else None,
        )

    def columns_shown(self) -> Iterator[Shown]:
        for column, field in self.rows():
            yield Shown(column, field, self[replaces(column.index)])

    def mapping(self) -> dict[int, Target]:
        """The columns as chosen now, also when other fields still have mistakes."""
        return runs.mapped({column.index: field.value() for column, field in self.rows()}, self.house)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        target = cleaned.get("target")
        if target == NEW and not cleaned.get("selection_name"):
            self.add_error("selection_name", _("Give the new selection a name."))
        if target == EXISTING and not cleaned.get("selection"):
            self.add_error("selection", _("Choose a selection."))
        if self.errors:
            return cleaned
        choices = self.decided(cleaned)
        for mistake in runs.mistakes(choices, today=timezone.localdate()):
            self.add_error(self.place(mistake.field, choices), mistake.text)  # type: ignore[arg-type]  # lazy is fine
        self.choices = None if self.errors else choices
        return cleaned

    def decided(self, cleaned: dict[str, Any]) -> runs.Choices:
        selection = cleaned.get("selection")
        purpose = cleaned.get("purpose")
        mapping = self.mapping()
        ticked = frozenset(field for index, field in mapping.items() if cleaned.get(replaces(index)))
        return runs.Choices(
            mapping=mapping,
            declared=self.declared(cleaned),
            purpose_id=purpose.pk if purpose else None,
            overwrite=cleaned.get("overwrite") == "1",
            replace=ticked if cleaned.get("overwrite") == "some" else frozenset(),
            selection_id=selection.pk if selection and cleaned["target"] == EXISTING else None,
            selection_name=cleaned["selection_name"] if cleaned["target"] == NEW else "",
        )

    def decided_so_far(self) -> runs.Choices:
        """What is chosen about columns and people we know, whatever is still missing elsewhere."""
        mapping = self.mapping()
        chosen = self["overwrite"].value()
        ticked = frozenset(field for index, field in mapping.items() if self[replaces(index)].value())
        return runs.Choices(
            mapping=mapping,
            declared=Declaration(""),
            overwrite=chosen == "1",
            replace=ticked if chosen == "some" else frozenset(),
        )

    def declared(self, cleaned: dict[str, Any]) -> Declaration:
        code = cleaned.get("source") or ""
        rule = self.rules.get(code)
        if rule is None or not rule.is_recordable:
            return Declaration(code, without_consent=bool(cleaned.get(f"{code}-without")), sources=self.rules)
        columns = {key: cleaned.get(f"{code}-{key}-column") for key in (DATE, *(piece.key for piece in rule.evidence_fields))}  # fmt: skip
        typed = {piece.key: cleaned.get(f"{code}-{piece.key}", "") for piece in rule.evidence_fields}
        soft = {flag: law.YES for flag in law.SOFT_FLAGS if cleaned.get(f"{code}-{flag}")}
        evidence_on: dt.date | None = cleaned.get(f"{code}-{DATE}")
        return Declaration(
            source=code,
            evidence={key: value for key, value in typed.items() if value and columns[key] is None} | soft,
            evidence_on=evidence_on if columns[DATE] is None else None,
            columns={key: column for key, column in columns.items() if column is not None},
            box_ticked=bool(cleaned.get(f"{code}-box")),
            for_texts=bool(cleaned.get(f"{code}-texts")),
            sources=self.rules,
        )

    def place(self, name: str, choices: runs.Choices) -> str | None:
        """The field of this form beside which a mistake is shown."""
        if name == "source":
            return "source"
        if name == "mapping":
            return None
        if name.startswith("mapping-"):
            wanted = name.removeprefix("mapping-")
            column = [index for index, field in choices.mapping.items() if field.value == wanted][-1]
            return name_of(column)
        if name == "without_consent":
            return f"{choices.declared.source}-without"
        return f"{choices.declared.source}-{name}"


def beginning(importing: Import) -> dict[str, object]:
    """What the form proposes for a file that was just read."""
    return {
        "target": NEW,
        "selection_name": PurePath(importing.file_name).stem[:200],
        "overwrite": "1" if importing.overwrite else "some" if importing.replace else "",
        "source": "",
    }


def name_of(column: int) -> str:
    return f"column-{column}"


def replaces(column: int) -> str:
    return f"replaces-{column}"
