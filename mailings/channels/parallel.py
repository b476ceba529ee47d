"""A channel over HTTP: one request per message, several at a time, each in a thread of its own."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Protocol

from mailings.channels import DeliveryError, Outcome, Outgoing, Receipt

TURN = 0.25  # seconds between two looks at the clock while nobody answers


class Post(Protocol):
    """One request. Called by several threads at once."""

    def __call__(self, message: Outgoing) -> Receipt:
        """Hand one message over. DeliveryError: this message was not handed over, and no other would be."""
        ...


class ParallelChannel:
    """Hands messages to `post`, at most `at_once` of them on their way."""

    def __init__(self, post: Post, *, at_once: int) -> None:
        self.post = post
        self.at_once = at_once
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="provider")

    def send(
        self,
        batch: Iterable[Outgoing],
        *,
        on_wire: Callable[[int], object],
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Iterator[Receipt]:
        """Hand over what the batch yields. After a DeliveryError every message that was taken has its receipt."""
        source, trouble = iter(batch), None
        going: dict[Future[Receipt], int] = {}
        is_exhausted = False
        turn = time.monotonic() + TURN
        while True:
            while not is_exhausted and trouble is None and len(going) < self.at_once:
                if (message := next(source, None)) is None:
                    is_exhausted = True
                else:
                    on_wire(message.number)
                    going[self._pool.submit(self.post, message)] = message.number
            if not going:
                break
            done, _ = wait(going, timeout=TURN, return_when=FIRST_COMPLETED)
            for future in done:
                number = going.pop(future)
                try:
                    yield future.result()
                except DeliveryError as error:
                    trouble = trouble or error
                    yield Receipt(number, Outcome.NOT_HANDED, 0, str(error))
            if time.monotonic() >= turn:
                turn = time.monotonic() + TURN
                meanwhile()
        if trouble is not None:
            raise trouble

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
