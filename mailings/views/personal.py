"""Writing to one person, from their card or from the list of who must confirm first."""

import uuid
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailings import personal
from mailings.models import PersonalMail
from recipients.models import EmailAddress, Person

RIGHT = "mailings.add_personalmail"


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(RIGHT, raise_exception=True)
def write(request: HttpRequest) -> HttpResponse:
    """The form: empty, or with the words that another page suggests (a POST without a key); sent with its key."""
    given = request.POST if request.method == "POST" else request.GET
    person = _person(given.get("person", ""))
    address = given.get("address", "").strip()[:1000] or (_main_address(person) if person else "")
    if person is None:
        person = personal.person_of(address)
    context: dict[str, Any] = {
        "person": person,
        "address": address,
        "addresses": _addresses(person),
        "subject": given.get("subject", "")[:250],
        "body": given.get("body", "")[: personal.LONGEST + 1],
        "key": uuid.uuid4(),
    }
    key = _key(request.POST.get("key", ""))
    if request.method != "POST" or key is None:
        problem = personal.refusal(address, now=timezone.now()) if address else _("There is no address to write to.")
        return _form(request, context, problem=problem)
    words = personal.Words(
        key=key,
        address=address,
        subject=context["subject"],
        body=context["body"],
        person=person.pk if person else None,
    )
    try:
        mail = personal.send(words, by=_user(request), now=timezone.now())
    except personal.CannotWrite as refusal:
        return _form(request, context | {"key": key}, problem=str(refusal), status=422)
    return _told(request, mail)


@require_POST
@permission_required(RIGHT, raise_exception=True)
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try once more what the mail server did not take."""
    mail = get_object_or_404(PersonalMail, pk=pk)
    try:
        personal.send_again(mail, by=_user(request), now=timezone.now())
    except personal.CannotWrite as refusal:
        messages.error(request, str(refusal))
        return redirect("mailings:personal_one", mail.pk)
    return _told(request, mail)


@require_safe
@permission_required("mailings.view_personalmail", raise_exception=True)
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one mail as it was written."""
    mail = get_object_or_404(PersonalMail.objects.select_related("by", "person"), pk=pk)
    return render(request, "mailings/personal_one.html", {"mail": mail, "is_mine": mail.by_id == request.user.pk})


def _form(request: HttpRequest, context: dict[str, Any], *, problem: str, status: int = 200) -> HttpResponse:
    subject, body = quote(context["subject"]), quote(context["body"][:1500])
    mailto = f"mailto:{quote(context['address'], safe='@')}?subject={subject}&body={body}"
    return render(request, "mailings/personal.html", context | {"problem": problem, "mailto": mailto}, status=status)


def _told(request: HttpRequest, mail: PersonalMail) -> HttpResponse:
    if mail.state == PersonalMail.State.FAILED:
        messages.error(request, _("The mail server did not take it: %(answer)s") % {"answer": mail.problem})
    else:
        messages.success(request, _("Sent to %(address)s") % {"address": mail.address})
    return redirect("mailings:personal_one", mail.pk)


def _person(number: str) -> Person | None:
    is_number = number.isascii() and number.isdigit() and len(number) < 16
    return Person.objects.filter(pk=int(number)).first() if is_number else None


def _main_address(person: Person) -> str:
    found = EmailAddress.objects.filter(person=person).order_by("rank").first()
    return found.address if found else ""


def _addresses(person: Person | None) -> list[str]:
    if person is None:
        return []
    return list(EmailAddress.objects.filter(person=person).order_by("rank").values_list("address", flat=True))


def _key(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 the permission asks for a user
    return request.user
