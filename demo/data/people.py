"""Two thousand people with their companies, drawn from a seed. Pure."""

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from demo.data import names

SEED = 7
PEOPLE = 2000
COMPANIES = 120


class Group(StrEnum):
    """The lists that people stand on."""

    NEWSLETTER = "newsletter"
    EVENTS = "events"
    DONORS = "donors"
    EMPLOYERS = "employers"
    OPEN_DAY = "open_day"
    APPRENTICES = "apprentices"
    COURSE = "course"


class Consent(StrEnum):
    """What somebody's first evidence is; demo.data.evidence writes it out."""

    SIGN_UP = "sign_up"
    BOX = "box"
    PURCHASE = "purchase"
    OLD_PURCHASE = "old_purchase"
    GIFT = "gift"
    STAND = "stand"
    CONTRACT = "contract"
    SPOKEN = "spoken"
    NONE = "none"


def street(place: int) -> str:
    """A street and number; the same place has always the same."""
    return f"{names.STREETS[place % len(names.STREETS)]} {1 + place * 7 % 190}"


def postcode(place: int, country: str) -> str:
    """A postcode as the country writes it."""
    if country == "NL":
        return f"{1011 + place * 97 % 8900} {chr(65 + place % 26)}{chr(65 + place // 26 % 26)}"
    return f"{26721 + place % 40}" if country == "DE" else f"{2000 + place * 13 % 7000}"


@dataclass(frozen=True)
class Firm:
    name: str
    city: str
    country: str
    place: int = 0  # gives street and postcode

    @property
    def street(self) -> str:
        return street(self.place)

    @property
    def postcode(self) -> str:
        return postcode(self.place, self.country)

    @property
    def host(self) -> str:
        return f"{slug(self.name)}.example"


@dataclass(frozen=True)
class Someone:
    first: str
    last: str
    middle: str = ""
    title: str = ""
    firm: int | None = None  # place in the list of firms
    language: str = "nl"
    country: str = "NL"
    phone: str = ""
    addresses: tuple[str, ...] = ()  # the first is the one we write to
    groups: frozenset[Group] = frozenset()
    consent: Consent = Consent.NONE
    contact: int = 0  # place in the list of our own people
    is_former: bool = False
    notes: str = ""


NAMED = (
    Someone(
        "Hanna", "Wit", "de", "Owner", 0, phone="+31612345678",
        addresses=("hanna@bakkerijdewit.example", "hannadewit@planet.example"),
        groups=frozenset((Group.NEWSLETTER, Group.EVENTS, Group.EMPLOYERS, Group.OPEN_DAY)), consent=Consent.BOX,
        contact=1, notes="Takes two apprentices a year. Prefers a call before eight.",
    ),
    Someone(
        "Ruben", "Kuijpers", "", "Foreman", 1, addresses=("ruben.kuijpers@noordmetaal.example",),
        groups=frozenset((Group.EVENTS,)), consent=Consent.SPOKEN, contact=2,
    ),
    Someone(
        "Fatima", "Amrani", "el", "Project leader", 2, addresses=("f.elamrani@wijkbedrijf.example",),
        groups=frozenset((Group.NEWSLETTER, Group.EVENTS)), consent=Consent.OLD_PURCHASE,
    ),
    Someone(
        "Info desk", "Van Vliet", "", "", 3, addresses=("info@vanvlietbouw.example",),
        groups=frozenset((Group.EVENTS, Group.EMPLOYERS)), consent=Consent.PURCHASE,
    ),
    Someone(
        "Sjoerd", "Haverkamp", "", "Owner", 6, addresses=("sjoerd@haverkamp.example",),
        groups=frozenset((Group.EVENTS, Group.OPEN_DAY)), consent=Consent.SIGN_UP,
    ),
    Someone(
        "Marloes", "Prins", "", "Designer", None, addresses=("m.prins@gmial.example",),
        groups=frozenset((Group.NEWSLETTER, Group.EVENTS)), consent=Consent.SIGN_UP,
    ),
    Someone(
        "Teun", "Verbeek", "", "Furniture maker", 4, addresses=("teun.verbeek@houtlab.example",),
        groups=frozenset((Group.NEWSLETTER, Group.EVENTS, Group.COURSE)), consent=Consent.PURCHASE, contact=1,
    ),
    Someone(
        "Ilse", "Brouwer", "", "Designer", 5, addresses=("ilse@studiobrouwer.example",),
        groups=frozenset((Group.NEWSLETTER, Group.DONORS, Group.OPEN_DAY)), consent=Consent.GIFT,
    ),
)  # fmt: skip


