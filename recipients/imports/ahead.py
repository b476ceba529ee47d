"""The next batch is read and checked in a thread while the database writes this one."""

import queue
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from threading import Event, Thread

PAUSE = 0.1  # seconds between looks whether somebody still listens


@dataclass(frozen=True)
class End:
    """Nothing more comes; `error` is why, when it is not the end of the work."""

    error: Exception | None = None


def ahead[T](work: Generator[T], *, depth: int = 2) -> Generator[T]:
    """Give what `work` gives, made at most `depth` items early. The work runs in one thread; keep the database out of it."""
    ready: queue.Queue[T | End] = queue.Queue(depth)
    left = Event()
    thread = Thread(target=make, args=[work, ready, left], daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        left.set()
        thread.join()


def make[T](work: Generator[T], ready: "queue.Queue[T | End]", left: Event) -> None:
    end = End()
    try:
        with closing(work):
            for item in work:
                if not offer(item, ready, left):
                    return
    except Exception as error:  # it belongs to whoever listens, and is raised there
        end = End(error)
    offer(end, ready, left)


def offer[T](item: T | End, ready: "queue.Queue[T | End]", left: Event) -> bool:
    while not left.is_set():
        try:
            ready.put(item, timeout=PAUSE)
        except queue.Full:
            continue
        return True
    return False
