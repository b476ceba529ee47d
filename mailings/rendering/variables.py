"""Merge variables: the catalogue, and how `[[customer.firstname|friend]]` is read. No engine, nothing to run."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MAX_FALLBACK = 100


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
    ("ourContact.name", gettext_lazy("Our contact"), "Joost Bakker"),
    ("ourContact.email", gettext_lazy("E-mail of our contact"), "joost@example.org"),
    ("supportContact.name", gettext_lazy("Our support contact"), "Sanne de Boer"),
    ("supportContact.email", gettext_lazy("E-mail of our support contact"), "sanne@example.org"),
    ("form.name", gettext_lazy("Form"), gettext_lazy("Open day")),
    ("form.answers", gettext_lazy("What was filled in"), gettext_lazy("How many are you: 2")),
    ("mailing.name", gettext_lazy("Name of mailing"), gettext_lazy("Open day")),
    ("mailing.subject", gettext_lazy("Subject"), gettext_lazy("Open day")),
    ("mailing.sender", gettext_lazy("From, name"), "De Werkbank"),
    ("link.unsubscribe", gettext_lazy("Address of the unsubscribe page"), "https://example.org/u/"),
    ("link.preferences", gettext_lazy("Address of the preferences page"), "https://example.org/p/"),
    ("link.view", gettext_lazy("Address of the online version"), "https://example.org/v/"),
)
# What SuperOffice calls the same things, so that a copied text works.
ALIASES: Mapping[str, str] = {
    "customer.bestName": "customer.salutation",
    "company.domain": "company.website",
    "company.ourContact.name": "ourContact.name",
    "company.ourContact.email": "ourContact.email",
    "link.subscription": "link.unsubscribe",
    "link.viewShipmentMessage": "link.view",
}
GROUP_LABELS: Mapping[str, str | Promise] = {
    "customer": gettext_lazy("Person"),
    "company": gettext_lazy("Company"),
    "ourContact": gettext_lazy("Our contact"),
    "supportContact": gettext_lazy("Support contact"),
    "form": gettext_lazy("Answer to a form"),
    "mailing": gettext_lazy("Mailing"),
    "link": gettext_lazy("Links"),
}


@dataclass(frozen=True)
class Merge:
    """A variable as it stands in a text, with what to say when the recipient has no value."""

    variable: Variable
    fallback: str = ""

    def __str__(self) -> str:
        return f"[[{self.variable.name}|{self.fallback}]]" if self.fallback else f"[[{self.variable.name}]]"


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

    pieces: tuple[str | Merge, ...]
    mistakes: tuple[Mistake, ...]

    @property
    def merges(self) -> Iterator[Merge]:
        return (piece for piece in self.pieces if isinstance(piece, Merge))


_OPEN = re.compile(r"\[\[")
_BODY = re.compile(r"\s*([A-Za-z][\w.]*)\s*(?:\|([^\[\]|\r\n]*))?", re.ASCII)


# Open: variables that the house made itself; an app gives them in its AppConfig.ready(). Their names hold ".x_".
own: list[Callable[[], Iterable[Variable]]] = []


def catalogue() -> Mapping[str, Variable]:
    """Give all variables there are today."""
    return {**CATALOGUE, **{one.name: one for some in own for one in some()}}


def find(name: str) -> Variable | None:
    """Give the variable of this name, by our name or by SuperOffice's."""
    if ".x_" in name:
        return catalogue().get(name)
    return CATALOGUE.get(ALIASES.get(name, name))


def parse(text: str) -> Parsed:
    """Cut a text at its `[[name|fallback]]`; never raises, names every mistake with its position."""
    if "[[" not in text:
        return Parsed((text,) if text else (), ())
    pieces: list[str | Merge] = []
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
        found = _read(text[start + 2 : end])
        if isinstance(found, str):
            mistakes.append(Mistake(start, end + 2, text[start : end + 2], found))
            continue
        if start > done:
            pieces.append(text[done:start])
        pieces.append(found)
        done = end + 2
    if done < len(text):
        pieces.append(text[done:])
    return Parsed(tuple(pieces), tuple(mistakes))


def _read(body: str) -> Merge | str:
    """Give the variable written between the brackets, or the sentence that says why it is none."""
    match = _BODY.fullmatch(body)
    if match is None:
        return _("Write a variable as [[customer.firstname]] or [[customer.firstname|friend]].")
    name, fallback = match.group(1), (match.group(2) or "").strip()
    variable = find(name)
    if variable is None:
        return _("“%(name)s” is not a variable we know.") % {"name": name}
    if len(fallback) > MAX_FALLBACK:
        return _("The words for “no value” may have %(count)d characters.") % {"count": MAX_FALLBACK}
    return Merge(variable, fallback)
