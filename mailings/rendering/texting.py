"""A text message written out once per mailing: words, places to fill, and web addresses that become counted short ones. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext as _

from mailings.rendering import escaping, links, pieces, segments, sms
from mailings.rendering.escaping import Context
from mailings.rendering.pieces import Choice, Condition, Piece, Pieces, Slot
from mailings.rendering.writing import Pen, Problem

VERSION = 1
SHORT = 16  # characters of a short link's token: tracking.tokens
MOST_LINKS = 63  # that fit in a short link's token
LEAVE = 0  # the number of the short link that leads to the page to unsubscribe
LEAVING = "_unsubscribe"  # the key of its address in a recipient's data
# An address with the variables in it; what ends a sentence is not part of it.
_URL = re.compile(r"https?://(?:\[\[[^\[\]\n]*\]\]|[^\s\[\]<>\"])+", re.IGNORECASE)
_ENDS = ".,;:!?)'’”»"
_LINK = re.compile(r"_link(\d+)")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What a writer wrote, as far as rendering needs it."""

    text: str
    name: str  # of the mailing
    language: str = "en"
    sender: str = ""
    track_clicks: bool = True
    campaign: tuple[tuple[str, str], ...] = ()
    is_plain: bool = False  # everything in the GSM alphabet, as far as that goes: names too


@dataclass(frozen=True)
class Compiled:
    """The text, ready to be filled in per recipient."""

    pieces: Pieces
    links: tuple[tuple[int, str, str], ...] = ()  # number, address, name
    problems: tuple[Problem, ...] = ()
    is_plain: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The data keys that filling it reads."""
        return frozenset(pieces.keys(self.pieces))

    @property
    def words(self) -> str:
        """What is the same for everybody."""
        return "".join(_words(self.pieces))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The short links that it asks for, the way out among them."""
        found = {int(match[1]) for key in self.keys if (match := _LINK.fullmatch(key))}
        return tuple(sorted(found | ({LEAVE} if LEAVING in self.keys else set())))

    def render(self, recipient: Mapping[str, object]) -> str:
        """Give the very text that is sent. Raises RenderError when it is empty or longer than a provider takes.

        The recipient has an address for each of `numbers`: `short_links` names their keys.
        """
        text = pieces.join(self.pieces, recipient)
        text = sms.one_form(sms.plain(text) if self.is_plain else text)
        if not text:
            raise escaping.RenderError("text", _("The text is empty."))
        if len(text) > sms.LONGEST:
            sentence = _("The text is longer than %(count)d characters.") % {"count": sms.LONGEST}
            raise escaping.RenderError("text", sentence)
        return text

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "kind": "text",
            "pieces": [_kept(piece) for piece in self.pieces],
            "links": [list(link) for link in self.links],
            "plain": self.is_plain,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Read what was kept. Raises ValueError for what is no compiled text."""
        if kept.get("kind") != "text" or kept.get("version") != VERSION:
            raise ValueError("no compiled text")
        found = tuple((int(number), str(url), str(name)) for number, url, name in kept["links"])
        return cls(tuple(_read(piece) for piece in kept["pieces"]), found, (), bool(kept["plain"]))


def short_key(number: int) -> str:
    """Name the key under which a recipient has the address of a short link."""
    return LEAVING if number == LEAVE else f"_link{number}"


def compile_text(wording: Wording) -> Compiled:
    """Make a text ready to be filled in. Mistakes stay in it literally and are named."""
    constants = {"mailing.name": wording.name, "mailing.subject": wording.name, "mailing.sender": wording.sender}
    pen = Pen("", constants, wording.language, track_clicks=False, campaign=wording.campaign)
    counted: list[str] = []
    text = sms.one_form(wording.text)
    if wording.is_plain:
        text = sms.plain(text)
    marked = _URL.sub(lambda found: _address(found.group(), pen, counted, is_counted=wording.track_clicks), text)
    cut = pen.marks.cut(pen.words(marked, Context.TEXT, where="text"))
    compiled = Compiled(cut, tuple(_link(place, url) for place, url in enumerate(counted, 1)), (), wording.is_plain)
    problems = [*pen.problems]
    if "_view" in compiled.keys:
        problems.append(Problem("", "text", _("A text message has no online version.")))
    if len(counted) > MOST_LINKS:
        problems.append(Problem("", "text", _("A text message has %(count)d links at most.") % {"count": MOST_LINKS}))
    return Compiled(compiled.pieces, compiled.links, tuple(problems), wording.is_plain)


def _link(number: int, url: str) -> tuple[int, str, str]:
    return number, url, url.partition("://")[2][:200]


def _address(written: str, pen: Pen, counted: list[str], *, is_counted: bool) -> str:
    """Give the mark of an address: a short one where it is the same for everybody. What ends the sentence stays behind it."""
    url = written
    while url and url[-1] in _ENDS and not (url[-1] == ")" and "(" in url):
        url = url[:-1]
    rest = written[len(url) :]
    try:
        whole = links.with_campaign(links.check(url), pen.campaign)
        if is_counted and links.is_tracked(whole):
            target = links.on_the_wire(whole)
            if target not in counted:
                counted.append(target)
            return pen.marks.slot(Slot(Context.TEXT, short_key(counted.index(target) + 1))) + rest
    except links.BadLink:
        pass  # the pen says it
    address = pen.address(url, "", where="text")
    return (address.text if address else url) + rest


def _words(of: Pieces) -> Iterator[str]:
    for piece in of:
        if isinstance(piece, str):
            yield piece
        elif isinstance(piece, Choice):
            yield from _words(piece.pieces)


def _kept(piece: Piece) -> Any:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Slot):
        return segments.Value.of(piece).to_json()
    given = piece.condition
    inner = [_kept(one) for one in piece.pieces]
    return {"do": "when", "key": given.key, "operator": given.operator, "value": given.value, "pieces": inner}


def _read(kept: Any) -> Piece:
    if isinstance(kept, str):
        return kept
    if kept["do"] == "when":
        condition = Condition(kept["key"], kept["operator"], kept["value"])
        return Choice(condition, tuple(_read(one) for one in kept["pieces"]))
    return Slot(Context(kept["do"]), kept["key"], kept["or"], segments.read_notation(kept))


def examples(compiled: Compiled, short_url: str) -> dict[str, str]:
    """Stand in for the addresses of the short links: as long as the real ones."""
    return {short_key(number): f"{short_url}{'x' * SHORT}" for number in compiled.numbers}
