"""Two cards of one human being: found, compared, made one."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from recipients import merging, people
from recipients.models import Person
from recipients.views import lives

OFFERED = 10


@permission_required("recipients.delete_person", raise_exception=True)
@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the other card, see what a merge would do, and do it."""
    person = get_object_or_404(Person.objects.select_related("company").with_addresses(), pk=pk)
    other = _other(request)
    if other is None:
        return render(request, "recipients/merge.html", {"person": person, **_offered(request, person)})
    if request.method == "POST":
        try:
            kept = merging.merge(person, other, by=lives.who(request), now=timezone.now())
        except merging.CannotMerge as refusal:
            messages.error(request, str(refusal))
            return redirect("recipients:people")
        messages.success(request, _("%(gone)s and %(kept)s are one card now") % {"gone": other, "kept": kept})
        return redirect("recipients:person", kept.pk)
    try:
        preview = merging.preview(person, other)
    except merging.CannotMerge as refusal:
        messages.error(request, str(refusal))
        return redirect("recipients:person", person.pk)
    return render(request, "recipients/merge.html", {"person": person, "other": other, "preview": preview})


@require_safe
def duplicates(request: HttpRequest) -> HttpResponse:
    """List addresses that several people have: perhaps the same human being twice."""
    after = request.GET.get("after", "")[:320]
    groups, next_one = people.duplicates(after=after)
    return render(request, "recipients/duplicates.html", {"groups": groups, "next": next_one, "after": after})


def _other(request: HttpRequest) -> Person | None:
    text = request.POST.get("with") or request.GET.get("with", "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        return None
    return get_object_or_404(Person.objects.select_related("company").with_addresses(), pk=int(text))


def _offered(request: HttpRequest, person: Person) -> dict[str, object]:
    """Whom it could be: those with an address of theirs, or whom the words find."""
    words = request.GET.get("q", "").strip()[:100]
    if words:
        found = Person.objects.matching(words).exclude(pk=person.pk)
    else:
        shared = [row.person_id for row in people.shared_addresses(person)]
        same = Person.objects.matching(person.name).exclude(pk=person.pk) if person.name else Person.objects.none()
        found = Person.objects.filter(pk__in=shared) if shared else same
    rows = found.select_related("company").with_addresses().order_by("sort_name", "id")[:OFFERED]
    return {"words": words, "offered": rows}
