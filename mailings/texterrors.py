"""What the error numbers of a provider of text messages mean: the table that came along, and what administrators say of it."""

import re
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from mailings.models import TextError
from tracking.refusals import Category, classify
from tracking.vocabulary import TWILIO

_NUMBER = re.compile(r"\bTwilio (\d{5})\b")


class Meaning(TextChoices):
    """What follows from a refusal."""

    DEAD = Category.DEAD_ADDRESS, _("The number does not exist: it gets no more text messages")
    OPTED_OUT = Category.OPTED_OUT, _("They want none: the number is blocked")
    TRANSIENT = Category.TRANSIENT, _("Not now: it counts as a soft bounce")
    REFUSED = Category.BLOCK_SENDER, _("The carrier refuses us: nothing happens to the number")
    CONTENT = Category.CONTENT, _("The text was refused: nothing happens to the number")
    OURS = Category.CONFIG, _("Our own account or settings: nothing happens to the number")


@dataclass(frozen=True)
class Listed:
    """A number with its meaning; `own` is the row of an administrator, which stands above the table that came along."""

    code: str
    meaning: Meaning
    own: int | None


def category(answer: str) -> Category:
    """Say what an answer means: by an administrator's word where its number has one, else by the words and tables."""
    if found := _NUMBER.search(answer):
        said = TextError.objects.filter(code=found.group(1)).values_list("meaning", flat=True).first()
        if said in set(Meaning.values):
            return Category(str(said))
    return classify(answer).category


def listed() -> list[Listed]:
    """Give all numbers that mean something, in order."""
    own = {one.code: one for one in TextError.objects.all()}
    shipped = {code: Listed(code, Meaning(kind), None) for code, kind in TWILIO.items()}
    ours = {
        code: Listed(code, Meaning(one.meaning), one.pk) for code, one in own.items() if one.meaning in Meaning.values
    }
    return sorted((shipped | ours).values(), key=lambda one: one.code)
