"""Settings, sending domains: the keys that sign, the records to publish, and what receivers see of them."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mailings import dns, domains
from mailings.dns_checks import Finding, Level
from mailings.models import DkimKey, Mailing, SendingDomain

LOOK = permission_required("mailings.view_sendingdomain", raise_exception=True)
CHANGE = permission_required("mailings.change_sendingdomain", raise_exception=True)
DELETE = permission_required("mailings.delete_sendingdomain", raise_exception=True)
IN_ORDER = (Level.PROBLEM, Level.UNASKED, Level.ADVICE, Level.GOOD)


@require_http_methods(["GET", "POST"])
@LOOK
def index(request: HttpRequest) -> HttpResponse:
    """List the domains; whoever has the right adds one here."""
    name, refusal = request.POST.get("name", ""), ""
    if request.method == "POST":
        try:
            return redirect("mailings:domain", _added(request, name).pk)
        except domains.CannotUse as error:
            refusal = str(error)
    rows = [(domain, _summary(domain)) for domain in SendingDomain.objects.prefetch_related("keys").order_by("name")]
    context = {"rows": rows, "name": name, "refusal": refusal, "suggestions": _suggestions([row for row, _ in rows])}
    return render(request, "mailings/domains.html", context, status=422 if refusal else 200)


def _added(request: HttpRequest, name: str) -> SendingDomain:
    if not request.user.has_perm("mailings.add_sendingdomain"):
        raise PermissionDenied
    return domains.add(name, by=request.user, now=timezone.now())


@require_GET
@LOOK
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a domain's keys and records, and what the last check found."""
    domain = get_object_or_404(SendingDomain, pk=pk)
    found = sorted((Finding.from_json(kept) for kept in domain.findings), key=lambda one: IN_ORDER.index(one.level))
    keys = domain.keys.select_related("domain").order_by("-pk")
    context = {
        "domain": domain,
        "findings": found,
        "waiting": [key for key in keys if key.status == DkimKey.Status.WAITING],
        "signing": [key for key in keys if key.status == DkimKey.Status.SIGNING],
        "retired": [key for key in keys if key.status == DkimKey.Status.RETIRED],
        "keep": domains.KEEP_PUBLISHED.days,
    }
    return render(request, "mailings/domain.html", context)


@require_POST
@CHANGE
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the DNS now."""

    def look(domain: SendingDomain) -> str:
        server = urlsplit(settings.SMTP_URL).hostname or "localhost"
        domains.check(domain, dns.resolver(), bounce_domain=settings.BOUNCE_DOMAIN, server=server, now=timezone.now())
        return _("Looked up.")

    return _do(request, pk, look)


@require_POST
@CHANGE
def make_keys(request: HttpRequest, pk: int) -> HttpResponse:
    def make(domain: SendingDomain) -> str:
        domains.make_keys(domain, by=request.user, now=timezone.now())
        return _("New keys are made. They sign once their records stand in the DNS.")

    return _do(request, pk, make)


@require_POST
@CHANGE
def start_signing(request: HttpRequest, pk: int) -> HttpResponse:
    """Use the new keys; `unseen` believes without looking that the records are published."""

    def start(domain: SendingDomain) -> str:
        resolver = None if "unseen" in request.POST else dns.resolver()
        domains.start_signing(domain, resolver, by=request.user, now=timezone.now())
        return _("Mail from %(name)s is signed from now on.") % {"name": domain.name}

    return _do(request, pk, start)


@require_POST
@CHANGE
def forget(request: HttpRequest, pk: int) -> HttpResponse:
    def throw_away(domain: SendingDomain) -> str:
        if not domains.forget_retired(domain, now=timezone.now()):
            raise domains.CannotUse(_("Mail signed by these keys may still be on its way."))
        return _("The old keys are gone. Take their records out of the DNS, too.")

    return _do(request, pk, throw_away)


@require_POST
@DELETE
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    domain = get_object_or_404(SendingDomain, pk=pk)
    domains.remove(domain)
    messages.success(request, _("%(name)s is removed; its mail is not signed any more.") % {"name": domain.name})
    return redirect("mailings:domains")


def _do(request: HttpRequest, pk: int, act: Callable[[SendingDomain], str]) -> HttpResponse:
    domain = get_object_or_404(SendingDomain, pk=pk)
    try:
        messages.success(request, act(domain))
    except domains.CannotUse as refusal:
        messages.error(request, str(refusal))
    except dns.NoAnswer:
        messages.error(request, _("The DNS did not answer."))
    return redirect("mailings:domain", pk)


def _summary(domain: SendingDomain) -> dict[str, object]:
    levels = [kept["level"] for kept in domain.findings]
    return {
        "signs": any(key.status == DkimKey.Status.SIGNING for key in domain.keys.all()),
        "problems": levels.count(Level.PROBLEM),
        "advice": levels.count(Level.ADVICE),
    }


def _suggestions(known: list[SendingDomain]) -> list[str]:
    """Domains that lately stood behind From and are not here yet."""
    latest = Mailing.objects.exclude(from_address="").order_by("-pk").values_list("from_address", flat=True)[:200]
    names = {address.rpartition("@")[2].lower() for address in latest} - {domain.name for domain in known}
    return sorted(names)[:5]
