"""Saved blocks: the list, what each looks like, and how they come out of a mail and into another."""

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_POST

from mailings import blocks_forms
from mailings.material import brand, saved
from mailings.material.models import SavedBlock
from mailings.models import Mailing
from mailings.rendering.block import Style
from mailings.rendering.blocks import Document, NoSuchBlock
from mailings.views import shown
from mailings.views.shown import MAIL_POLICY
from mailings.views.wizard import of_words


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
def index(request: HttpRequest) -> HttpResponse:
    """The saved blocks by name."""
    return render(
        request, "mailings/saved_blocks.html", {"rows": SavedBlock.objects.select_related("by").order_by("name")}
    )


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
@of_words
def keep(request: HttpRequest, mailing: Mailing) -> HttpResponse:
    """Keep blocks of a draft for everybody: one, with all above it, or with all below it."""
    try:
        kept = Document.read(mailing.content).blocks
        place = next(number for number, block in enumerate(kept) if block.id == request.POST.get("block"))
        part = {"above": kept[: place + 1], "below": kept[place:]}.get(request.POST.get("reach", ""), (kept[place],))
        one = saved.keep(request.POST.get("name", ""), part, by=request.user, now=timezone.now())
    except (saved.CannotKeep, NoSuchBlock) as refusal:
        return JsonResponse({"sentence": str(refusal)}, status=422)
    except StopIteration:
        return JsonResponse({"sentence": _("This block is not saved yet. Try again.")}, status=422)
    return JsonResponse({"id": one.pk, "name": one.name})


@require_GET
@permission_required("mailings.change_mailing", raise_exception=True)
def entries(request: HttpRequest, pk: int) -> HttpResponse:
    """The blocks as the Content page sends them, each time as new ones."""
    one = get_object_or_404(SavedBlock, pk=pk)
    try:
        blocks = saved.blocks(one)
    except NoSuchBlock as refusal:
        return JsonResponse({"sentence": str(refusal)}, status=422)
    return JsonResponse(
        {"entries": [entry for block in blocks for entry in blocks_forms.as_sent(block)], "first": blocks[0].id}
    )


@require_GET
@permission_required("mailings.view_mailing", raise_exception=True)
@csp_override(MAIL_POLICY)
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """What it looks like in a mail of the house."""
    kit = brand.kit()
    document = Document.read(get_object_or_404(SavedBlock, pk=pk).content)
    return shown.mail(replace(document, style=brand.style(kit) if kit else Style()))


@require_POST
@permission_required("mailings.change_mailing", raise_exception=True)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget it; mails keep the copies they have."""
    one = get_object_or_404(SavedBlock, pk=pk)
    one.delete()
    messages.success(request, _("“%(title)s” is gone.") % {"title": one})
    return redirect("mailings:saved_blocks")
