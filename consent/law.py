"""Country law on top of the rule table: what a country asks for beyond it, by channel and source.

Pure data and arithmetic. Defaults for the sender's counsel to confirm; the reference's overlay matrix is their
source (ePrivacy 13, Tw 11.7, UWG §7, PECR 22, CASL s.10, TCPA). The strictest of rule table and law wins: a cell can
only take away what the table allows. An unknown country counts as the Netherlands.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent import rules


class Regime(StrEnum):
    """A body of law; each country falls under one of them."""

    NL = "NL"
    DE = "DE"
    FR = "FR"
    UK = "UK"
    CA = "CA"
    US = "US"


COUNTRIES: dict[str, Regime] = {**{regime.value: regime for regime in Regime}, "GB": Regime.UK}
REGIMES: dict[Regime, str | Promise] = {
    Regime.NL: _("The Netherlands, and every country not named here"),
    Regime.DE: _("Germany"),
    Regime.FR: _("France"),
    Regime.UK: _("United Kingdom"),
    Regime.CA: _("Canada"),
    Regime.US: _("United States"),
}


# How else people write the countries of the table, where they write it by hand: three letters, names.
WRITTEN: dict[str, str] = {
    **dict.fromkeys(("NLD", "NETHERLANDS", "THE NETHERLANDS", "NEDERLAND", "HOLLAND"), "NL"),
    **dict.fromkeys(("DEU", "GERMANY", "DEUTSCHLAND", "DUITSLAND"), "DE"),
    **dict.fromkeys(("FRA", "FRANCE", "FRANKRIJK"), "FR"),
    **dict.fromkeys(("GBR", "UNITED KINGDOM", "GREAT BRITAIN", "ENGLAND", "VERENIGD KONINKRIJK"), "GB"),
    **dict.fromkeys(("CAN", "CANADA"), "CA"),
    **dict.fromkeys(("USA", "UNITED STATES", "UNITED STATES OF AMERICA", "VERENIGDE STATEN"), "US"),
}


def code_of(text: str) -> str:
    """Give the code of a country as somebody wrote it, as far as its law is in the table."""
    word = " ".join(text.replace(".", "").upper().split())
    return WRITTEN.get(word, word)


def regime_of(country: str) -> Regime:
    """Give the law of a country code (ISO 3166-1, or UK); unknown is the Netherlands."""
    return COUNTRIES.get(country.strip(" ").upper(), Regime.NL) if country.isascii() else Regime.NL


def regime_at(country: str, channel: str, address: str) -> Regime:
    """Give the law that a message falls under: of the country, but for a text message to a number of North America of
    the United States, unless the country's own law is Canada's or asks for more.
    """
    found = regime_of(country)
    if channel == "sms" and address.startswith(NORTH_AMERICA) and found in LAXER_FOR_NUMBERS:
        return Regime.US
    return found


NORTH_AMERICA = "+1"
LAXER_FOR_NUMBERS = (Regime.NL, Regime.FR, Regime.UK)


class Demand(StrEnum):
    """What the law asks for before it lets a source count."""

    NOTHING = "ok"  # what the rule table says stands
    SOFT = "soft"  # the three conditions of soft opt-in, or else an explicit yes
    EXPLICIT = "exp"  # an explicit yes
    CONFIRMED = "doi"  # an explicit yes that the person confirmed: double opt-in


DEMANDS: dict[Demand, str | Promise] = {
    Demand.NOTHING: _("as the rule says"),
    Demand.SOFT: _("soft opt-in or explicit"),
    Demand.EXPLICIT: _("explicit"),
    Demand.CONFIRMED: _("explicit and confirmed"),
}

SAYINGS: dict[Demand, str | Promise] = {
    Demand.NOTHING: _("The law there asks for nothing more."),
    Demand.SOFT: _("The law there asks for an explicit yes, or for a customer with all of soft opt-in."),
    Demand.EXPLICIT: _("The law there asks for an explicit yes."),
    Demand.CONFIRMED: _("The law there asks for an explicit yes that was confirmed (double opt-in)."),
}

# The reason of a verdict when the demand is not met.
LACKING = {Demand.SOFT: "soft_opt_in", Demand.EXPLICIT: "explicit_needed", Demand.CONFIRMED: "confirm_needed"}

# The three conditions, as keys of the evidence (ePrivacy 13(2)): all of them, or it is no soft opt-in.
SOFT_FLAGS: dict[str, str | Promise] = {
    "own_similar_products": _("We write only about our own, similar products"),
    "refusal_offered": _("They could refuse when they gave the address"),
    "refusal_in_every_message": _("They can refuse in every message"),
}
YES = "yes"


def is_soft(evidence: Mapping[str, object]) -> bool:
    """Say whether the evidence holds all three conditions of soft opt-in."""
    return all(evidence.get(flag) in (YES, True) for flag in SOFT_FLAGS)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix. `months`: the law's own clock from the evidence date; 0 means none."""

    demand: Demand = Demand.NOTHING
    months: int = 0


