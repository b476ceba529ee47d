"""Who does what: drawn from a seed and an address, so that every run of the same world agrees. Pure."""

import enum
import hashlib
import re
import struct
from dataclasses import dataclass
from random import Random

GONE = re.compile(r"(gone|weg|nobody)", re.IGNORECASE)  # mailboxes that no world has


@dataclass(frozen=True)
class Shares:
    """How many of all mailboxes do something, 0 to 1."""

    deferred: float = 0.02
    unknown: float = 0.01
    dsn: float = 0.02
    open: float = 0.45
    click: float = 0.12  # of all, not of those who open
    scanner: float = 0.2
    prefetch: float = 0.15
    unsubscribe: float = 0.003
    complaint: float = 0.001


class Answer(enum.Enum):
    """What the mailbox's server says to RCPT."""

    TAKE = "take"
    DEFER = "defer"  # the first time; takes it the next time
    UNKNOWN = "unknown"
    REPORT = "report"  # takes it and sends a delivery report later


@dataclass(frozen=True)
class Behaviour:
    """What happens to one mail in one mailbox."""

    opens: bool
    clicks: bool
    scans: bool
    prefetches: bool
    unsubscribes: bool
    complains: bool

    @property
    def is_still(self) -> bool:
        return not (self.opens or self.scans or self.prefetches)


def answer(address: str, shares: Shares, *, seed: int) -> Answer:
    """What the server of `address` says; the same in every run with this seed."""
    if GONE.match(address):
        return Answer.UNKNOWN
    unknown, deferred, report = draws(seed, address)[:3]
    if unknown < shares.unknown:
        return Answer.UNKNOWN
    if report < shares.dsn:
        return Answer.REPORT
    return Answer.DEFER if deferred < shares.deferred else Answer.TAKE


def behaviour(address: str, subject: str, shares: Shares, *, seed: int) -> Behaviour:
    """What the reader of `address` and the machines before them do with a mail of this subject.

    The subject counts, so that not the same people open everything; scanners belong to the mailbox.
    """
    scans, prefetches = draws(seed, address)[3:5]
    reads, unsubscribes, complains = draws(seed, address, subject)[:3]
    leaves = unsubscribes < shares.unsubscribe
    grumbles = complains < shares.complaint
    return Behaviour(
        opens=reads < max(shares.open, shares.click) or leaves or grumbles,
        clicks=reads < shares.click,
        scans=scans < shares.scanner,
        prefetches=prefetches < shares.prefetch,
        unsubscribes=leaves,
        complains=grumbles,
    )


def draws(seed: int, *of: str) -> tuple[float, ...]:
    """Eight numbers from 0 to below 1 that depend on nothing but the arguments."""
    digest = hashlib.blake2b("\0".join((str(seed), *of)).encode(errors="surrogateescape"), digest_size=32).digest()
    return tuple(number / 2**32 for number in struct.unpack("8I", digest))


def chance(seed: int, *of: str) -> Random:
    """A source of further chance for one mail in one mailbox: delays, devices, which link."""
    return Random(":".join((str(seed), *of)))
