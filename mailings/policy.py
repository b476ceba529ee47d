"""The house's rules for sending, as an administrator set them."""

from mailings.models import SendingPolicy

ONLY = 1


def of_house() -> SendingPolicy:
    """The rules; as they are delivered until somebody changes them."""
    return SendingPolicy.objects.filter(pk=ONLY).first() or SendingPolicy(pk=ONLY)
