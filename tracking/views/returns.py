"""Settings: where mail comes back. Doors for providers, and mailboxes that are looked into."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from consent import sealed
from tracking.forms import HookForm, MailboxForm
from tracking.mailboxes import looking
from tracking.mailboxes.wires import CannotLook
from tracking.models import Hook, Mailbox
from tracking.webhooks import door
from tracking.webhooks.providers import PROVIDERS


@require_GET
@permission_required("tracking.view_hook", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    """All ways by which mail comes back."""
    hooks = [(hook, PROVIDERS[hook.provider].name) for hook in Hook.objects.order_by("pk")]
    context = {
        "hooks": hooks,
        "mailboxes": Mailbox.objects.order_by("pk"),
        "bounce_domain": settings.BOUNCE_DOMAIN,
        "inbound_address": settings.INBOUND_ADDRESS,
    }
    return render(request, "tracking/returns.html", context)


@require_http_methods(["GET", "POST"])
@permission_required("tracking.change_hook", raise_exception=True)
def edit_hook(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a door; its address, password and all, is shown here and nowhere else."""
    known = get_object_or_404(Hook, pk=pk) if pk else None
    form = HookForm(request.POST or None, instance=known)
    if request.method == "POST" and form.is_valid():
        if known is None:
            form.instance.created_by = request.user
        saved = form.save()
        messages.success(request, _("Saved"))
        return redirect("tracking:hook_edit", saved.pk)
    context: dict[str, Any] = {"form": form, "title": str(known) if known else _("New provider"), "known": known}
    if known:
        try:
            context["address"] = door.address(known)
        except sealed.CannotOpen:
            context["address"] = ""
    return render(request, "tracking/return_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@permission_required("tracking.change_mailbox", raise_exception=True)
def edit_mailbox(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Make or change a mailbox; saving logs in once, so that a mistake shows at once."""
    known = get_object_or_404(Mailbox, pk=pk) if pk else None
    form = MailboxForm(request.POST or None, instance=known)
    if request.method == "POST" and form.is_valid():
        if known is None:
            form.instance.created_by = request.user
        saved = form.save()
        try:
            looking.try_out(saved)
        except CannotLook as trouble:
            Mailbox.objects.filter(pk=saved.pk).update(problem=str(trouble)[:1000])
            messages.warning(
                request, _("Saved, but logging in did not work: %(problem)s") % {"problem": str(trouble)[:300]}
            )
            return redirect("tracking:mailbox_edit", saved.pk)
        Mailbox.objects.filter(pk=saved.pk).update(problem="")
        messages.success(request, _("Saved. Logging in works."))
        return redirect("tracking:returns")
    context = {"form": form, "title": str(known) if known else _("New mailbox"), "known": known, "is_mailbox": True}
    return render(request, "tracking/return_form.html", context, status=422 if form.errors else 200)


@require_POST
@permission_required("tracking.delete_hook", raise_exception=True)
def delete_hook(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a door for good."""
    gone = get_object_or_404(Hook, pk=pk)
    gone.delete()
    messages.success(request, _("Removed: %(name)s.") % {"name": gone.name})
    return redirect("tracking:returns")


@require_POST
@permission_required("tracking.delete_mailbox", raise_exception=True)
def delete_mailbox(request: HttpRequest, pk: int) -> HttpResponse:
    """Look into a mailbox no more. Its mails stay where they are."""
    gone = get_object_or_404(Mailbox, pk=pk)
    gone.delete()
    messages.success(request, _("Removed: %(name)s.") % {"name": gone.name})
    return redirect("tracking:returns")


@require_POST
@permission_required("tracking.change_mailbox", raise_exception=True)
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Look into a mailbox now."""
    mailbox = get_object_or_404(Mailbox, pk=pk)
    taken = looking.look_into(mailbox.pk, now=timezone.now())
    mailbox.refresh_from_db()
    if mailbox.problem:
        messages.warning(request, mailbox.problem)
    else:
        messages.success(request, _("Looked into it: %(number)s of ours.") % {"number": taken})
    return redirect("tracking:returns")
