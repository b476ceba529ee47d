"""The house's rules for sending, as an administrator set them."""

from mailings.models import SendingPolicy
from mailings.windows import EVERY_DAY, THEIRS, Window

ONLY = 1


def of_house() -> SendingPolicy:
    """The rules; as they are delivered until somebody changes them."""
    return SendingPolicy.objects.filter(pk=ONLY).first() or SendingPolicy(pk=ONLY)


def hours_for_texts() -> Window | None:
    """When a telephone may ring for marketing, by its owner's clock; None at any hour."""
    rules = of_house()
    if rules.texts_from == rules.texts_until:
        return None
    return Window(EVERY_DAY, rules.texts_from, rules.texts_until, THEIRS)
