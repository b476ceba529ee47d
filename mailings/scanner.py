"""The hook for a virus scanner: clamd's INSTREAM over TCP or a socket file. Without an address nothing is scanned."""

import socket
from urllib.parse import urlsplit

TIMEOUT = 20.0  # seconds for connecting, and for each answer
PIECE = 64 * 1024


class NoAnswer(Exception):
    """The scanner is configured and cannot be asked: what it would say is not known."""


def scan(data: bytes, *, at: str) -> str:
    """Ask the clamd at `tcp://host:3310` or `unix:///path`; give the name of what was found, or nothing. Raises NoAnswer."""
    if not at:
        return ""
    try:
        with _connected(at) as line:
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), PIECE):
                piece = data[start : start + PIECE]
                line.sendall(len(piece).to_bytes(4, "big") + piece)
            line.sendall(bytes(4))
            answer = _answer(line)
    except (OSError, ValueError) as error:
        raise NoAnswer(str(error)) from error
    if answer == "stream: OK":
        return ""
    if answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")[:200]
    raise NoAnswer(answer[:200] or "?")


def _connected(at: str) -> socket.socket:
    place = urlsplit(at)
    if place.scheme == "unix":
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(TIMEOUT)
        line.connect(place.path)
        return line
    return socket.create_connection((place.hostname or "", place.port or 3310), TIMEOUT)


def _answer(line: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < 4096 and (more := line.recv(1024)):
        said += more
    return said.rstrip(b"\0").decode("utf-8", "replace").strip()
