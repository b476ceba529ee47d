"""The preferences page. Looking changes nothing; a POST does. No login, no cookie, no script needed."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent import addresses, measuring, unsubscribe
from consent import preferences as wishes
from consent.models import OptOutKey, SubscriptionType
from consent.preferences import Changed
from consent.seen import Seen
from consent.views import visitors
from consent.views.public import WHYS, not_a_link

PATH = "/p/…/"  # in the ledger: which page it was, without the key that opens it


@dataclass(frozen=True)
class Done:
    """What a POST did, for the page that answers it: a word for the notice, and what `undo` would take back."""

    what: str = ""
    changed: Changed = Changed()  # noqa: RUF009 - frozen


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, key: str) -> HttpResponse:
    """Show what the person gets, or do what they asked."""
    person = wishes.who(key)
    with translation.override(_language(request, person)):
        if person is None:
            response = not_a_link(request)
        else:
            done = _act(request, person) if request.method == "POST" else Done()
            with translation.override(_language(request, person)):  # they may just have chosen another
                response = _page(request, person, done)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _language(request: HttpRequest, person: OptOutKey | None) -> str:
    """The one asked for in the address, else the one the person chose, else the browser's."""
    asked = [request.GET.get("lang", ""), person.language if person else ""]
    known = dict(settings.LANGUAGES)
    return next((code for code in asked if code in known), translation.get_language() or settings.LANGUAGE_CODE)


def _act(request: HttpRequest, person: OptOutKey) -> Done:
    token, now = request.GET.get("m", "")[:100], timezone.now()
    action = request.POST.get("action", "")
    seen = visitors.seen(request, _("What may we send you?"), PATH)
    if action == "save":
        changed = wishes.change(person, _wanted(request), seen=seen, token=token, now=now)
        if (language := request.POST.get("language", "")) in dict(settings.LANGUAGES):
            wishes.speak(person, language)
        if (every := request.POST.get("every", "")) in map(str, wishes.SPACES):
            wishes.space(person, int(every), now=now)
        return Done("saved", changed)
    if action == "leave_all":
        seen = visitors.seen(request, _("Unsubscribe from everything"), PATH)
        return Done("left_all", wishes.leave_all(person, seen=seen, token=token, now=now))
    if action == "undo":
        changed = Changed(_numbers(request, "on"), _numbers(request, "left"))
        wishes.undo(person, changed, seen=visitors.seen(request, _("Undo"), PATH), token=token, now=now)
        return Done("undone")
    if action in ("measure", "measure_not"):
        seen = visitors.seen(request, _("Count whether I open your mail"), PATH)
        (measuring.allow if action == "measure" else measuring.refuse)(person, seen=seen, now=now)
        return Done("saved")
    if action == "why" and request.POST.get("why") in WHYS:
        unsubscribe.say_why(person, request.POST["why"], request.POST.get("words", ""))
        return Done("why")
    return _pause(request, person, action, seen)


def _pause(request: HttpRequest, person: OptOutKey, action: str, seen: Seen) -> Done:
    days = {f"pause_{days}": days for days in wishes.PAUSES}
    if action in days:
        words = _("Send me nothing for %(days)s days") % {"days": days[action]}
        wishes.pause(person, days[action], seen=visitors.seen(request, words, PATH), now=timezone.now())
        return Done("paused")
    if action == "resume":
        wishes.resume(person, seen=visitors.seen(request, _("End the pause now"), PATH), now=timezone.now())
        return Done("resumed")
    return Done()


def _wanted(request: HttpRequest) -> Mapping[SubscriptionType, bool]:
    """Give the choices that the person changed: of those listed, the ones that differ from what the page showed.

    A page that was open for long says what it showed, so that a box nobody touched changes nothing.
    """
    listed, shown, ticked = (set(_numbers(request, name)) for name in ("listed", "shown", "type"))
    different = listed & (shown ^ ticked)
    types = SubscriptionType.objects.filter(pk__in=different, is_active=True, purpose__is_active=True).order_by("pk")
    return {one: one.pk in ticked for one in types}


def _numbers(request: HttpRequest, name: str) -> list[int]:
    """Read numbers, of one field with commas or of many fields; whatever is no number is left out."""
    words = ",".join(request.POST.getlist(name)[:200])[:4000].split(",")
    return [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 16]


def _page(request: HttpRequest, person: OptOutKey, done: Done) -> HttpResponse:
    now = timezone.now()
    choices = wishes.choices(person, at=now)
    context = {
        "sender": settings.SENDER_NAME,
        "choices": choices,
        "listed": ",".join(str(one.subscription_type.pk) for one in choices),
        "shown": ",".join(str(one.subscription_type.pk) for one in choices if one.is_on),
        "gets_something": any(one.is_on for one in choices),
        "asks_measuring": measuring.is_asked(person),
        "is_measured": measuring.is_allowed(person),
        "paused_until": wishes.paused_until(person, at=now),
        "pauses": wishes.PAUSES,
        "spaces": wishes.SPACES,
        "every_days": person.every_days,
        "languages": [(code, translation.get_language_info(code)["name_local"].capitalize()) for code in ("en", "nl")],
        "language": translation.get_language(),
        "done": done,
        "undo_on": ",".join(map(str, done.changed.on)),
        "undo_left": ",".join(map(str, done.changed.left)),
        "asks_why": bool(done.changed.left),
        "masked": addresses.masked(person.address) if done.what else "",  # no address before somebody acts
        "whys": WHYS,
        "other_language": "nl" if translation.get_language() == "en" else "en",
        "here": request.get_full_path(),
    }
    return render(request, "consent/preferences.html", context)
