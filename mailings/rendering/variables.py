"""Merge variables: the catalogue, and how `[[customer.firstname|friend]]` is read. No engine, nothing to run."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings.rendering import notation

MAX_FALLBACK = 100
MAX_OPEN = 20  # conditions inside each other


@dataclass(frozen=True)
class Variable:
    """A word a writer can put into a mail; `key` is where its value stands in the recipient's data."""

    name: str
    label: str | Promise
    example: str | Promise
    key: str

    @property
    def group(self) -> str:
        return self.name.split(".", 1)[0]


def _variables(*rows: tuple[str, str | Promise, str | Promise]) -> dict[str, Variable]:
    keys = {"link.unsubscribe": "_unsubscribe", "link.preferences": "_preferences", "link.view": "_view"}
    return {name: Variable(name, label, example, keys.get(name, name)) for name, label, example in rows}


ONLINE = "mailing.online"
# Names follow SuperOffice (reference/superoffice.md 1.4). `mailing.*` is the same for everybody and filled when
# compiling; `link.*` comes from the sender; the rest is copied into the message when the audience is frozen.
CATALOGUE: Mapping[str, Variable] = _variables(
    ("customer.firstname", gettext_lazy("First name"), "Hanna"),
    ("customer.middlename", gettext_lazy("Middle name"), "de"),
    ("customer.lastname", gettext_lazy("Last name"), "Wit"),
    ("customer.name", gettext_lazy("Full name"), "Hanna de Wit"),
    ("customer.salutation", gettext_lazy("Name, or else e-mail"), "Hanna de Wit"),
    ("customer.title", gettext_lazy("Title"), gettext_lazy("Head of purchasing")),
    ("customer.email", gettext_lazy("E-mail"), "hanna@example.org"),
    ("customer.phone", gettext_lazy("Phone"), "+31 10 123 45 67"),
    ("customer.cellphone", gettext_lazy("Mobile"), "+31 6 12345678"),
    ("customer.street", gettext_lazy("Street and number"), "Havenstraat 14"),
    ("customer.postcode", gettext_lazy("Postcode"), "3024 SC"),
    ("customer.city", gettext_lazy("City"), "Rotterdam"),
    ("customer.region", gettext_lazy("State or region"), "Zuid-Holland"),
    ("customer.note", gettext_lazy("Notes"), gettext_lazy("Likes tea")),
    ("customer.language", gettext_lazy("Language"), "nl"),
    ("customer.country", gettext_lazy("Country"), "NL"),
    ("customer.id", gettext_lazy("Person number"), "4711"),
    ("company.name", gettext_lazy("Company"), "Bakkerij De Wit"),
    ("company.city", gettext_lazy("City of the company"), "Rotterdam"),
    ("company.country", gettext_lazy("Country of the company"), "NL"),
    ("company.website", gettext_lazy("Website of the company"), "https://example.org/"),
    ("company.adr", gettext_lazy("Street of the company"), "Kade 4"),
    ("company.postcode", gettext_lazy("Postcode of the company"), "3011 AB"),
    ("company.phone", gettext_lazy("Phone of the company"), "+31 10 123 45 67"),
    ("company.email", gettext_lazy("E-mail of the company"), "info@example.org"),
    ("company.note", gettext_lazy("Notes about the company"), gettext_lazy("Customer since 1998")),
    ("company.id", gettext_lazy("Company number"), "812"),
    ("company.ourContact.name", gettext_lazy("Our contact at the company"), "Joost Bakker"),
    ("company.ourContact.email", gettext_lazy("E-mail of our contact at the company"), "joost@example.org"),
    ("ourContact.name", gettext_lazy("Our contact"), "Joost Bakker"),
    ("ourContact.email", gettext_lazy("E-mail of our contact"), "joost@example.org"),
    ("supportContact.name", gettext_lazy("Our support contact"), "Sanne de Boer"),
    ("supportContact.email", gettext_lazy("E-mail of our support contact"), "sanne@example.org"),
    ("form.name", gettext_lazy("Form"), gettext_lazy("Open day")),
    ("form.answers", gettext_lazy("What was filled in"), gettext_lazy("How many are you: 2")),
    ("sender.name", gettext_lazy("Our name"), "De Werkbank"),
    ("sender.address", gettext_lazy("Our postal address"), "Havenstraat 14, 3024 SC Rotterdam"),
    ("sender.email", gettext_lazy("Our e-mail"), "hallo@dewerkbank.example"),
    ("mailing.name", gettext_lazy("Name of mailing"), gettext_lazy("Open day")),
    ("mailing.subject", gettext_lazy("Subject"), gettext_lazy("Open day")),
    ("mailing.sender", gettext_lazy("From, name"), "De Werkbank"),
    ("mailing.online", gettext_lazy("1 in the online version"), ""),
    ("link.unsubscribe", gettext_lazy("Address of the unsubscribe page"), "https://example.org/u/"),
    ("link.preferences", gettext_lazy("Address of the preferences page"), "https://example.org/p/"),
    ("link.view", gettext_lazy("Address of the online version"), "https://example.org/v/"),
)
# What SuperOffice calls the same things, so that a copied text works.
ALIASES: Mapping[str, str] = {
    "customer.bestName": "customer.salutation",
    "company.domain": "company.website",
    "link.subscription": "link.unsubscribe",
    "link.viewShipmentMessage": "link.view",
    "isWebPage": ONLINE,
    "company.ourSalesContact.name": "company.ourContact.name",
    "company.ourSalesContact.email": "company.ourContact.email",
    "config.companyName": "sender.name",
    "config.companyAddress": "sender.address",
    "config.defaultMail": "sender.email",
}
GROUP_LABELS: Mapping[str, str | Promise] = {
    "customer": gettext_lazy("Person"),
    "company": gettext_lazy("Company"),
    "ourContact": gettext_lazy("Our contact"),
    "supportContact": gettext_lazy("Support contact"),
    "form": gettext_lazy("Answer to a form"),
    "sender": gettext_lazy("Our house"),
    "mailing": gettext_lazy("Mailing"),
    "link": gettext_lazy("Links"),
}