OPEN = Cell()


@dataclass(frozen=True, slots=True)
class Law:
    """The matrix. A source without a cell is left to the rule table.

    `cells` speak of evidence that is not explicit. `confirmed` names where even an explicit yes must be confirmed,
    `free` where no consent is needed at all, only the absence of an objection.
    """

    cells: Mapping[tuple[str, str, Regime], Cell] = field(default_factory=dict)  # (channel, source, regime)
    confirmed: frozenset[tuple[str, Regime]] = frozenset()
    free: frozenset[tuple[str, Regime]] = frozenset()

    def cell(self, channel: str, source: str, regime: Regime) -> Cell:
        return self.cells.get((channel, source, regime), OPEN)

    def must_be_confirmed(self, channel: str, regime: Regime) -> bool:
        return (channel, regime) in self.confirmed

    def needs_no_consent(self, channel: str, regime: Regime) -> bool:
        return (channel, regime) in self.free


def clock_ends_at(cell: Cell, evidence_on: dt.date | None, zone: dt.tzinfo) -> dt.datetime | None:
    """Give the moment at which the law's own clock has run out, at midnight in the sender's zone."""
    if not cell.months or evidence_on is None:
        return None
    return dt.datetime.combine(rules.months_later(evidence_on, cell.months), dt.time.min, tzinfo=zone)


NOTHING, SOFT, EXPLICIT, CONFIRMED = Demand
HALF_A_YEAR = 6  # CASL s.10(10)(e): an inquiry or application

# Per source, in the order NL, DE, FR (to consumers), UK, CA, US. Donations stay explicit in NL and the UK until
# counsel accepts soft opt-in there; a membership is part of a sale where its flags say so (CJEU C-654/23).
_E_MAIL: dict[str, tuple[Demand, Demand, Demand, Demand, Demand, Demand]] = {
    "own_form": (EXPLICIT, CONFIRMED, EXPLICIT, SOFT, NOTHING, NOTHING),
    "purchase": (SOFT, SOFT, SOFT, SOFT, NOTHING, NOTHING),
    "contract": (SOFT, SOFT, SOFT, SOFT, NOTHING, NOTHING),
    "donation_volunteer": (EXPLICIT, CONFIRMED, EXPLICIT, EXPLICIT, NOTHING, NOTHING),
    "active_member": (SOFT, SOFT, SOFT, SOFT, NOTHING, NOTHING),
    "ad_response": (EXPLICIT, CONFIRMED, EXPLICIT, EXPLICIT, NOTHING, NOTHING),
    "event_own_contact": (EXPLICIT, CONFIRMED, EXPLICIT, EXPLICIT, NOTHING, NOTHING),
}
_MONTHS = {("own_form", Regime.CA): HALF_A_YEAR}


def _column(channel: str) -> dict[tuple[str, str, Regime], Cell]:
    cells = {
        (channel, source, regime): Cell(demand, _MONTHS.get((source, regime), 0))
        for source, row in _E_MAIL.items()
        for regime, demand in zip(Regime, row, strict=True)
    }
    if channel == "sms":  # TCPA, 47 CFR 64.1200: prior express written consent, whatever the e-mail column says
        cells |= {(channel, source, Regime.US): Cell(EXPLICIT) for source in _E_MAIL}
    return {key: cell for key, cell in cells.items() if cell != OPEN}


SHIPPED = Law(
    cells=_column("email") | _column("sms"),
    confirmed=frozenset({("email", Regime.DE), ("sms", Regime.DE)}),
    # Printed letters lie outside these laws: an objection and the registers count (GDPR 21(2), Postfilter).
    free=frozenset(("letter", regime) for regime in Regime),
)
NONE = Law()  # the rule table alone

# Where whether a mail was opened may be measured only with a consent of its own (CNIL 2026-042).
TRACKING_NEEDS_CONSENT = frozenset({Regime.FR})
