"""What people set for a letter, apart from its text."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings import sources
from mailings.forms import SetupForm, mistake_in
from mailings.letters import geometry
from mailings.letters.sheet import LONGEST, SORTS, Sheet
from mailings.material.models import Picture

PICTURES = 100  # of the library that are offered
WITH_VARIABLES = ("our_ref", "attention", "heading", "closing", "signed_by")


def _line(label: Any, hint: Any = "") -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=200, help_text=hint)


def _lines(label: Any, hint: Any = "", rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=LONGEST, help_text=hint, widget=forms.Textarea({"rows": rows})
    )


def _tick(label: Any, hint: Any = "") -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, help_text=hint)


class DocumentSetupForm(SetupForm):
    """Step 1 of letters: what it is, and the frame around the text. Variables may stand in the words, not in the sender."""

    layout = forms.ChoiceField(
        label=gettext_lazy("Envelope"), choices=[(code, one.label) for code, one in geometry.LAYOUTS.items()]
    )
    sender = _lines(gettext_lazy("Sender"), gettext_lazy("Beside the window. When empty: the house's own address."))
    return_line = _line(gettext_lazy("Return address"), gettext_lazy("Small, above the address in the window."))
    logo = forms.ChoiceField(label=gettext_lazy("Logo"), required=False)
    place = _line(gettext_lazy("Place, before the date"))
    our_ref = _line(gettext_lazy("Our reference"), gettext_lazy("May hold variables, such as [[customer.id]]."))
    attention = _line(
        gettext_lazy("Attention"), gettext_lazy("Stands in the address where there is no name: “IT department”.")
    )
    attention_always = _tick(gettext_lazy("Always, in place of the name"))
    heading = _line(gettext_lazy("Heading"), gettext_lazy("What the letter is about, in bold above the text."))
    closing = _line(gettext_lazy("Closing"), gettext_lazy("Such as “Kind regards,”."))
    signature = forms.ChoiceField(label=gettext_lazy("Picture of a signature"), required=False)
    signed_by = _lines(gettext_lazy("Signed by"), rows=2)
    footer = _lines(gettext_lazy("Footer of each page"), rows=2)
    page_numbers = _tick(gettext_lazy("Number pages, from the second on"))
    fold_marks = _tick(gettext_lazy("Fold marks"))
    duplex = _tick(
        gettext_lazy("Printed on both sides"), gettext_lazy("Each letter then begins on a sheet of its own.")
    )
    archival = _tick(gettext_lazy("PDF/A, for the archive"))
    sort = forms.ChoiceField(label=gettext_lazy("Order of the letters"), choices=list(SORTS.items()), required=False)

    class Meta(SetupForm.Meta):
        fields = ("name", "message_class", "subscription_type", "selection", "project", "track_clicks")
        labels = SetupForm.Meta.labels | {"track_clicks": gettext_lazy("Count scans")}
        help_texts = SetupForm.Meta.help_texts | {
            "track_clicks": gettext_lazy("Each letter's codes lead over our own address, so that scans count.")
        }

    SHEET = tuple(Sheet.__dataclass_fields__)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kept = Sheet.read(self.instance.letter).to_json()
        self.initial.update(kept)
        library = Picture.objects.filter(archived_at=None).order_by("-pk")[:PICTURES]
        offered = [("", _("None")), *((one.address, one.title) for one in library)]
        for name in ("logo", "signature"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 declared above
            here = [] if kept[name] in dict(offered) else [(kept[name], kept[name])]
            field.choices = [*offered, *here]

    def keep(self) -> None:
        """Save every field that is valid, whatever is wrong with the others."""
        changed = [name for name in self.changed_data if name in self.cleaned_data]
        own = [name for name in changed if name not in self.SHEET]
        if len(own) < len(changed):
            frame = {name: self.cleaned_data[name] for name in changed if name in self.SHEET}
            self.instance.letter = Sheet.read(Sheet.read(self.instance.letter).to_json() | frame).to_json()
            own.append("letter")
        if own:
            self.instance.save(update_fields=[*own, "updated_at"])
            sources.follow_links(self.instance, **self._links_before)

    def remarks(self) -> dict[str, str]:
        texts = {name: str(self[name].value() or "") for name in WITH_VARIABLES}
        return {name: remark for name, text in texts.items() if (remark := mistake_in(text))}
