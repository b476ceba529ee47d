"""Settings for sending: the accounts mail goes through, what they may take, and the rules of the house."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import addresses
from mailings import accounts, policy, senders
from mailings.accounts_forms import AccountForm, GroupLimitForm, PolicyForm
from mailings.channels import Outcome
from mailings.models import GroupLimit, SendingAccount
from recipients import phones

may_change = permission_required("mailings.change_sendingaccount", raise_exception=True)


@require_GET
@permission_required("mailings.view_sendingaccount", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    """All accounts, with what each may take."""
    found = SendingAccount.objects.order_by("-is_active", "-is_default", "name", "pk")
    context = {
        "accounts": [(account, accounts.where(account)) for account in found],
        "through": accounts.where(None),
        "is_fallback": not any(account.is_default and account.is_active for account in found),
        "kinds": SendingAccount.Kind.choices,
    }
    return render(request, "mailings/accounts.html", context)


@require_http_methods(["GET", "POST"])
@may_change
def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change an account. A new one says first of which kind."""
    account = (
        get_object_or_404(SendingAccount, pk=pk) if pk else SendingAccount(kind=_kind(request.GET.get("kind", "")))
    )
    is_new = account.pk is None
    form = AccountForm(request.POST or None, instance=account)
    if request.method == "POST" and form.is_valid():
        kept = form.save()
        messages.success(request, _("Saved. Send a test to see that it works.") if is_new else _("Saved"))
        return redirect("mailings:account", kept.pk)
    context = {"form": form, "account": account, "is_new": is_new, "name": account.name if not is_new else ""}
    if not is_new and accounts.CHANNELS.get(account.kind) == "sms":
        kind = senders.kind(str(account.options.get("sender", "")))
        context["replies_url"] = f"{settings.BASE_URL}{accounts.replies_path(account)}"
        context["limits"] = senders.LIMITS[kind] if kind else ""
    return render(request, "mailings/account.html", context, status=422 if form.errors else 200)


def _kind(given: str) -> str:
    return given if given in SendingAccount.Kind else SendingAccount.Kind.SMTP


@require_POST
@may_change
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one mail through the account and say what became of it."""
    account = get_object_or_404(SendingAccount, pk=pk)
    try:
        typed, is_text = request.POST.get("to", ""), accounts.CHANNELS.get(account.kind) == "sms"
        to = phones.normalise(typed, settings.HOME_COUNTRY) if is_text else addresses.normalise(typed)
        receipt = accounts.send_test(account, to, now=timezone.now())
    except (addresses.InvalidAddress, phones.InvalidPhone) as mistake:
        messages.error(request, str(mistake))
    except accounts.Unusable as trouble:
        messages.error(request, _("The account does not work: %(answer)s") % {"answer": trouble})
    else:
        if receipt.outcome is Outcome.ACCEPTED:
            messages.success(request, _("Taken by %(name)s for %(to)s.") % {"name": account.name, "to": to})
        else:
            messages.error(request, _("Not taken: %(answer)s") % {"answer": receipt.answer or receipt.outcome})
    return redirect("mailings:account", pk)


@require_POST
@permission_required("mailings.delete_sendingaccount", raise_exception=True)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an account away, unless mailings went through it: those keep it, and it can be put out of use."""
    account = get_object_or_404(SendingAccount, pk=pk)
    try:
        account.delete()
    except ProtectedError:
        messages.error(
            request, _("Mailings went through “%(name)s”. Put it out of use instead.") % {"name": account.name}
        )
        return redirect("mailings:account", pk)
    messages.success(request, _("“%(name)s” is gone.") % {"name": account.name})
    return redirect("mailings:accounts")


@require_http_methods(["GET", "POST"])
@permission_required("mailings.change_sendingpolicy", raise_exception=True)
def rules(request: HttpRequest) -> HttpResponse:
    """The rules of the house, and the limits of receiving sides."""
    form = PolicyForm(request.POST or None, instance=policy.of_house())
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved"))
        return redirect("mailings:sending_rules")
    context = {"form": form, **_limits()}
    return render(request, "mailings/sending_rules.html", context, status=422 if form.errors else 200)


def _limits() -> dict[str, object]:
    found = GroupLimit.objects.exclude(group="").filter(per_minute__isnull=False).select_related("account")
    return {"limits": found.order_by("group", "pk"), "limit_form": GroupLimitForm()}


@require_POST
@permission_required("mailings.change_sendingpolicy", raise_exception=True)
def limit(request: HttpRequest) -> HttpResponse:
    """Set the limit of a receiving side, or take one away."""
    if number := request.POST.get("remove", ""):
        if number.isdigit():
            GroupLimit.objects.filter(pk=int(number)).update(per_minute=None)
        return redirect("mailings:sending_rules")
    form = GroupLimitForm(request.POST)
    if form.is_valid():
        form.save()
        messages.success(request, _("Saved"))
    else:
        for problem in form.errors.values():
            messages.error(request, str(problem[0]))
    return redirect("mailings:sending_rules")
