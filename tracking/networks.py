"""Networks of data centres, from a list that whoever runs the house keeps up to date (JUDGE_NETWORKS: one CIDR a line)."""

import ipaddress
import logging
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

log = logging.getLogger(__name__)
type Range = tuple[int, int, int]  # IP version, first, last


@dataclass(frozen=True)
class Networks:
    """Ranges in order, none inside another; asking is a bisection."""

    ranges: tuple[Range, ...] = ()

    def hold(self, ip: str | None) -> bool:
        if not ip or not self.ranges:
            return False
        address = ipaddress.ip_address(ip)
        wanted = (address.version, int(address))
        at = bisect_right(self.ranges, (*wanted, 1 << 129)) - 1
        return at >= 0 and self.ranges[at][0] == wanted[0] and self.ranges[at][1] <= wanted[1] <= self.ranges[at][2]


@lru_cache(maxsize=4)
def read(path: Path | None, changed: float = 0.0) -> Networks:
    """Read a list once, and again when `changed` (its time of change) is another. Lines that are none are named in the log."""
    del changed
    if path is None:
        return Networks()
    found: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            found.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            log.warning("%s: %r is no network", path, text)
    four = ipaddress.collapse_addresses(one for one in found if isinstance(one, ipaddress.IPv4Network))
    six = ipaddress.collapse_addresses(one for one in found if isinstance(one, ipaddress.IPv6Network))
    ranges = [(4, int(one[0]), int(one[-1])) for one in four] + [(6, int(one[0]), int(one[-1])) for one in six]
    return Networks(tuple(ranges))


def known(path: Path | None) -> Networks:
    """The list as it is now; a list that is not there is none."""
    try:
        return read(path, path.stat().st_mtime if path else 0.0)
    except OSError:
        log.warning("%s cannot be read: no network counts as a data centre's", path)
        return Networks()
