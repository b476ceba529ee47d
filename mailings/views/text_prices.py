"""Settings: what a part of a text message costs, by country."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mailings import policy
from mailings.accounts_forms import TextPriceForm
from mailings.models import TextPrice
from mailings.views.trail import number


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("mailings.change_sendingpolicy", raise_exception=True)
def prices(request: HttpRequest) -> HttpResponse:
    """The price list; a country that is there already gets the new price."""
    if request.method == "POST" and (gone := number(request.POST.get("remove", ""))):
        TextPrice.objects.filter(pk=gone).delete()
        return redirect("mailings:text_prices")
    form = TextPriceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved"))
        return redirect("mailings:text_prices")
    context = {"form": form, "prices": TextPrice.objects.order_by("country"), "currency": policy.of_house().currency}
    return render(request, "mailings/text_prices.html", context, status=422 if form.errors else 200)
