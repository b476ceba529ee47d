"""What the press may look at: pictures of our own and QR codes. Nothing is ever fetched, from the web or from the disk."""

import io
from collections.abc import Callable
from importlib import import_module
from typing import Any

from mailings.letters.body import QR

MOST = 10_000_000  # octets of a picture
MOST_PIXELS = 60_000_000
WIDEST = 2480  # pixels: a sheet of A4 at 300 dots per inch

type Load = Callable[[str], bytes | None]  # a path on our own site, "/…" → what is kept there


class Forbidden(ValueError):
    """A letter may not show this; the sentence goes to the log."""


def fetcher(base_url: str, load: Load) -> Any:
    """Make what the press asks for pictures. It knows two kinds of address and refuses all others."""
    urls: Any = import_module("weasyprint.urls")

    def fetch(_self: Any, url: str, _headers: Any = None) -> Any:
        if url.startswith(QR):
            return urls.URLFetcherResponse(url, code(url.removeprefix(QR)), {"Content-Type": "image/png"})
        return urls.URLFetcherResponse(url, shrunk(_ours(url, base_url, load)))

    ours = type("OurPictures", (urls.URLFetcher,), {"fetch": fetch})
    return ours(allowed_protocols=())


def _ours(url: str, base_url: str, load: Load) -> bytes:
    path = url.removeprefix(base_url)
    if path == url or not path.startswith("/") or ".." in path:
        raise Forbidden("a letter fetches nothing")
    data = load(path)
    if data is None:
        raise Forbidden("no picture of ours")
    return data


def code(address: str) -> bytes:
    """Draw an address as a QR code: PNG, one pixel per module, with the quiet zone that scanners need.

    A printer shows the pixels as sharp squares (`image-rendering: pixelated`). The mask is fixed: comparing all eight
    costs more than setting the letter's text, and a scanner reads each of them.
    """
    segno: Any = import_module("segno")
    out = io.BytesIO()
    segno.make(address, error="m", micro=False, mask=3).save(out, kind="png", border=2, scale=1)
    return out.getvalue()


def shrunk(data: bytes) -> bytes:
    """Take what is finer than a printer can show out of a picture. Raises Forbidden for what is none, or far too large."""
    if len(data) > MOST:
        raise Forbidden("this picture is too large")
    image_module: Any = import_module("PIL.Image")
    try:
        with image_module.open(io.BytesIO(data)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Forbidden("this picture has too many pixels")
            if image.width <= WIDEST:
                return data
            image.load()
            small = image.resize((WIDEST, max(1, round(image.height * WIDEST / image.width))))
            out = io.BytesIO()
            small.save(out, format=image.format)
            return out.getvalue()
    except (OSError, SyntaxError, ValueError, image_module.DecompressionBombError) as error:
        raise Forbidden("this is no picture we can print") from error
