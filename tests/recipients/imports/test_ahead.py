"""Work done ahead: in order, with its errors, and gone when nobody listens any more."""

import threading
from collections.abc import Generator

import pytest

from recipients.imports.ahead import ahead


def numbers(most: int, made: list[int]) -> Generator[int]:
    for number in range(most):
        made.append(number)
        yield number


def test_everything_comes_in_order() -> None:
    assert list(ahead(numbers(500, []))) == [*range(500)]


def test_an_error_comes_after_what_was_made_before_it() -> None:
    def work() -> Generator[int]:
        yield 1
        raise ValueError("the third sheet")

    listening = ahead(work())

    assert next(listening) == 1
    with pytest.raises(ValueError, match="the third sheet"):
        next(listening)


def test_who_stops_listening_stops_the_work() -> None:
    made: list[int] = []
    before = threading.active_count()
    listening = ahead(numbers(10_000, made), depth=2)

    next(listening)
    listening.close()

    assert len(made) <= 5
    assert threading.active_count() == before
