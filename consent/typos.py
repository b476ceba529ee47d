"""Addresses that were probably typed wrongly, and what was probably meant. Pure; it suggests, people decide.

The table holds the slips of the hand that mail providers' names suffer most; a name one letter away from a large provider's is found
without standing in it. A domain that is right is never "corrected", however much it looks like another.
"""

from functools import lru_cache

PROVIDERS = [
    "gmail.com",
    "hotmail.com",
    "hotmail.nl",
    "hotmail.fr",
    "outlook.com",
    "live.nl",
    "live.com",
    "yahoo.com",
    "icloud.com",
    "me.com",
    "aol.com",
    "proton.me",
    "protonmail.com",
    "msn.com",
    "gmx.de",
    "gmx.net",
    "web.de",
    "t-online.de",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "laposte.net",
    "ziggo.nl",
    "kpnmail.nl",
    "planet.nl",
    "home.nl",
    "xs4all.nl",
    "hetnet.nl",
    "upcmail.nl",
    "casema.nl",
    "chello.nl",
    "quicknet.nl",
    "telenet.be",
    "skynet.be",
    "proximus.be",
]
SLIPS = {
    "gmail.co": "gmail.com",
    "gmail.cm": "gmail.com",
    "gmail.con": "gmail.com",
    "gmail.nl": "gmail.com",
    "gmail.de": "gmail.com",
    "gmial.com": "gmail.com",
    "gamil.com": "gmail.com",
    "gnail.com": "gmail.com",
    "googlemail.co": "googlemail.com",
    "hotmial.com": "hotmail.com",
    "hotmal.com": "hotmail.com",
    "hotmail.con": "hotmail.com",
    "hotnail.com": "hotmail.com",
    "homtail.com": "hotmail.com",
    "outlok.com": "outlook.com",
    "outllok.com": "outlook.com",
    "outlook.con": "outlook.com",
    "yaho.com": "yahoo.com",
    "yahooo.com": "yahoo.com",
    "iclould.com": "icloud.com",
    "icould.com": "icloud.com",
    "zigo.nl": "ziggo.nl",
}
ENDINGS = {
    "con": "com",
    "cmo": "com",
    "ocm": "com",
    "vom": "com",
    "comm": "com",
    "nll": "nl",
    "orgg": "org",
    "ogr": "org",
    "nte": "net",
}
# Real, and one letter away from another: not to be touched.
REAL = frozenset(
    {"mail.com", "live.be", "live.de", "gmx.at", "gmx.ch", "gmx.com", "free.nl", "ymail.com", "email.com", "hotmail.be"}
)


def suggest(address: str) -> str:
    """What was probably meant, or "" when nothing looks wrong."""
    local, at, domain = address.rpartition("@")
    if not at:
        return ""
    meant = _domain(domain.lower())
    return f"{local}@{meant}" if meant else ""


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    if domain in PROVIDERS or domain in REAL:
        return ""
    if domain in SLIPS:
        return SLIPS[domain]
    near = [provider for provider in PROVIDERS if len(provider) > 6 and _is_one_slip(domain, provider)]
    if len(near) == 1:
        return near[0]
    name, dot, ending = domain.rpartition(".")
    return f"{name}.{ENDINGS[ending]}" if dot and ending in ENDINGS else ""


def _is_one_slip(typed: str, meant: str) -> bool:
    """One letter too many, too few or another, or two neighbours swapped."""
    if abs(len(typed) - len(meant)) > 1 or typed == meant:
        return False
    start = next((i for i, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b), min(len(typed), len(meant)))
    rest, aim = typed[start:], meant[start:]
    swapped = rest[:2] == aim[:2][::-1] and rest[2:] == aim[2:]
    return rest[1:] == aim[1:] or rest[1:] == aim or rest == aim[1:] or swapped
