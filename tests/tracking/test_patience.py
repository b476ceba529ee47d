"""How long an address is tried whose mail keeps coming back."""

import datetime as dt

import pytest

from tests.conftest import NOON
from tracking import patience
from tracking.patience import Interest
from tracking.refusals import SENDERS_FAULT, Category


def days(*numbers: float) -> list[dt.datetime]:
    return [NOON + dt.timedelta(days=number) for number in numbers]


@pytest.mark.parametrize(
    ("moments", "interest", "is_enough"),
    [
        ([], Interest.NEVER, False),
        (days(0, 4, 8, 14), Interest.NEVER, False),  # four are not enough, whatever the span
        (days(0, 1, 2, 3, 6.9), Interest.NEVER, False),  # nor are five within a week
        (days(0, 1, 2, 3, 7), Interest.NEVER, True),
        (days(0, 1, 2, 3, 7), Interest.SHOWN, False),
        (days(0, 2, 4, 6, 9.9), Interest.SHOWN, False),
        (days(0, 2, 4, 6, 10), Interest.SHOWN, True),
        (days(0, 2, 4, 6, 10), Interest.UNTOLD, False),
        (days(0, 2, 4, 6, 14), Interest.UNTOLD, True),
        (days(0, 0.1, 0.2, 0.3, 14), Interest.NEVER, False),  # a day counts once
        (days(0, 1, 2, 3, 4, 5), Interest.NEVER, False),
    ],
)
def test_an_address_is_given_up_after_five_in_a_row_over_long_enough(moments, interest, is_enough):
    assert patience.run(moments).is_enough(interest) is is_enough


def test_what_is_the_senders_fault_is_never_counted():
    assert not patience.COUNTED & SENDERS_FAULT
    assert Category.DEAD_ADDRESS not in patience.COUNTED  # blocked at once