@dataclass(frozen=True)
class Merge:
    """A variable as it stands in a text, with what to say when the recipient has no value."""

    variable: Variable
    fallback: str = ""
    pattern: str = ""  # of a date or a number: rendering.notation

    def __str__(self) -> str:
        pattern = f":{self.pattern}" if self.pattern else ""
        fallback = f"|{self.fallback}" if self.fallback else ""
        return f"[[{self.variable.name}{pattern}{fallback}]]"


class Word(StrEnum):
    """The words of a condition within a text."""

    IF = "IF"
    ELSEIF = "ELSEIF"
    ELSE = "ELSE"
    ENDIF = "ENDIF"


@dataclass(frozen=True)
class Fork:
    """One word of a condition: `[[IF:customer.language="nl"]]`, `[[ELSEIF:company.name]]`, `[[ELSE]]`, `[[ENDIF]]`."""

    word: Word
    variable: Variable | None = None
    operator: str = ""  # "is", "is_not", "filled", "empty"
    value: str = ""
    written: str = field(default="", compare=False)
    start: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True)
class Mistake:
    """Something that cannot be read as a variable, and where (counted from 0)."""

    start: int
    end: int
    text: str
    sentence: str


@dataclass(frozen=True)
class Parsed:
    """A text cut into words and variables. What is wrong stays in it literally and is named in `mistakes`."""

    pieces: tuple["Piece", ...]
    mistakes: tuple[Mistake, ...]

    @property
    def merges(self) -> Iterator[Merge]:
        return (piece for piece in self.pieces if isinstance(piece, Merge))

    @property
    def forks(self) -> Iterator[Fork]:
        return (piece for piece in self.pieces if isinstance(piece, Fork))


Piece = str | Merge | Fork

_OPEN = re.compile(r"\[\[")
_BODY = re.compile(r"\s*([A-Za-z][\w.]*)\s*(?::([^\[\]|\r\n]*))?(?:\|([^\[\]|\r\n]*))?", re.ASCII)
_WORD = re.compile(r"\s*(IF|ELSE ?IF|ELSE|END ?IF)(?![\w.])\s*:?\s*(.*)", re.ASCII | re.DOTALL)
_TEST = re.compile(
    r"""(!?)\s*([A-Za-z][\w.]*)\s*(?:(==?|!=|<>)\s*["“”'‘’]([^"“”\[\]\r\n]{0,100})["“”'‘’])?\s*""", re.ASCII
)


# Open: variables that the house made itself; an app gives them in its AppConfig.ready(). Their names hold ".x_".
own: list[Callable[[], Iterable[Variable]]] = []


def catalogue() -> Mapping[str, Variable]:
    """Give all variables there are today."""
    return {**CATALOGUE, **{one.name: one for some in own for one in some()}}


def groups() -> list[tuple[str | Promise, list[Variable]]]:
    """Give the variables a writer may choose, by group."""
    rows = catalogue().values()
    return [(label, [one for one in rows if one.group == group]) for group, label in GROUP_LABELS.items()]


def find(name: str) -> Variable | None:
    """Give the variable of this name, by our name or by SuperOffice's."""
    if ".x_" in name:
        return catalogue().get(name)
    return CATALOGUE.get(ALIASES.get(name, name))


