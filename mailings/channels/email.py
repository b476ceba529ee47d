"""E-mail over SMTP: a few kept connections, one thread. Message n+1 is rendered while message n is in flight."""

import queue
import selectors
import smtplib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from mailings.channels import DeliveryError, Outgoing, Receipt
from mailings.channels.smtp import Account, Conversation, Patience, connect

TURN = 0.25  # seconds between two looks at the clock while nobody answers
FAREWELL = 1.0  # seconds for the answer to QUIT
AFTER_FAILURE = 5.0  # seconds before a connection that could not be opened, or brought nothing, is tried again


class EmailChannel:
    """Hands messages to one mail server. Kept for the life of a worker process; not for use by two threads."""

    def __init__(self, account: Account, *, hello: str, patience: Patience | None = None) -> None:
        self.account = account
        self.hello = hello
        self.patience = patience or Patience()
        self._kept: list[Conversation] = []
        self._leaving: deque[tuple[float, Conversation]] = deque()  # said goodbye; until when their answer is awaited
        self._selector = selectors.DefaultSelector()
        self._opened: queue.SimpleQueue[smtplib.SMTP | DeliveryError] = queue.SimpleQueue()
        self._opening = 0
        self._open_again = 0.0
        self._failure: DeliveryError | None = None
        # a connection is opened beside the work, and rings this bell when it is there
        self._bell, self._ring = socket.socketpair()
        self._bell.settimeout(0)
        self._selector.register(self._bell, selectors.EVENT_READ, None)
        self._source: Iterator[Outgoing] = iter(())
        self._pulled = 0  # messages taken from the batch
        self._is_exhausted = True
        self._on_wire: Callable[[int], object] = lambda number: None

    def send(
        self,
        batch: Iterable[Outgoing],
        *,
        on_wire: Callable[[int], object],
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Iterator[Receipt]:
        """Hand over what the batch yields, in any order of receipts. Raises DeliveryError when no server is there.

        After the error every message that was taken has its receipt; the rest of the batch was not touched.
        """
        self._source, self._is_exhausted, self._on_wire = iter(batch), False, on_wire
        self._failure, self._open_again, self._pulled = None, 0.0, 0
        turn = time.monotonic() + TURN
        try:
            self._drop_stale()
            for talk in self._kept:
                talk.on_wire = on_wire
            while True:
                yield from self._feed()
                if self._is_exhausted and all(talk.is_idle for talk in self._kept):
                    return
                if not self._kept and not self._opening and self._failure is not None:
                    raise self._failure
                yield from self._listen()
                if (now := time.monotonic()) >= turn:
                    turn = now + TURN
                    meanwhile()
                    self._see_off()
                    yield from self._tire(now)
        finally:
            self._source, self._is_exhausted = iter(()), True
            for talk in [talk for talk in self._kept if not talk.is_idle]:
                self._forget(talk)
                talk.client.close()

    def close(self) -> None:
        """Say goodbye on every connection."""
        for talk in list(self._kept):
            self._part_with(talk)
        self._see_off(wait=FAREWELL)
        while self._opening:
            arrival = self._opened.get()
            self._opening -= 1
            if isinstance(arrival, smtplib.SMTP) and arrival.sock is not None:
                arrival.sock.settimeout(FAREWELL)
                with suppress(OSError, smtplib.SMTPException):
                    arrival.quit()
                arrival.close()
        self._selector.close()
        self._bell.close()
        self._ring.close()

    # --- messages to connections

    def _pull(self) -> Outgoing | None:
        """The next message, rendered now; None when there is none."""
        if self._is_exhausted:
            return None
        message = next(self._source, None)
        if message is None:
            self._is_exhausted = True
        else:
            self._pulled += 1
        return message

    def _feed(self) -> Iterator[Receipt]:
        """Give every idle connection a message; when all are busy and there is more, open another."""
        if self._is_exhausted:
            return
        for talk in list(self._kept):
            if talk.is_idle and talk.is_spent:
                self._part_with(talk)
            elif talk.is_idle:
                yield from talk.start()
                self._watch(talk)
        places = len(self._kept) + self._opening
        wanted = places < self.account.connections and (places == 0 or self._pulled > places)
        if wanted and time.monotonic() >= self._open_again:
            self._opening += 1
            threading.Thread(target=self._open, daemon=True).start()

    def _listen(self) -> Iterator[Receipt]:
        for key, events in self._selector.select(TURN):
            talk: Conversation | None = key.data
            if talk is None:
                self._arrive()
                continue
            if events & selectors.EVENT_WRITE:
                talk.flush()
            if events & selectors.EVENT_READ:
                yield from talk.read()
            if talk.is_open:
                self._watch(talk)
            else:
                yield from self._lose(talk, "the connection was closed")

    def _watch(self, talk: Conversation) -> None:
        """Ask to be told when there is room to write only while something waits to be written."""
        if talk.is_writing != bool(talk.out):
            talk.is_writing = bool(talk.out)
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if talk.out else 0)
            self._selector.modify(talk.socket, events, talk)

    def _tire(self, now: float) -> Iterator[Receipt]:
        for talk in [talk for talk in self._kept if not talk.is_idle and talk.deadline < now]:
            yield from self._lose(talk, "no answer in time")

    # --- connections

    def _open(self) -> None:
        """In a thread of its own: a server that is slow to greet keeps nobody waiting."""
        try:
            self._opened.put(connect(self.account, hello=self.hello, patience=self.patience))
        except DeliveryError as error:
            self._opened.put(error)
        with suppress(OSError):  # the channel was closed meanwhile
            self._ring.send(b"!")

    def _arrive(self) -> None:
        self._bell.recv(64)
        while self._opening and not self._opened.empty():
            arrival = self._opened.get()
            self._opening -= 1
            if isinstance(arrival, DeliveryError):
                self._failure = arrival
                self._open_again = time.monotonic() + AFTER_FAILURE
                continue
            if arrival.sock is None:
                continue
            talk = Conversation(
                arrival,
                arrival.sock,
                patience=self.patience,
                pull=self._pull,
                on_wire=self._on_wire,
                most=self.account.most,
            )
            self._kept.append(talk)
            self._selector.register(talk.socket, selectors.EVENT_READ, talk)

    def _lose(self, talk: Conversation, why: str) -> Iterator[Receipt]:
        self._forget(talk)
        if not talk.answered:
            self._failure = DeliveryError(why, retry=True)
            self._open_again = time.monotonic() + AFTER_FAILURE
        yield from talk.give_up(why)

    def _drop_stale(self) -> None:
        """A kept connection that the server has closed meanwhile, or on which it said goodbye, is of no use."""
        for talk in list(self._kept):
            if talk.has_news():
                self._part_with(talk)

    def _part_with(self, talk: Conversation) -> None:
        self._forget(talk)
        talk.say_quit()
        self._leaving.append((time.monotonic() + FAREWELL, talk))

    def _see_off(self, *, wait: float = 0.0) -> None:
        """Close the connections that were said goodbye to; those whose time is up, or all of them after `wait`."""
        ends = time.monotonic() + wait
        while self._leaving and (wait or self._leaving[0][0] < time.monotonic()):
            _until, talk = self._leaving.popleft()
            talk.leave(wait=max(0.0, ends - time.monotonic()))

    def _forget(self, talk: Conversation) -> None:
        self._selector.unregister(talk.socket)
        self._kept.remove(talk)
