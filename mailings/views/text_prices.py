"""Settings: what a part of a text message costs, by country."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mailings import policy, texterrors
from mailings.accounts_forms import TextErrorForm, TextPriceForm
from mailings.models import TextError, TextPrice
from mailings.views.trail import number


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("mailings.change_sendingpolicy", raise_exception=True)
def prices(request: HttpRequest) -> HttpResponse:
    """The price list; a country that is there already gets the new price."""
    if request.method == "POST" and (gone := number(request.POST.get("remove", ""))):
        TextPrice.objects.filter(pk=gone).delete()
        return redirect("mailings:text_prices")
    if request.method == "POST" and (gone := number(request.POST.get("forget", ""))):
        TextError.objects.filter(pk=gone).delete()
        return redirect("mailings:text_prices")
    is_error = request.method == "POST" and "code" in request.POST
    error_form = TextErrorForm(request.POST if is_error else None)
    if is_error and error_form.is_valid():
        error_form.save()
        messages.success(request, _("Saved"))
        return redirect("mailings:text_prices")
    form = TextPriceForm(request.POST if request.method == "POST" and not is_error else None)
    if not is_error and request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved"))
        return redirect("mailings:text_prices")
    context = {
        "error_form": error_form,
        "errors": texterrors.listed(),
        "form": form,
        "prices": TextPrice.objects.order_by("country"),
        "currency": policy.of_house().currency,
    }
    return render(
        request, "mailings/text_prices.html", context, status=422 if form.errors or error_form.errors else 200
    )
