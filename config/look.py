"""How things look: the chips of every state, shares of a total, and bars without a style attribute. Loaded as `look`."""

from dataclasses import dataclass

from django import template
from django.template.loader import render_to_string
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

register = template.Library()


@dataclass(frozen=True)
class Chip:
    """One colour, one icon, one word."""

    tone: str
    icon: str
    word: str | Promise
    struck: bool = False


# The table is law: the same in lists, filters, reports and exports.
CHIPS: dict[str, dict[str, Chip]] = {
    "message": {
        "held": Chip("warn", "hand", _("Held")),
        "pending": Chip("off", "clock", _("Waiting")),
        "sending": Chip("live", "send", _("Sending")),
        "sent": Chip("ok", "check", _("Sent")),
        "deferred": Chip("info", "rotate-cw", _("Retrying")),
        "failed": Chip("bad", "x", _("Failed")),
        "unknown": Chip("odd", "circle-question-mark", _("Unknown")),
        "cancelled": Chip("off", "ban", _("Cancelled"), struck=True),
        "delivered": Chip("ok", "mail-check", _("Delivered")),
        "opened": Chip("ok", "mail-open", _("Opened")),
        "clicked": Chip("live", "mouse-pointer-click", _("Clicked")),
        "bounced": Chip("bad", "undo-2", _("Bounced")),
        "complained": Chip("bad", "flag", _("Complained")),
        "unsubscribed": Chip("off", "user-minus", _("Unsubscribed")),
    },
    "verdict": {
        "allow": Chip("ok", "shield-check", _("May mail")),
        "verify": Chip("warn", "shield-question-mark", _("Verify first")),
        "refuse": Chip("bad", "shield-x", _("May not")),
    },
    "mailing": {
        "draft": Chip("off", "pencil-line", _("Draft")),
        "scheduled": Chip("info", "calendar-clock", _("Scheduled")),
        "approval": Chip("odd", "user-check", _("Needs approval")),
        "sending": Chip("live", "send", pgettext_lazy("mailing", "Sending")),
        "paused": Chip("warn", "circle-pause", _("Paused")),
        "sent": Chip("ok", "check", _("Sent")),
        "stopped": Chip("bad", "octagon-alert", _("Stopped")),
        "cancelled": Chip("off", "ban", _("Cancelled"), struck=True),
        "answering": Chip("live", "inbox", _("Answering")),
    },
    "confirmation": {
        "waiting": Chip("off", "clock", _("On its way")),
        "asked": Chip("info", "mail", _("Asked")),
        "confirmed": Chip("ok", "check-check", _("Confirmed")),
        "expired": Chip("off", "calendar-clock", _("Not answered")),
        "declined": Chip("bad", "x", _("Was not them")),
        "replaced": Chip("off", "rotate-cw", _("Asked anew")),
        "failed": Chip("bad", "triangle-alert", _("Not sent")),
    },
    "project": {
        "planned": Chip("info", "calendar-clock", _("Planned")),
        "running": Chip("live", "play", _("Running")),
        "done": Chip("off", "check", _("Done")),
    },
    "import": {
        "mapping": Chip("off", "pencil-line", _("Choose columns")),
        "waiting": Chip("off", "clock", _("Waiting")),
        "running": Chip("live", "refresh-cw", _("Running")),
        "finished": Chip("ok", "check", _("Finished")),
        "failed": Chip("bad", "x", _("Failed")),
        "cancelled": Chip("off", "ban", _("Cancelled"), struck=True),
        "undoing": Chip("live", "refresh-cw", _("Being undone")),
        "undone": Chip("off", "undo-2", _("Undone")),
    },
    "form": {
        "draft": Chip("off", "pencil-line", _("Draft")),
        "open": Chip("live", "inbox", pgettext_lazy("form", "Open")),
        "closed": Chip("off", "lock", pgettext_lazy("form", "Closed")),
    },
    "submission": {
        "awaiting": Chip("info", "mail", _("Awaiting confirmation")),
        "submitted": Chip("warn", "inbox", pgettext_lazy("answer", "To do")),
        "processed": Chip("ok", "check", _("Processed")),
        "failed": Chip("bad", "triangle-alert", _("Failed")),
        "spam": Chip("off", "bot", _("Spam")),
    },
    "outcome": {
        "waiting": Chip("off", "clock", _("Waiting")),
        "done": Chip("ok", "check", pgettext_lazy("action", "Done")),
        "failed": Chip("bad", "x", _("Failed")),
        "skipped": Chip("off", "ban", _("Left out")),
    },
    "address": {
        "good": Chip("ok", "heart-pulse", _("Good")),
        "blocked": Chip("bad", "mail-x", _("Blocked")),
    },
}


@register.simple_tag
def chip(group: str, state: str) -> SafeString:
    """Show a state of a message, mailing, verdict, … as LOOK.md's table has it: `{% chip "mailing" mailing.status %}`."""
    found = CHIPS[group][str(state)]
    context = {"tone": found.tone, "icon": found.icon, "label": found.word, "struck": found.struck}
    return SafeString(render_to_string("components/chip.html", context).strip())


@register.filter
def share(part: float | None, total: float | None) -> str:
    """Give a part of a total as an attribute wants it in any language: `62.3%`."""
    return f"{100 * (part or 0) / total:.2f}%" if total else "0%"


@register.filter
def percent(part: float | None, total: float | None) -> str:
    """Give a part of a total as people read it: `62.3%`, in Dutch `62,3%`; a dash when there is nothing to divide."""
    if not total:
        return "–"
    hundredths = 100 * (part or 0) / total
    return number_format(hundredths, decimal_pos=2 if 0 < hundredths < 0.1 else 1) + "%"


@register.filter
def initials(name: object) -> str:
    """Give the two letters of an avatar: "Hanna de Wit" is HW."""
    words = [word for word in str(name).replace("@", " ").split() if word[0].isalnum()]
    letters = [word[0] for word in ([words[0], words[-1]] if len(words) > 1 else words[:1])]
    return "".join(letters).upper() or "–"


@register.inclusion_tag("components/bar.html")
def bar(label: str, total: float, *parts: object, large: bool = False) -> dict[str, object]:
    """Draw a bar of parts: `{% bar "71 percent sent" 100 "f-primary" sent "f-warn" retrying large=True %}`."""
    pairs = zip(parts[0::2], (float(str(number or 0)) for number in parts[1::2]), strict=True)
    start, drawn = 0.0, []
    for tone, number in pairs:
        drawn.append({"tone": tone, "x": share(start, total), "width": share(number, total)})
        start += number
    return {"label": label, "parts": drawn, "large": large}