def parse(text: str, *, is_whole: bool = True) -> Parsed:
    """Cut a text at its `[[name|fallback]]` and conditions; never raises, names every mistake with its position.

    In a whole text every IF has its ENDIF; of a part of one, whoever puts the parts together looks after that.
    """
    if "[[" not in text:
        return Parsed((text,) if text else (), ())
    pieces: list[Piece] = []
    mistakes: list[Mistake] = []
    done = 0
    for opening in _OPEN.finditer(text):
        start = opening.start()
        if start < done:
            continue
        end = text.find("]]", start + 2)
        if end < 0:
            mistakes.append(Mistake(start, len(text), text[start : start + 40], _("“[[” has no “]]” behind it.")))
            break
        found = _read(text[start + 2 : end], start)
        if isinstance(found, str):
            mistakes.append(Mistake(start, end + 2, text[start : end + 2], found))
            continue
        if start > done:
            pieces.append(text[done:start])
        pieces.append(found)
        done = end + 2
    if done < len(text):
        pieces.append(text[done:])
    if is_whole and (wrong := list(_unbalanced(pieces))):
        pieces = [str(piece) if isinstance(piece, Fork) else piece for piece in pieces]
        mistakes = sorted([*mistakes, *wrong], key=lambda one: one.start)
    return Parsed(tuple(pieces), tuple(mistakes))


def _unbalanced(pieces: Iterable[Piece]) -> Iterator[Mistake]:
    """Name each word of a condition that stands where none can."""
    opened: list[Fork] = []  # of each open condition the word that came last
    for fork in pieces:
        if not isinstance(fork, Fork):
            continue
        if fork.word is Word.IF:
            opened.append(fork)
            if len(opened) > MAX_OPEN:
                sentence = _("At most %(count)d conditions stand inside each other.") % {"count": MAX_OPEN}
                yield mistake_at(fork, sentence)
        elif not opened:
            yield mistake_at(fork, _("“%(word)s” has no “IF” before it.") % {"word": fork.word.value})
        elif fork.word is Word.ENDIF:
            opened.pop()
        elif opened[-1].word is Word.ELSE:
            yield mistake_at(fork, _("Behind “ELSE” only “ENDIF” can follow."))
        else:
            opened[-1] = fork
    for fork in opened:
        yield mistake_at(fork, never_ended(fork))


def asked(name: str, operator: str, value: str) -> str:
    """Write a condition as a writer would, without its brackets: `IF:customer.language="nl"`."""
    match operator:
        case "is":
            return f'IF:{name}="{value}"'
        case "is_not":
            return f'IF:{name}!="{value}"'
        case "filled":
            return f"IF:{name}"
        case _:
            return f"IF:!{name}"


def never_ended(fork: Fork) -> str:
    """Say that a condition has no end."""
    return _("“%(word)s” has no “[[ENDIF]]” behind it in the same paragraph.") % {"word": fork.word.value}


def mistake_at(fork: Fork, sentence: str) -> Mistake:
    """Say what is wrong with a word of a condition."""
    return Mistake(fork.start, fork.start + len(fork.written), fork.written, sentence)


def _read(body: str, start: int) -> Merge | Fork | str:
    """Give the variable or condition written between the brackets, or the sentence that says why it is none."""
    if word := _WORD.fullmatch(body):
        return _condition(Word(word.group(1).replace(" ", "")), word.group(2), f"[[{body}]]", start)
    match = _BODY.fullmatch(body)
    if match is None:
        return _("Write a variable as [[customer.firstname]] or [[customer.firstname|friend]].")
    name, fallback = match.group(1), (match.group(3) or "").strip()
    variable = find(name)
    if variable is None:
        return _("“%(name)s” is not a variable we know.") % {"name": name}
    if len(fallback) > MAX_FALLBACK:
        return _("The words for “no value” may have %(count)d characters.") % {"count": MAX_FALLBACK}
    if match.group(2) is None:
        return Merge(variable, fallback)
    pattern = notation.read(match.group(2))
    return notation.refusal(pattern) or Merge(variable, fallback, pattern)


def _condition(word: Word, asked: str, written: str, start: int) -> Fork | str:
    if word in (Word.ELSE, Word.ENDIF):
        if asked.strip():
            return _("Nothing stands behind “%(word)s”.") % {"word": word.value}
        return Fork(word, written=written, start=start)
    test = _TEST.fullmatch(asked)
    if test is None:
        return _('Write a condition as [[IF:company.name]] or [[IF:customer.language="nl"]].')
    negated, name, sign, value = test.groups()
    variable = find(name)
    if variable is None:
        return _("“%(name)s” is not a variable we know.") % {"name": name}
    if variable.group in {"link", "mailing", "sender"} and variable.name != ONLINE:
        return _("“%(name)s” is the same for everybody: nothing depends on it.") % {"name": name}
    is_other = bool(negated) ^ (sign in ("!=", "<>"))
    if sign:
        return Fork(word, variable, "is_not" if is_other else "is", value.strip(), written, start)
    return Fork(word, variable, "empty" if is_other else "filled", "", written, start)
