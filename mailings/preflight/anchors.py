"""The links of a block as its writer made them: where to, and with which words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from mailings.rendering import blocks


@dataclass(frozen=True)
class Anchor:
    url: str
    words: str


def of(block: blocks.Block) -> Sequence[Anchor]:
    """Give the links of one block, in order."""
    match block:
        case blocks.Button(url=url, text=text) if url:
            return [Anchor(url, text)]
        case blocks.Image(link=url, alt=alt) if url:
            return [Anchor(url, alt)]
        case blocks.Text(html=html):
            return in_html(html)
        case _:
            return []


def web_addresses(kept: Iterable[blocks.Block]) -> list[str]:
    """Give the web addresses that the blocks link to, each once."""
    urls = (anchor.url for block in kept for anchor in of(block))
    return list(dict.fromkeys(url for url in urls if url.lower().startswith(("http://", "https://"))))


def in_html(html: str) -> list[Anchor]:
    """Give the links of a piece of HTML."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return [Anchor(url, words) for url, words in reader.found]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.is_inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.is_inside = True
            self.found.append((given["href"] or "", ""))
        elif tag == "img" and self.is_inside:
            self.handle_data(given.get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        self.is_inside = self.is_inside and tag != "a"

    def handle_data(self, data: str) -> None:
        if self.is_inside:
            url, words = self.found[-1]
            self.found[-1] = (url, words + data)
