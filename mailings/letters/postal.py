"""Postal addresses as they stand in the window."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SPACES = re.compile(r"\s+")
# What a country is called on an envelope there and abroad: in capitals, in French or English (UPU S42).
NAMES: Mapping[str, str] = {
    "AT": "AUSTRIA", "BE": "BELGIUM", "CH": "SWITZERLAND", "DE": "GERMANY", "DK": "DENMARK", "ES": "SPAIN", "FI": "FINLAND",
    "FR": "FRANCE", "GB": "UNITED KINGDOM", "IE": "IRELAND", "IT": "ITALY", "LU": "LUXEMBOURG", "NL": "NETHERLANDS",
    "NO": "NORWAY", "PL": "POLAND", "PT": "PORTUGAL", "SE": "SWEDEN", "US": "UNITED STATES OF AMERICA", "CA": "CANADA",
    "AU": "AUSTRALIA", "CZ": "CZECHIA", "HU": "HUNGARY", "GR": "GREECE", "RO": "ROMANIA", "BG": "BULGARIA", "HR": "CROATIA",
    "SI": "SLOVENIA", "SK": "SLOVAKIA", "EE": "ESTONIA", "LV": "LATVIA", "LT": "LITHUANIA", "IS": "ICELAND", "TR": "TURKEY",
}  # fmt: skip
TOWN_FIRST = frozenset({"GB", "IE", "US", "CA", "AU"})  # the postcode stands behind or below the town
DUTCH = re.compile(r"(\d{4})\s*([A-Za-z]{2})")


@dataclass(frozen=True)
class Postal:
    """Where a letter goes. `name` or `company` is enough; street and town are needed."""

    name: str = ""
    company: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    region: str = ""
    country: str = ""

    def lines(self, *, home: str, attention: str = "", always: bool = False) -> tuple[str, ...]:
        """Give the lines in the window. `attention` stands where no name does, or `always` in its place."""
        name = attention if attention and (always or not self.name) else self.name
        given = (self.company, name, self.street, self._town(), self._abroad(home))
        return tuple(line for line in (_one_line(line) for line in given) if line)

    def _postcode(self) -> str:
        found = DUTCH.fullmatch(self.postcode.strip()) if self.country in ("NL", "") else None
        return f"{found[1]} {found[2].upper()}" if found else self.postcode.strip()

    def _town(self) -> str:
        code = self._postcode()
        if self.country in TOWN_FIRST:
            return " ".join(part for part in (self.city, self.region, code) if part)
        return f"{code}  {self.city.upper()}" if self.country == "NL" and code else f"{code} {self.city}".strip()

    def _abroad(self, home: str) -> str:
        return "" if not self.country or self.country == home else NAMES.get(self.country, self.country)


def _one_line(text: str) -> str:
    return _SPACES.sub(" ", text.replace("  ", "\N{NO-BREAK SPACE} ")).strip()
