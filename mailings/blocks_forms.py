"""One form per kind of block. What is wrong is said under the field; what was typed is kept all the same."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from html.parser import HTMLParser
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings.rendering import blocks, links, ownhtml, richtext, sourced, variables
from mailings.rendering.blocks import Block, Document, Style
from mailings.rendering.compound import CELL_FIELDS, NETWORKS
from mailings.rendering.pieces import Condition, scrub
from mailings.rendering.sourced import Source

_LANGUAGE = re.compile(r"[a-z]{2}")
_ID = re.compile(r"[0-9A-Za-z]{1,40}")
ALIGNMENTS = (("left", gettext_lazy("Left")), ("center", gettext_lazy("Centre")), ("right", gettext_lazy("Right")))


class LineEditor(forms.TextInput):
    """One line with variables as chips; the script puts an editor in its place."""

    def __init__(self) -> None:
        super().__init__({"data-editor": "line", "autocomplete": "off"})


class WordsField(forms.CharField):
    """Words with variables. Every variable must be one we know."""

    def __init__(self, *, max_length: int, **options: Any) -> None:
        super().__init__(required=False, max_length=max_length, widget=LineEditor, **options)

    def to_python(self, value: object) -> str:
        return " ".join(scrub(str(super().to_python(value))).split())

    def validate(self, value: object) -> None:
        super().validate(value)
        for mistake in variables.parse(str(value)).mistakes:
            raise forms.ValidationError(mistake.sentence)


class LinkField(forms.CharField):
    """Where a link leads: http, https or mailto. Links of the library are offered by name."""

    offers = "link-library"  # the list on the page: templates/mailings/content.html

    def __init__(self, **options: Any) -> None:
        attrs = {"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}
        attrs |= {"list": self.offers} if self.offers else {}
        super().__init__(required=False, widget=forms.TextInput(attrs), max_length=links.MAX_LENGTH, **options)

    def clean(self, value: object) -> str:
        text = str(super().clean(value))
        try:
            return self.check(text) if text else ""
        except links.BadLink as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def check(self, text: str) -> str:
        return links.check(text)


class PictureField(LinkField):
    """Where a picture stands: on the web, or `/…` with us."""

    offers = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.widget.attrs["data-picture"] = ""  # the editor puts the library beside it

    def check(self, text: str) -> str:
        links.picture(text, "https://ours.example")
        return text if text.startswith("/") else links.check(text)


class RichTextField(forms.CharField):
    """Text with bold, italic, links and lists."""

    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea({"data-editor": "text", "rows": 5})
        super().__init__(required=False, widget=widget, max_length=richtext.MAX_LENGTH, **options)

    def clean(self, value: object) -> str:
        text = str(super().clean(value))
        for mistake in variables.parse(richtext.first_words(richtext.clean(text))).mistakes:
            raise forms.ValidationError(mistake.sentence)
        for address, words in _hrefs(text):
            try:
                links.check(address)
            except links.BadLink as refusal:
                raise forms.ValidationError(
                    _("“%(words)s”: %(sentence)s") % {"words": words, "sentence": refusal}
                ) from refusal
        return richtext.clean(text)


class OwnHtmlField(forms.CharField):
    """HTML of one's own: cleaned when it is kept, its links and variables checked."""

    def __init__(self, **options: Any) -> None:
        attrs = {"rows": 12, "spellcheck": "false", "class": "font-mono text-sm", "autocomplete": "off"}
        super().__init__(required=False, widget=forms.Textarea(attrs), max_length=ownhtml.MAX_LENGTH, **options)

    def clean(self, value: object) -> str:
        try:
            text = sourced.cleaned(str(super().clean(value)))
        except ValueError as mistake:
            raise forms.ValidationError(str(mistake)) from mistake
        for problem in ownhtml.problems(text):
            raise forms.ValidationError(problem.sentence)
        return text


