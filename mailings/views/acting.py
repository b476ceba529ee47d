"""Where a click ends that is not just a way to another page: a text of ours, or a question before consent changes.

Looking changes nothing: scanners look at everything. Only the button does, and only for the address the mail was sent to.
"""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import preferences, unsubscribe
from consent.models import OptOutKey, SubscriptionType
from consent.views import visitors
from mailings.models import Mailing, Message
from tracking import library, tokens
from tracking.models import Act, Link, LinkAction

PATH = "/k/…/"  # in the ledger: which page it was, without the token that opens it


@dataclass(frozen=True, slots=True)
class Question:
    """A change of consent that a click asks for."""

    action: LinkAction
    of: SubscriptionType

    @property
    def is_yes(self) -> bool:
        return self.action.does == LinkAction.Does.SUBSCRIBE

    @property
    def words(self) -> str:
        text = _("Yes, subscribe me to %(name)s") if self.is_yes else _("Yes, unsubscribe me from %(name)s")
        return text % {"name": self.of.name}


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, token: str, number: int) -> HttpResponse:
    """Show the text of a link and what it asks, or do what was answered."""
    try:
        mailing, message = tokens.read("click", token)
    except tokens.BadToken:
        return render(request, "404_public.html", status=404)
    link = Link.objects.select_related("library").filter(mailing=mailing, number=number).first()
    if link is None or link.library is None:
        return render(request, "404_public.html", status=404)
    questions = _questions(link)
    done = _answer(request, questions, mailing, message, number, token) if request.method == "POST" else []
    sent = Mailing.objects.filter(pk=mailing).only("from_name").first()
    context = {
        "text": link.library.text if link.library.response == "text" else "",
        "on": link.library.url,
        "questions": [question for question in questions if question not in done],
        "done": done,
        "sender": (sent.from_name if sent else "") or settings.SENDER_NAME,
        "is_test": message == tokens.TEST,
    }
    response = render(request, "mailings/act.html", context)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _questions(link: Link) -> list[Question]:
    asked = LinkAction.objects.filter(link=link.library, does__in=library.ASKED).order_by("pk")
    types = SubscriptionType.objects.filter(is_active=True).in_bulk(
        [one.detail.get("subscription_type") for one in asked]
    )
    return [Question(one, types[pk]) for one in asked if (pk := one.detail.get("subscription_type")) in types]


def _answer(
    request: HttpRequest, questions: list[Question], mailing: int, message: int, number: int, token: str
) -> list[Question]:
    """Do what the button says, for the address of the message; a test does nothing."""
    pressed = [question for question in questions if str(question.action.pk) == request.POST.get("action")]
    row = Message.objects.filter(pk=message, mailing=mailing).exclude(address="").first()
    if not pressed or row is None:
        return []
    question, now = pressed[0], timezone.now()
    key = unsubscribe.keep_keys({row.address}, row.channel)[row.address]
    seen = visitors.seen(request, question.words, PATH)
    preferences.change(OptOutKey.objects.get(key=key), {question.of: question.is_yes}, seen=seen, token=token, now=now)
    Act.objects.bulk_create(
        [
            Act(
                action=question.action,
                message=message,
                mailing=mailing,
                link=number,
                person_id=row.person_id,
                clicked_at=now,
                state=Act.State.DONE,
                not_before=now,
                done_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    return pressed
