"""What is handed over, whatever the channel: one mailing, filled in for one recipient after the other."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any, NamedTuple, Self

from consent.gate import MessageClass
from mailings.channels import Outgoing
from mailings.channels.dkim import Signer
from mailings.medium import Medium
from mailings.windows import Window


class Row(NamedTuple):
    number: int
    address: str
    data: dict[str, Any]
    country: str = ""
    edition: int = 0

    @property
    def domain(self) -> str:
        """Whose servers take it; a telephone number has none."""
        return self.address.partition("@")[2]


class Stamp(NamedTuple):
    """When a batch is written, and who signs it."""

    date: str
    seconds: int
    signer: Signer | None = None

    @classmethod
    def at(cls, moment: datetime, signer: Signer | None = None) -> Self:
        return cls(format_datetime(moment), int(moment.timestamp()), signer)


class Unfit(ValueError):
    """This recipient cannot have it, whatever is written; `reason` is a code of mailings.delivery.reasons."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Letter(ABC):
    """What is the same for all recipients of a mailing, made ready once per process."""

    mailing: int
    medium: Medium
    subscription_type: int | None
    message_class: MessageClass
    override: bool  # of consent, by two people
    sender: str  # the From address: its domain's keys sign
    window: Window | None = None  # by the recipients' own clocks

    @abstractmethod
    def write(self, row: Row, stamp: Stamp) -> Outgoing:
        """Fill it in for one recipient. Raises Unfit, ValueError or LookupError when it cannot be written."""

    def country_of(self, row: Row) -> str:
        """Give the country whose clock a recipient lives by."""
        return row.country