class LinesField(forms.CharField):
    """Links, one per line: `Words | address`."""

    def __init__(self, *, most: int, **options: Any) -> None:
        self.most = most
        attrs = {"rows": 4, "spellcheck": "false", "autocomplete": "off"}
        super().__init__(required=False, widget=forms.Textarea(attrs), max_length=4_000, **options)

    def clean(self, value: object) -> str:
        text = scrub(str(super().clean(value))).replace("\r\n", "\n").strip()
        rows = [line for line in text.split("\n") if line.strip()]
        if len(rows) > self.most:
            raise forms.ValidationError(_("A menu has room for %(count)d links.") % {"count": self.most})
        for row in rows:
            words, bar, address = (part.strip() for part in row.partition("|"))
            if not bar or not words:
                raise forms.ValidationError(_("“%(row)s”: write the words, a “|” and the address.") % {"row": row[:60]})
            try:
                links.check(address)
            except links.BadLink as refusal:
                said = {"words": words, "sentence": refusal}
                raise forms.ValidationError(_("“%(words)s”: %(sentence)s") % said) from refusal
        return text


class _Hrefs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.is_inside = True
            self.found.append((dict(attrs).get("href") or "", ""))

    def handle_endtag(self, tag: str) -> None:
        self.is_inside = self.is_inside and tag != "a"

    def handle_data(self, data: str) -> None:
        if self.is_inside:
            address, words = self.found[-1]
            self.found[-1] = (address, (words + data)[:60])


def _hrefs(text: str) -> Iterator[tuple[str, str]]:
    reader = _Hrefs()
    reader.feed(text)
    reader.close()
    yield from reader.found


OPERATORS = (
    ("is", gettext_lazy("is")),
    ("is_not", gettext_lazy("is not")),
    ("filled", gettext_lazy("is filled in")),
    ("empty", gettext_lazy("is empty")),
)
SEEN = ("seen_by", "seen_operator", "seen_value", "hide")


def _seen_by() -> list[tuple[Any, Any]]:
    """Everybody, or those of whom a variable says something, by group."""
    rows = [one for one in variables.CATALOGUE.values() if one.group not in {"mailing", "link"}]
    groups = dict.fromkeys(one.group for one in rows)
    return [("", _("Everybody"))] + [
        (variables.GROUP_LABELS[group], [(one.name, one.label) for one in rows if one.group == group])
        for group in groups
    ]


