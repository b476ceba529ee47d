"""A mailing written out: blocks to MJML, to HTML and to text, with places to fill, before it is put into MIME."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.translation import override

from mailings.rendering import frame, headers, ownhtml, pieces, sourced, variables
from mailings.rendering.blocks import OWN, Document
from mailings.rendering.escaping import Context, RenderError
from mailings.rendering.frame import Footer, Part
from mailings.rendering.pieces import Pieces
from mailings.rendering.sourced import Source
from mailings.rendering.writing import Link, Pen, Problem


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mailing as far as rendering needs it: plain values."""

    document: Document
    name: str
    subject: str
    preheader: str = ""
    from_name: str = ""
    from_address: str
    reply_to: str = ""
    has_attachments: bool = False
    from_varies: bool = False  # a recipient's own contact among us, where there is one
    reply_varies: bool = False
    number: int = 0  # of the mailing: Feedback-ID
    subscription_code: str = ""
    subscription_name: str = ""
    sender_name: str = ""
    postal_address: str = ""
    base_url: str
    list_domain: str  # List-Id, Feedback-ID
    is_marketing: bool = True  # what is not cannot be unsubscribed from
    is_response: bool = False  # to a form that somebody just sent
    track_opens: bool = True
    track_clicks: bool = True
    campaign: tuple[tuple[str, str], ...] = ()  # names and values put behind each link
    is_test: bool = False
    links_before: int = 0  # of other editions of the mailing: numbers go on behind them


@dataclass(frozen=True)
class Draft:
    """A message before it is put into MIME: what each part says, with places to fill."""

    headers: tuple[headers.Header, ...]
    subject: Pieces
    text: Pieces
    html: Pieces
    links: tuple[Link, ...]
    problems: tuple[Problem, ...]
    has_attachments: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """Which data keys filling this message reads."""
        return frozenset(key for part in (self.subject, self.text, self.html) for key in pieces.keys(part))


def draft(letter: Letter) -> Draft:
    """Write a letter out, in its own language; mistakes stay in it literally and are named."""
    constants = {
        "mailing.name": letter.name,
        "mailing.subject": letter.subject,
        "mailing.sender": letter.from_name,
        "sender.name": letter.sender_name,
        "sender.address": ", ".join(letter.postal_address.split("\n")),
        "sender.email": letter.from_address,
    }
    pen = Pen(
        letter.base_url,
        constants,
        letter.document.language,
        track_clicks=letter.track_clicks,
        track_opens=letter.track_opens,
        sets_trap=letter.track_clicks and letter.is_marketing,
        campaign=letter.campaign,
        links_before=letter.links_before,
    )
    with override(letter.document.language):
        subject = pen.words(_marked(letter), Context.HEADER, where="subject")
        preheader = pen.words(letter.preheader, Context.HTML, where="preheader")
        title = pen.quietly(letter.subject, Context.HTML)
        footer = Footer(letter.sender_name, letter.postal_address, letter.subscription_name, letter.is_marketing)
        language, source = letter.document.language, letter.document.source
        look = frame.Look(preheader, title, language, letter.document.style)
        if source:
            html, text = _as_written(source, footer, look, pen)
        else:
            parts = list(_parts(letter, pen))
            html = frame.page(parts, footer=footer, look=look, pen=pen)
            text = _text(parts, frame.footer_text(footer, pen))
    cut = pen.marks.cut
    return Draft(
        _headers(letter, pen),
        cut(subject),
        cut(text),
        cut(f"{html}\n"),
        tuple(pen.links),
        tuple(pen.problems),
        letter.has_attachments,
    )


def _as_written(source: Source, footer: Footer, look: frame.Look, pen: Pen) -> tuple[str, str]:
    """Write a mail of somebody's own HTML or MJML; our footer stays away where theirs has all that it must say."""
    whole = sourced.whole(source)
    pen.block = OWN
    if whole.mistake:
        pen.problems.append(Problem(OWN, "source", whole.mistake))
    before, pen.problems = pen.problems, []
    written = ownhtml.write(whole.body, pen, where="source")
    pen.problems = before + sourced.placed(source, pen.problems, block=OWN)
    pen.block = ""
    named = {merge.variable.name for merge in variables.parse(whole.body).merges}
    has_own = {"link.unsubscribe", "sender.address"} <= named
    html = frame.around(written.html, whole, footer=None if has_own else footer, look=look, pen=pen)
    return html, written.text + ("\n" if has_own else f"\n\n-- \n{frame.footer_text(footer, pen)}\n")


def used_variables(letter: Letter) -> frozenset[str]:
    """Name the variables whose values must be copied per recipient, conditions included."""
    known = variables.catalogue()
    return frozenset(key for key in draft(letter).keys if key in known)


def _headers(letter: Letter, pen: Pen) -> tuple[headers.Header, ...]:
    try:
        return headers.of(letter)
    except RenderError as refusal:
        place = {"_from": "from_address", "_reply_to": "reply_to"}.get(refusal.key, "from_name")
        pen.problems.append(Problem("", place, str(refusal)))
        return headers.of(replace(letter, from_name="", from_address=f"nobody@{letter.list_domain}", reply_to=""))


def _marked(letter: Letter) -> str:
    return f"[Test] {letter.subject}" if letter.is_test else letter.subject


def _parts(letter: Letter, pen: Pen) -> Iterator[Part]:
    for block in letter.document.blocks:
        pen.block = block.id
        written = block.write(pen, letter.document.style)
        if block.only_if is None:
            yield Part(written, hide=block.hide)
        else:
            yield Part(written, *pen.marks.when(block.only_if), hide=block.hide)
    pen.block = ""


def _text(parts: list[Part], footer: str) -> str:
    """Put an empty line between the blocks, and the footer below the usual dashes."""
    blocks = "".join(f"{part.before}{part.written.text}\n\n{part.after}" for part in parts if part.written.text)
    return f"{blocks}-- \n{footer}\n"
