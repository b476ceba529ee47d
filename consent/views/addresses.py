"""One address: may I mail it, and writing down that it agreed."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import addresses, evidence_files, explain, ledger, privacy_mail, verifying
from consent.forms import RecordForm
from consent.models import ConsentDetail
from consent.views.verify import latest


@require_GET
def panel(request: HttpRequest) -> HttpResponse:
    """Answer "may I mail this person?" for every subscription type: a fragment for the person's card, or a page."""
    mistake, channel = "", "email"
    try:
        channel, address = addresses.of_any_channel(request.GET.get("address", "")[:1000])
    except addresses.InvalidAddress as refusal:
        address, mistake = request.GET.get("address", "")[:100], str(refusal)
    context = {
        "address": address,
        "mistake": mistake,
        "channel": channel,
        "lines": [] if mistake else explain.address(address, channel=channel, at=timezone.now()),
        "confirmations": [] if mistake else latest(address, now=timezone.now()),
        "told": None if mistake else privacy_mail.latest(address),
        "entries": 0 if mistake else ConsentDetail.objects.filter(address=address).count(),
    }
    fragment = "#panel" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"consent/address.html{fragment}", context)


@permission_required("consent.add_consentevent", raise_exception=True)
@require_http_methods(["GET", "POST"])
def record(request: HttpRequest) -> HttpResponse:
    """Write down that somebody agreed: the form asks for the evidence that the chosen source needs."""
    if request.method == "POST":
        form = RecordForm(request.POST, request.FILES)
        if form.is_valid() and _recorded(request, form):
            return redirect(f"{reverse('consent:address')}?{urlencode({'address': form.cleaned_data['address']})}")
        return render(request, "consent/record.html", {"form": form}, status=422)
    form = RecordForm(initial=request.GET.dict())
    fragment = "#form" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"consent/record.html{fragment}", {"form": form})


@permission_required("consent.add_privacymail", raise_exception=True)
@require_POST
def tell(request: HttpRequest) -> HttpResponse:
    """Have the privacy confirmation sent to an address, and go back to where the button stood."""
    try:
        address = addresses.normalise(request.POST.get("address", "")[:1000])
        spoken = verifying.spoken(address)
        privacy_mail.ask(address, language=spoken, actor=actor(request.user), now=timezone.now())
    except (addresses.InvalidAddress, privacy_mail.CannotSend) as refusal:
        messages.error(request, f"{refusal}.")
    else:
        messages.success(request, _("%(address)s gets the privacy confirmation in a moment") % {"address": address})
    back = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = f"{reverse('consent:address')}?{urlencode({'address': request.POST.get('address', '')[:320]})}"
    return redirect(back)


def _recorded(request: HttpRequest, form: RecordForm) -> bool:
    now = timezone.now()
    try:
        upload = form.cleaned_data.get("scan")
        by = request.user if isinstance(request.user, User) else None
        scan = evidence_files.keep(upload, by=by, now=now) if upload else None
        recorded = ledger.record([form.entry(actor=actor(request.user), scan=scan)], now=now)
    except evidence_files.NotAScan as refusal:
        form.add_error("scan", str(refusal))
        return False
    except ledger.NotEvidence as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("Written down") if recorded.new else _("We knew that already; nothing was added"))
    return True


def actor(user: User | AnonymousUser) -> str:
    """Name a user as the ledger does."""
    return f"user:{user.pk}"
