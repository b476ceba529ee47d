"""Sending mail out of the world: reports to the inbound port, a sample to the mail catcher."""

import asyncio
import ipaddress
import smtplib
from dataclasses import dataclass

PATIENCE = 15.0  # seconds
OWN_NAME = "mx.world.example"


@dataclass(frozen=True)
class Place:
    """Host and port on loopback; another machine is refused."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read "127.0.0.1:2525"; raises ValueError with a sentence when it is anything but loopback."""
        host, _, port = text.rpartition(":")
        host = "127.0.0.1" if host in ("", "localhost") else host.strip("[]")
        if not port.isdigit() or int(port) > 65535:
            raise ValueError(f"{text}: give an address as host:port")
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"{text}: the world stays on loopback")
        return cls(host, int(port))


async def send(place: Place, sender: str, recipient: str, content: bytes) -> None:
    """Hand one mail over to the server at `place`; a refusal for good is the end of it."""
    await asyncio.to_thread(hand_over, place, sender, recipient, content)


def hand_over(place: Place, sender: str, recipient: str, content: bytes) -> None:
    with smtplib.SMTP(place.host, place.port, local_hostname=OWN_NAME, timeout=PATIENCE) as server:
        try:
            server.sendmail(sender, [recipient], content)
        except smtplib.SMTPRecipientsRefused as refusal:
            if any(code < 500 for code, _words in refusal.recipients.values()):
                raise
