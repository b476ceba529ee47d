"""Who we are to the outside: what stands below every mail and receipt. What the house wrote itself goes before the settings."""

from collections.abc import Callable

from django.conf import settings

# Open: where somebody of the house may have written an address; an app gives it in its AppConfig.ready(). Empty: nowhere.
addresses: list[Callable[[], str]] = []


def postal_address() -> str:
    """Give our postal address, as several lines; empty when nobody gave one."""
    return next((found for written in addresses if (found := written())), settings.POSTAL_ADDRESS)
