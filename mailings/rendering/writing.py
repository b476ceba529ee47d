"""The hand that writes a mail: turns writers' words into marked HTML and marked text, and numbers the links."""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from mailings.rendering import links, picturing, variables
from mailings.rendering.escaping import ESCAPES, Context
from mailings.rendering.forks import Forks
from mailings.rendering.pieces import Marks, Slot, scrub
from mailings.rendering.variables import Fork, Merge, Mistake, Piece


@dataclass(frozen=True)
class Link:
    """A counted link: its number is the last part of the tracked address."""

    number: int
    url: str
    name: str


@dataclass(frozen=True)
class Problem:
    """Something in a block (or, with an empty `block`, in subject or preheader) that keeps a mail from being sent."""

    block: str
    field: str
    sentence: str
    start: int = 0
    end: int = 0
    words: str = ""  # the address that is meant, so that it can be found in a source


@dataclass(frozen=True)
class Address:
    """Where a link leads, marked: escaped for an attribute, and as the text part shows it."""

    attribute: str
    text: str
    number: int = 0  # of a counted link


@dataclass
class Pen:
    """Writes one mail. `block` names the block being written, so that a problem can say where it is."""

    base_url: str
    constants: Mapping[str, str]  # mailing.*: the same for everybody
    language: str = "en"  # of dates and numbers
    track_clicks: bool = True
    track_opens: bool = True
    sets_trap: bool = False  # a link that only machines follow
    campaign: tuple[tuple[str, str], ...] = ()
    links_before: int = 0
    marks: Marks = field(default_factory=Marks)
    links: list[Link] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    block: str = ""

    def words(self, text: str, context: Context, *, where: str) -> str:
        """Escape a writer's words for a context; their variables become marks (mistakes stay as they are)."""
        self._report(variables.parse(scrub(text)).mistakes, where)
        return self.quietly(text, context)

    def quietly(self, text: str, context: Context) -> str:
        """The same words for another part of the mail: their mistakes have been named already."""
        forks = Forks(self.marks)
        return "".join(
            forks.turn(piece) if isinstance(piece, Fork) else self._piece(piece, context)
            for piece in variables.parse(scrub(text)).pieces
        )

    def partly(self, text: str, context: Context, forks: Forks, place: object, *, where: str = "") -> str:
        """Write a part of a text whose conditions may end in a later part, at the same place; `where` names mistakes."""
        parsed = variables.parse(scrub(text), is_whole=False)
        mistakes = list(parsed.mistakes)
        written = []
        for piece in parsed.pieces:
            if isinstance(piece, Fork) and (sentence := forks.refusal(piece, place)):
                mistakes.append(variables.mistake_at(piece, sentence))
                written.append(ESCAPES[context](str(piece)))
            else:
                written.append(forks.turn(piece, place) if isinstance(piece, Fork) else self._piece(piece, context))
        if where:
            self._report(tuple(mistakes), where)
        return "".join(written)

    def leave(self, forks: Forks, place: object, *, where: str = "") -> str:
        """End the conditions that are still open where an element ends; `where` names them as mistakes."""
        opened = forks.opened_in(place)
        if where:
            self._report(tuple(variables.mistake_at(one, variables.never_ended(one)) for one in opened), where)
        return forks.close(place)

    def address(self, url: str, name: str, *, where: str) -> Address | None:
        """Give the address a reader gets: counted, straight, or None (and a problem) if a mail may not link there."""
        try:
            url = links.check(scrub(url))
            pieces = variables.parse(url).pieces
            if links.is_link_variable(pieces):
                return self._written(pieces, Context.HTML)
            url = links.with_campaign(url, self.campaign)
            pieces = variables.parse(url).pieces
            if not links.is_tracked(url):
                return self._written(tuple(_wire(pieces)), Context.URL)
            url = links.on_the_wire(url)
        except links.BadLink as refusal:
            self.problems.append(Problem(self.block, where, str(refusal), words=url))
            return None
        return self._counted(url, name) if self.track_clicks else self._written((url,), Context.URL)

    def keep(self, written: str) -> str:
        """Put finished HTML aside, so that MJML sees one word in its place."""
        return self.marks.keep(written)

    def picture(self, url: str, *, where: str, width: int = 0) -> str | None:
        """Give the address of a picture, escaped for an attribute, or None (and a problem) if it cannot be one.

        `width` is how wide it is shown in pixels: of our own pictures a narrower copy may do.
        """
        try:
            return html.escape(links.picture(picturing.fitting(scrub(url).strip(), width), self.base_url))
        except links.BadLink as refusal:
            self.problems.append(Problem(self.block, where, str(refusal), words=url))
            return None

    def own(self, key: str, before: str = "", after: str = "") -> Address:
        """Give an address that the sender supplies, or that has one of the sender's values in it."""
        return Address(
            html.escape(before) + self.marks.slot(Slot(Context.HTML, key)) + html.escape(after),
            before + self.marks.slot(Slot(Context.TEXT, key)) + after,
        )

    @property
    def trap(self) -> str:
        """The hidden link's address, where links are counted and there are any: its number is 0 (tracking.hits)."""
        return self.own("_token", f"{self.base_url}/c/", "/0").attribute if self.sets_trap and self.links else ""

    def name(self, address: Address, words: str) -> None:
        """Say what a counted link is called, once its words are known."""
        if address.number:
            place = address.number - self.links_before - 1
            self.links[place] = replace(self.links[place], name=readable(words))

    def _counted(self, url: str, name: str) -> Address:
        number = self.links_before + len(self.links) + 1
        self.links.append(Link(number, url, readable(name)))
        return replace(self.own("_token", f"{self.base_url}/c/", f"/{number}"), number=number)

    def _written(self, pieces: tuple[Piece, ...], context: Context) -> Address:
        as_text = Context.TEXT if context is Context.HTML else context
        return Address(
            "".join(self._merge(p, context) if isinstance(p, Merge) else html.escape(str(p)) for p in pieces),
            "".join(self._merge(p, as_text) if isinstance(p, Merge) else str(p) for p in pieces),
        )

    def _piece(self, piece: str | Merge, context: Context) -> str:
        return self._merge(piece, context) if isinstance(piece, Merge) else ESCAPES[context](piece)

    def _merge(self, merge: Merge, context: Context) -> str:
        constant = self.constants.get(merge.variable.name)
        if constant is not None:
            return ESCAPES[context](scrub(constant) or merge.fallback)
        return self.marks.merge(merge, context, self.language)

    def _report(self, mistakes: tuple[Mistake, ...], where: str) -> None:
        for mistake in mistakes:
            self.problems.append(Problem(self.block, where, mistake.sentence, mistake.start, mistake.end))


def readable(text: str) -> str:
    """Give a text with its variables by their human names, as a list shows it."""
    pieces = variables.parse(scrub(text)).pieces
    words = "".join(
        str(piece.variable.label) if isinstance(piece, Merge) else piece if isinstance(piece, str) else " "
        for piece in pieces
    )
    return " ".join(words.split())[:200]


def _wire(pieces: tuple[Piece, ...]) -> Iterator[Piece]:
    """Put the static parts of an address into ASCII; the first one holds the name of the site."""
    for number, piece in enumerate(pieces):
        if not isinstance(piece, str):
            yield piece
        else:
            yield links.quoted(piece) if number else links.on_the_wire(piece)
