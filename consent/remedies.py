"""What helps somebody whose consent is not enough yet. Which remedy is allowed depends on where the address came from.

A mail to many that asks for permission is itself mail that nobody asked for (NL: Tw 11.7(1); CA: CASL). So we only ask
by ourselves whom the reference (1.4, remedy gating) lets us; for everybody else a person writes, or they sign up.
"""

import datetime as dt
from enum import StrEnum

from consent.law import Regime, regime_of

# Typed in by the person, in a form of our own: one mail without advertising belongs to it.
TYPED_IN = frozenset({"own_form", "newsletter_signup", "ad_response"})
JUST_NOW = dt.timedelta(days=30)  # how long a form without a box counts as "typed in now"
CUSTOMERS = frozenset({"purchase", "contract", "active_member"})
# Where a request to many is mail without permission, also to who handed over a card, or came with a brand.
NO_REQUESTS = frozenset({Regime.NL, Regime.DE, Regime.CA})
HANDED_OVER = frozenset({"event_own_contact", "merger_acquisition"})
IN_PERSON = frozenset({"met_in_person", "event_own_contact"})


class Remedy(StrEnum):
    CONFIRM = "confirm"  # we may ask by mail, automatically
    SIGN_UP = "sign_up"  # show them where they sign up themselves; or write
    ONE_TO_ONE = "one_to_one"  # somebody writes to this one person, and presses send


def of(source: str, country: str, *, is_explicit: bool = False, is_soft: bool = False, age: dt.timedelta) -> Remedy:
    """Say which remedy a source allows in a country (ISO 3166-1; empty is unknown, and counts as NL)."""
    if source in TYPED_IN and (is_explicit or age <= JUST_NOW):
        return Remedy.CONFIRM
    if source in CUSTOMERS and is_soft:
        return Remedy.CONFIRM
    if source in HANDED_OVER and regime_of(country) not in NO_REQUESTS:
        return Remedy.CONFIRM
    return Remedy.SIGN_UP if source in IN_PERSON else Remedy.ONE_TO_ONE
