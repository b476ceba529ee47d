"""A channel is values in, receipts out, and one error that says whether to try again. One module per channel."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple, Protocol


class Outgoing(NamedTuple):
    """One message, ready for the wire. A tuple, because a campaign makes ten thousand a second."""

    number: int
    sender: str  # of the envelope: where a bounce returns to
    recipient: str
    body: bytes
    may_begin_with_dots: bool = True  # False: the renderer promises that no line does (looking costs 10 µs)


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"  # for good (5xx)
    TEMPORARY = "temporary"  # not now (4xx)
    LOST = "lost"  # handed over, the answer never seen: nobody can know
    NOT_HANDED = "not_handed"  # the connection went before the message was complete: it cannot have arrived


class Receipt(NamedTuple):
    number: int
    outcome: Outcome
    code: int = 0
    answer: str = ""


class DeliveryError(Exception):
    """The channel as a whole cannot send. `retry`: whether waiting may help, or somebody must do something."""

    def __init__(self, answer: str, *, retry: bool) -> None:
        super().__init__(answer)
        self.retry = retry


class Channel(Protocol):
    def send(
        self, batch: Iterable[Outgoing], *, on_wire: Callable[[int], object], meanwhile: Callable[[], object]
    ) -> Iterator[Receipt]:
        """Hand over lazily; every message taken from the batch gets exactly one receipt.

        `on_wire(number)` is called before the first byte of a message's content leaves,
        `meanwhile()` at least twice a second, however slow the other side is.
        """
        ...

    def close(self) -> None: ...
