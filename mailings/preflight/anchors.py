"""The links of a block as its writer made them: where to, and with which words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from mailings.rendering import blocks, links
from mailings.rendering.compound import NETWORKS


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
        case blocks.Text(html=html) | blocks.Code(html=html):
            return in_html(html)
        case blocks.Columns(cells=cells):
            return [anchor for cell in cells for anchor in _in_cell(cell.html, cell.url, cell.button)]
        case blocks.Product(html=html, url=url, button=button):
            return _in_cell(html, url, button)
        case blocks.Menu():
            return [Anchor(url, words) for words, url in block.rows if url]
        case blocks.Social():
            return [Anchor(url, str(name)) for code, name in NETWORKS.items() if (url := getattr(block, code))]
        case _:
            return []


def _in_cell(html: str, url: str, button: str) -> list[Anchor]:
    return in_html(html) + ([Anchor(url, button)] if url else [])


def web_addresses(kept: Iterable[blocks.Block]) -> list[str]:
    """Give the web addresses that the blocks link to, each once."""
    urls = [_whole(anchor.url) for block in kept for anchor in of(block)]
    return list(dict.fromkeys(url for url in urls if url.lower().startswith(("http://", "https://"))))


def _whole(url: str) -> str:
    try:
        return links.check(url)
    except links.BadLink:
        return ""


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