class BlockForm(forms.Form):
    """The form of one block; its prefix is the block's number. Every kind can be shown to some people or screens only."""

    use_required_attribute = False
    block: ClassVar[type[Block]]
    seen_by = forms.ChoiceField(label=gettext_lazy("Who sees it"), required=False, choices=_seen_by)
    seen_operator = forms.ChoiceField(label=gettext_lazy("Only if it"), required=False, choices=OPERATORS)
    seen_value = forms.CharField(
        label=gettext_lazy("This value"),
        required=False,
        max_length=200,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    hide = forms.ChoiceField(
        label=gettext_lazy("On which screens"),
        required=False,
        choices=(
            ("", gettext_lazy("All screens")),
            ("mobile", gettext_lazy("Not on a phone")),
            ("desktop", gettext_lazy("Only on a phone")),
        ),
    )

    @property
    def own(self) -> list[forms.BoundField]:
        """The fields of this kind."""
        return [field for field in self if field.name not in SEEN]

    @property
    def said(self) -> list[forms.BoundField]:
        """The fields under which something may be said."""
        return [*self.own, self["seen_value"]]

    @property
    def seen(self) -> list[forms.BoundField]:
        """The fields that say who sees it."""
        return [self[name] for name in SEEN]

    def clean_seen_value(self) -> str:
        value = str(self.cleaned_data["seen_value"]).strip()
        if (
            not value
            and self.cleaned_data.get("seen_by")
            and self.cleaned_data.get("seen_operator") in {"is", "is_not"}
        ):
            raise forms.ValidationError(_("Fill in the value that somebody must have to see this block."))
        return value

    def kept(self, number: str, before: Block | None) -> Block:
        """Give the block as it is kept: valid values, and what was typed where it is not valid yet."""
        self.is_valid()
        values = {name: self._value(name) for name in self.fields if name not in SEEN}
        return self.made(number, values | self._seen(before))

    def made(self, number: str, values: dict[str, Any]) -> Block:
        """Make the block of these values."""
        return self.block(id=number, **values)

    def _seen(self, before: Block | None) -> dict[str, Any]:
        """Give who sees it; a page that does not ask changes nothing."""
        if self.add_prefix("seen_by") not in self.data:
            return {"only_if": before.only_if, "hide": before.hide} if before else {}
        given = self.cleaned_data
        variable = variables.find(given.get("seen_by", ""))
        value = str(given.get("seen_value", self.data.get(self.add_prefix("seen_value"), "")))[:200]
        operator = given.get("seen_operator") or "is"
        only_if = Condition(variable.key, operator, scrub(value)) if variable else None
        return {"only_if": only_if, "hide": given.get("hide", "")}

    def _value(self, name: str) -> Any:
        if name in self.cleaned_data:
            return self.cleaned_data[name]
        field = self.fields[name]
        typed = self.data.get(self.add_prefix(name), "")
        if isinstance(field, RichTextField):
            return richtext.clean(typed[: richtext.MAX_LENGTH])
        if isinstance(field, OwnHtmlField):
            return ownhtml.clean(typed[: ownhtml.MAX_LENGTH])
        if isinstance(field, forms.CharField):
            return scrub(typed)[: field.max_length]
        return next((part.default for part in fields(self.block) if part.name == name), None)


class HeadingForm(BlockForm):
    block = blocks.Heading
    text = WordsField(label=gettext_lazy("Heading"), max_length=300)
    level = forms.TypedChoiceField(
        label=gettext_lazy("Size"),
        choices=((1, gettext_lazy("Large")), (2, gettext_lazy("Middle")), (3, gettext_lazy("Small"))),
        coerce=int,
        initial=1,
    )
    align = forms.ChoiceField(label=gettext_lazy("Alignment"), choices=ALIGNMENTS, initial="left")


class TextForm(BlockForm):
    block = blocks.Text
    html = RichTextField(label=gettext_lazy("Text"))


class ButtonForm(BlockForm):
    block = blocks.Button
    text = WordsField(label=gettext_lazy("Words on the button"), max_length=100)
    url = LinkField(label=gettext_lazy("Leads to"), help_text=gettext_lazy("Such as https://example.org/open-day"))
    align = forms.ChoiceField(label=gettext_lazy("Alignment"), choices=ALIGNMENTS, initial="left")


class ImageForm(BlockForm):
    block = blocks.Image
    url = PictureField(
        label=gettext_lazy("Address of the picture"), help_text=gettext_lazy("Such as https://example.org/picture.jpg")
    )
    alt = WordsField(
        label=gettext_lazy("Text for who does not see it"),
        max_length=300,
        help_text=gettext_lazy("What the picture says, in a few words."),
    )
    is_decorative = forms.BooleanField(label=gettext_lazy("It is only decoration"), required=False)
    link = LinkField(label=gettext_lazy("Leads to"), help_text=gettext_lazy("May be empty: then it is not a link."))
    width = forms.IntegerField(
        label=gettext_lazy("Width in pixels"),
        required=False,
        min_value=16,
        max_value=536,
        help_text=gettext_lazy("Empty: as wide as the text."),
    )

    def clean_width(self) -> int:
        return self.cleaned_data["width"] or 0

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("url") and not given.get("alt") and not given.get("is_decorative") and "alt" in given:
            self.errors["alt"] = self.error_class(
                [_("Say what the picture shows, or tick that it is only decoration.")], renderer=self.renderer
            )
        return given


class DividerForm(BlockForm):
    block = blocks.Divider


class PageBreakForm(BlockForm):
    block = blocks.PageBreak


class SpacerForm(BlockForm):
    block = blocks.Spacer
    height = forms.IntegerField(label=gettext_lazy("Height in pixels"), min_value=4, max_value=200, initial=24)


class ProductForm(BlockForm):
    block = blocks.Product
    image = PictureField(label=gettext_lazy("Address of the picture"))
    alt = WordsField(label=gettext_lazy("Text for who does not see it"), max_length=300)
    heading = WordsField(label=gettext_lazy("What it is"), max_length=300)
    html = RichTextField(label=gettext_lazy("Text"))
    price = WordsField(label=gettext_lazy("Price"), max_length=100)
    button = WordsField(label=gettext_lazy("Words on the button"), max_length=100)
    url = LinkField(label=gettext_lazy("Leads to"))


class MenuForm(BlockForm):
    block = blocks.Menu
    items = LinesField(
        label=gettext_lazy("Links, one per line"),
        most=blocks.Menu.MOST,
        help_text=gettext_lazy("Words | https://example.org/page"),
    )
    align = forms.ChoiceField(label=gettext_lazy("Alignment"), choices=ALIGNMENTS, initial="center")


class SocialForm(BlockForm):
    block = blocks.Social

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for code, name in NETWORKS.items():
            self.fields[code] = LinkField(label=name)


class CodeForm(BlockForm):
    block = blocks.Code
    html = OwnHtmlField(
        label=gettext_lazy("HTML"),
        help_text=gettext_lazy("Script and forms are taken out; links are counted, variables filled in."),
    )


class ColumnsForm(BlockForm):
    """Up to four columns, each with the same fields: `c1_heading`, `c2_heading`, and so on."""

    block = blocks.Columns
    count = forms.TypedChoiceField(
        label=gettext_lazy("How many"), choices=((2, "2"), (3, "3"), (4, "4")), coerce=int, initial=2
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for number in range(1, blocks.Columns.MOST + 1):
            start = f"c{number}_"
            self.fields[f"{start}image"] = PictureField(label=gettext_lazy("Address of the picture"))
            self.fields[f"{start}alt"] = WordsField(label=gettext_lazy("Text for who does not see it"), max_length=300)
            self.fields[f"{start}heading"] = WordsField(label=gettext_lazy("Heading"), max_length=300)
            self.fields[f"{start}html"] = RichTextField(label=gettext_lazy("Text"))
            self.fields[f"{start}button"] = WordsField(label=gettext_lazy("Words on the button"), max_length=100)
            self.fields[f"{start}url"] = LinkField(label=gettext_lazy("Leads to"))

    @property
    def groups(self) -> list[tuple[int, list[forms.BoundField]]]:
        """The columns with their fields."""
        shown = len(self._cells)
        return [(number, [self[f"c{number}_{name}"] for name in CELL_FIELDS]) for number in range(1, max(shown, 2) + 1)]

    @property
    def _cells(self) -> range:
        count = self.data.get(self.add_prefix("count"), "2")
        return range(1, int(count) + 1 if count in {"2", "3", "4"} else 3)

    def made(self, number: str, values: dict[str, Any]) -> Block:
        cells = tuple(
            blocks.Cell(**{name: str(values.get(f"c{place}_{name}", "")) for name in CELL_FIELDS})
            for place in self._cells
        )
        return blocks.Columns(id=number, cells=cells, only_if=values.get("only_if"), hide=values.get("hide", ""))


FORMS: Mapping[str, type[BlockForm]] = {
    form.block.kind: form
    for form in (
        HeadingForm,
        TextForm,
        ButtonForm,
        ImageForm,
        ColumnsForm,
        ProductForm,
        DividerForm,
        SpacerForm,
        PageBreakForm,
        MenuForm,
        SocialForm,
        CodeForm,
    )
}


class InboxForm(forms.Form):
    """What the inbox shows."""

    use_required_attribute = False
    subject = WordsField(label=gettext_lazy("Subject"), max_length=250)
    preheader = WordsField(label=gettext_lazy("Preheader"), max_length=250)


class StyleForm(forms.Form):
    """How the whole mail looks."""

    accent = forms.CharField(
        label=gettext_lazy("Colour of buttons and links"), widget=forms.TextInput({"type": "color"})
    )
    page = forms.CharField(label=gettext_lazy("Colour around the mail"), widget=forms.TextInput({"type": "color"}))
    paper = forms.CharField(label=gettext_lazy("Colour of the mail"), widget=forms.TextInput({"type": "color"}))
    ink = forms.CharField(label=gettext_lazy("Colour of the words"), widget=forms.TextInput({"type": "color"}))
    font = forms.ChoiceField(
        label=gettext_lazy("Letters"),
        choices=(
            ("sans", gettext_lazy("Plain (Helvetica)")),
            ("serif", gettext_lazy("Bookish (Georgia)")),
            ("modern", gettext_lazy("Round (Trebuchet)")),
        ),
    )


@dataclass(frozen=True)
class Remark:
    """A chip on a closed card."""

    tone: str
    icon: str
    label: str | Promise


@dataclass(frozen=True)
class Card:
    """A block with its form, and its place counted from 1."""

    block: Block
    form: BlockForm
    number: int

    @property
    def remark(self) -> Remark | None:
        """Say the one thing worth saying about a closed block."""
        if self.form.is_bound and self.form.errors:
            return Remark("bad", "triangle-alert", _("Has a mistake"))
        if self.block.only_if:
            variable = variables.CATALOGUE.get(self.block.only_if.key)
            return Remark(
                "line", "users", _("Only if: %(variable)s") % {"variable": variable.label if variable else ""}
            )
        if self.block.hide:
            mobile = self.block.hide == "mobile"
            return Remark(
                "line", "monitor" if mobile else "smartphone", _("Not on a phone") if mobile else _("Only on a phone")
            )
        if isinstance(self.block, blocks.Image):
            if self.block.is_decorative:
                return Remark("line", "accessibility", _("Decoration"))
            return (
                Remark("ok", "accessibility", _("Alt text"))
                if self.block.alt
                else Remark("warn", "accessibility", _("Alt text missing"))
            )
        if isinstance(self.block, blocks.Button) and not self.block.url:
            return Remark("warn", "link", _("No address yet"))
        return None


@dataclass(frozen=True)
class Sheet:
    """Everything on the Content page, read from the database or from what somebody sent."""

    document: Document
    cards: tuple[Card, ...]
    inbox: InboxForm
    style: StyleForm

    @property
    def subject(self) -> str:
        return _typed(self.inbox, "subject")

    @property
    def preheader(self) -> str:
        return _typed(self.inbox, "preheader")


def _typed(form: forms.Form, name: str) -> str:
    return str(form.cleaned_data.get(name, scrub(form.data.get(form.add_prefix(name), ""))[:250]))


def shown(document: Document, subject: str, preheader: str) -> Sheet:
    """Make the page of a kept mail, mistakes marked; one of HTML or MJML has no cards."""
    cards = tuple(
        Card(block, FORMS[block.kind](_data(block), prefix=block.id), number)
        for number, block in enumerate(() if document.source else document.blocks, 1)
    )
    for card in cards:
        card.form.is_valid()
    inbox = InboxForm({"inbox-subject": subject, "inbox-preheader": preheader}, prefix="inbox")
    inbox.is_valid()
    style = {name: getattr(document.style, name) for name in StyleForm.base_fields}
    return Sheet(document, cards, inbox, StyleForm(initial=style, prefix="style"))


def cleaned(document: Document) -> Document:
    """Take a document through the forms, as if somebody had typed it: what comes from a file holds nothing else."""
    if document.source:
        return document
    numbered = [replace(block, id=blocks.new_id()) for block in document.blocks]
    kept = (FORMS[one.kind](_data(one), prefix=one.id).kept(one.id, one) for one in numbered)
    language = document.language if _LANGUAGE.fullmatch(document.language) else "en"
    return Document(tuple(kept), language, document.style, document.template[:40])


def as_sent(block: Block) -> list[tuple[str, str]]:
    """Give a block the way the Content page sends it, for a page that shall have it from now on."""
    return [("block", block.id), (f"{block.id}-kind", block.kind), (f"{block.id}-new", "1"), *_data(block).items()]


def sent(data: QueryDict, kept: Document) -> Sheet:
    """Read what the Content page sent. Raises NoSuchBlock when it is not such a page's."""
    if kept.source:
        return _of_source(data, kept, kept.source)
    numbers = data.getlist("block")
    if len(numbers) > blocks.MAX_BLOCKS or len(set(numbers)) != len(numbers):
        raise blocks.NoSuchBlock(_("A mail can have %(count)d blocks.") % {"count": blocks.MAX_BLOCKS})
    before = {block.id: block for block in kept.blocks}
    cards = tuple(_card(data, number, place, before.get(number)) for place, number in enumerate(numbers, 1))
    inbox = InboxForm(data, prefix="inbox")
    inbox.is_valid()
    style = StyleForm(data, prefix="style")
    looks = Style.read(
        {"paper": kept.style.paper, "ink": kept.style.ink} | {n: data.get(f"style-{n}") for n in style.fields}
    )
    document = Document(tuple(card.block for card in cards), kept.language, looks, kept.template)
    return Sheet(document, cards, inbox, style)


def _of_source(data: QueryDict, kept: Document, source: Source) -> Sheet:
    text = scrub(data.get("source", source.text)).replace("\r\n", "\n")
    if len(text) > sourced.MAX_LENGTH:
        raise blocks.NoSuchBlock(_("This is longer than %(count)d characters.") % {"count": sourced.MAX_LENGTH})
    inbox = InboxForm(data, prefix="inbox")
    inbox.is_valid()
    document = Document.of_source(Source(source.kind, text), kept.language, kept.style)
    return shown(document, _typed(inbox, "subject"), _typed(inbox, "preheader"))


def _card(data: QueryDict, number: str, place: int, before: Block | None) -> Card:
    kind = data.get(f"{number}-kind", "")
    if not _ID.fullmatch(number) or kind not in FORMS:
        raise blocks.NoSuchBlock(_("We do not know this kind of block."))
    plain = blocks.KINDS[kind](id=number)
    given = {name: str(value) for name, value in data.items() if name.startswith(f"{number}-")}
    if f"{number}-new" in given:  # a block that was just added has no fields on the page yet
        given = _data(plain) | given
    form = FORMS[kind](given, prefix=number)
    return Card(form.kept(number, before if before and before.kind == kind else None), form, place)


def _data(block: Block) -> dict[str, str]:
    """Give a block the way a browser would send it."""
    values = {
        part.name: getattr(block, part.name) for part in fields(block) if part.name not in {"id", "only_if", "cells"}
    }
    if isinstance(block, blocks.Columns):
        values["count"] = len(block.cells)
        for place, cell in enumerate(block.cells, 1):
            values |= {f"c{place}_{name}": getattr(cell, name) for name in CELL_FIELDS}
    if block.only_if:
        values |= {
            "seen_by": block.only_if.key,
            "seen_operator": block.only_if.operator,
            "seen_value": block.only_if.value,
        }
    return {
        f"{block.id}-{name}": "on" if value is True else str(value or "") if name == "width" else str(value)
        for name, value in values.items()
        if value is not False
    }
