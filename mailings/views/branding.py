"""The brand kit: the page where the house style is set."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_http_methods

from mailings import starters
from mailings.blocks_forms import StyleForm
from mailings.material import brand, pictures
from mailings.material.models import Brand, SavedBlock
from mailings.rendering.block import Style
from mailings.views import shown
from mailings.views.shown import MAIL_POLICY

COLOUR = forms.TextInput({"type": "color"})
NEWEST = 200  # pictures to choose a logo from


class BrandForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when running
    font = forms.ChoiceField(label=gettext_lazy("Letters"), choices=StyleForm.base_fields["font"].choices)  # type: ignore[attr-defined]

    class Meta:
        model = Brand
        fields = ("accent", "page", "paper", "ink", "font", "logo", "website", "postal_address", "header", "footer")
        widgets = dict.fromkeys(("accent", "page", "paper", "ink"), COLOUR) | {
            "postal_address": forms.Textarea({"rows": 3})
        }
        help_texts = {
            "logo": gettext_lazy(
                "A picture of the library. It stands on top of new mails, unless you choose a header."
            ),
            "header": gettext_lazy("Saved blocks that stand on top of new mails."),
            "footer": gettext_lazy("Saved blocks that stand below the words of new mails."),
            "postal_address": gettext_lazy("At the foot of every mail. Empty: as the installation was set up."),
        }

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        newest = pictures.found("").order_by("-pk").values_list("pk", flat=True)[:NEWEST]
        chosen = [self.instance.logo_id] if self.instance.logo_id else []
        self.fields["logo"].queryset = pictures.Picture.objects.filter(pk__in=[*newest, *chosen]).order_by("title")  # type: ignore[attr-defined]
        for name in ("header", "footer"):
            self.fields[name].queryset = SavedBlock.objects.order_by("name")  # type: ignore[attr-defined]
        for name in ("logo", "header", "footer"):
            self.fields[name].empty_label = _("None")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        given = super().clean() or {}
        plain = Style.read(given)
        for name in ("accent", "page", "paper", "ink"):
            given[name] = getattr(plain, name)
        return given


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("mailings.view_mailing", raise_exception=True)
@permission_required("mailings.change_brand", raise_exception=True)
def edit(request: HttpRequest) -> HttpResponse:
    """Colours, letters, logo, address, header and footer of the house."""
    kept = brand.kit() or Brand()
    form = BrandForm(request.POST or None, instance=kept)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved. New mails look like this; mails you have stay as they are."))
        return redirect("mailings:brand")
    return render(request, "mailings/brand.html", {"form": form, "brand": kept}, status=422 if form.errors else 200)


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
@csp_override(MAIL_POLICY)
def look(request: HttpRequest) -> HttpResponse:
    """A newsletter in the house style."""
    letter = starters.STARTERS["newsletter"].letter(request.LANGUAGE_CODE)
    return shown.mail(brand.dress(letter.document, brand.kit()), subject=letter.subject)