def slug(words: str) -> str:
    """ "Çelik & Zn." as it stands in an address: celikzn."""
    plain = unicodedata.normalize("NFKD", words.replace("ı", "i")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", plain)


def firms(*, seed: int = SEED) -> list[Firm]:
    """The companies, named ones first; no two with one name."""
    chance = Random(seed)
    found = [Firm(*row) for row in names.NAMED_COMPANIES]
    pairs = [(head, tail) for head in names.COMPANY_HEADS for tail in names.COMPANY_TAILS]
    for head, tail in chance.sample(pairs, COMPANIES - len(found)):
        city, country, _ = chance.choice(names.CITIES)
        found.append(Firm(f"{head} {tail.replace('_', ' ')}", city, country, len(found)))
    return found


def people(count: int = PEOPLE, *, seed: int = SEED) -> list[Someone]:
    """Everybody, named ones first. A few have no address, share one, or write from that of a function."""
    chance = Random(seed)
    all_firms = firms(seed=seed)
    taken: set[str] = {address for someone in NAMED for address in someone.addresses}
    found = list(NAMED)
    while len(found) < count:
        someone = drawn(chance, all_firms)
        found.append(with_address(someone, chance, all_firms, found, taken))
    return found


def drawn(chance: Random, all_firms: list[Firm]) -> Someone:
    """A person without an address yet."""
    is_english = chance.random() < 0.14
    first = chance.choice(names.FIRST_NAMES_EN if is_english else names.FIRST_NAMES_NL)
    last = chance.choice(names.LAST_NAMES_EN if is_english else names.LAST_NAMES_NL)
    middle, _, last = last.replace("_", " ").rpartition("|")
    firm = chance.randrange(len(all_firms)) if chance.random() < 0.62 else None
    title = chance.choice(names.TITLES) if firm is not None else ""
    city, country, is_near = chance.choice(names.CITIES)
    if firm is not None:
        city, country = all_firms[firm].city, all_firms[firm].country
        is_near = any(row[0] == city and row[2] for row in names.CITIES)
    groups = drawn_groups(chance, title, is_near=is_near)
    return Someone(
        first=first,
        middle=middle,
        last=last,
        title=title,
        firm=firm,
        language="en" if is_english else "nl",
        country="GB" if is_english and firm is None else country,
        phone=f"+316{chance.randrange(10_000_000, 99_999_999)}" if chance.random() < 0.4 else "",
        groups=groups,
        consent=drawn_consent(chance, groups),
        contact=chance.choices((0, 1, 2), (6, 3, 3))[0],
        is_former=firm is not None and chance.random() < 0.012,
    )


def drawn_groups(chance: Random, title: str, *, is_near: bool) -> frozenset[Group]:
    odds = {
        Group.NEWSLETTER: 0.74,
        Group.EVENTS: 0.72 if is_near else 0.06,
        Group.DONORS: 0.24,
        Group.EMPLOYERS: 0.85 if title in names.EMPLOYERS else 0.0,
        Group.OPEN_DAY: 0.16 if is_near else 0.03,
        Group.APPRENTICES: 0.5 if title == "Apprentice" else 0.005,
        Group.COURSE: 0.05,
    }
    return frozenset(group for group, odd in odds.items() if chance.random() < odd)


def drawn_consent(chance: Random, groups: frozenset[Group]) -> Consent:
    if Group.DONORS in groups and chance.random() < 0.8:
        return Consent.GIFT
    if Group.OPEN_DAY in groups and chance.random() < 0.5:
        return Consent.STAND
    kinds = {
        Consent.SIGN_UP: 46,
        Consent.BOX: 18,
        Consent.PURCHASE: 17,
        Consent.CONTRACT: 5,
        Consent.OLD_PURCHASE: 5,
        Consent.SPOKEN: 2,
        Consent.NONE: 7,
    }
    return chance.choices(list(kinds), list(kinds.values()))[0]


def with_address(
    someone: Someone, chance: Random, all_firms: list[Firm], others: list[Someone], taken: set[str]
) -> Someone:
    draw = chance.random()
    if draw < 0.012:
        return someone  # known by phone only
    if draw < 0.02 and someone.firm is not None:
        mailbox = chance.choice(names.ROLE_MAILBOXES)
        return replace(someone, addresses=(f"{mailbox}@{all_firms[someone.firm].host}",))
    if draw < 0.045:  # shares the mailbox of somebody else, as couples do
        partner = others[chance.randrange(len(NAMED), len(others))] if len(others) > len(NAMED) else None
        if partner and partner.addresses and partner.firm is None:
            shared = partner.addresses[:1]
            return replace(someone, middle=partner.middle, last=partner.last, firm=None, title="", addresses=shared)
    addresses = [unique(work_or_home(someone, chance, all_firms), taken)]
    if chance.random() < 0.07:
        addresses.append(unique(home(someone, chance), taken))
    return replace(someone, addresses=tuple(addresses))


def work_or_home(someone: Someone, chance: Random, all_firms: list[Firm]) -> str:
    if someone.firm is None or chance.random() < 0.15:
        return home(someone, chance)
    last = slug(someone.middle + someone.last)
    local = chance.choice((f"{slug(someone.first)}.{last}", f"{slug(someone.first)[0]}.{last}", slug(someone.first)))
    return f"{local}@{all_firms[someone.firm].host}"


def home(someone: Someone, chance: Random) -> str:
    first, last = slug(someone.first), slug(someone.middle + someone.last)
    local = chance.choice((f"{first}.{last}", f"{first}{last}", f"{last}.{first}", f"{first[0]}{last}"))
    return f"{local}@{chance.choice(names.HOSTS)}"


def unique(address: str, taken: set[str]) -> str:
    local, _, host = address.partition("@")
    number = 1
    while address in taken:
        number += 1
        address = f"{local}{number}@{host}"
    taken.add(address)
    return address
