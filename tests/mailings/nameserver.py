"""A name server on loopback that says what the test tells it, so that the real resolver is what is tested."""

import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer:
    """`with NameServer({("example.org", "TXT"): ['"v=spf1 -all"']}) as server:`; `server.address` goes into DNS_SERVERS."""

    def __init__(
        self, records: Mapping[tuple[str, str], Sequence[str]] | None = None, *, is_silent: bool = False
    ) -> None:
        self.records = {(name.lower(), kind): list(values) for (name, kind), values in (records or {}).items()}
        self.is_silent = is_silent
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "NameServer":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def publish(self, name: str, text: str) -> None:
        """Add a TXT record, cut into strings of 255 octets as the DNS wants it."""
        parts = " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))
        self.records.setdefault((name.lower(), "TXT"), []).append(parts)

    def _serve(self) -> None:
        while True:
            try:
                asked, sender = self._socket.recvfrom(4096)
            except OSError:
                return
            if not asked:  # shut down
                return
            if not self.is_silent:
                with suppress(OSError):
                    self._socket.sendto(self._answer(asked), sender)

    def _answer(self, asked: bytes) -> bytes:
        query = dns.message.from_wire(asked)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        if found := self.records.get((name, kind)):
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
        elif not any(known == name for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire(max_size=4096)
