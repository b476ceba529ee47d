"""Who may be a robot: tickets of pages, proof of work, a field nobody sees, too fast, too often.

Nothing here asks a third party or sets a cookie, and no puzzle is shown. What looks like a robot gets the same answer
as everybody and is kept aside as spam, so that a wrong guess loses nothing.
"""

import datetime as dt
import functools
import hashlib
import secrets
import time
from dataclasses import dataclass
from enum import StrEnum

import altcha
from django.conf import settings
from django.core import signing
from django.utils.translation import gettext_lazy as _

from forms import counters
from forms.models import Form, Version

HONEYPOT = "website"  # a field that no person sees
SALT = "webforms.ticket"
A_DAY = 24 * 3600
AN_HOUR = 3600
# Half a second in a browser, a few milliseconds here; nobody waits long by bad luck, since the answer is chosen beforehand.
ALGORITHM, COST, TRIES = "PBKDF2/SHA-256", 2_000, range(60, 180)


class Sign(StrEnum):
    """Why an answer is kept aside."""

    HIDDEN_FIELD = "hidden_field"
    TOO_FAST = "too_fast"
    TOO_OFTEN = "too_often"
    NO_PROOF = "no_proof"
    FOREIGN_SITE = "foreign_site"


SIGNS = {
    "hidden_field": _("It filled in a field that people do not see"),
    "too_fast": _("It was sent faster than anybody can type"),
    "too_often": _("Too many answers came with this address"),
    "no_proof": _("The browser's sum was wrong, or used twice"),
    "foreign_site": _("It came from a site that may not send this form"),
}


class Expired(Exception):
    """The page is too old, or was not ours: the visitor gets a new one with everything still filled in."""


class TooMany(Exception):
    """So many answers from one place, or for one form, that we wait."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a page carries: which form and version it shows, when it was made, and its own number."""

    form: str
    version: int
    made: float
    nonce: str


def ticket(version: Version, key: str) -> str:
    """Make the ticket of a page that is about to be shown."""
    return signing.dumps([key, version.number, time.time(), secrets.token_urlsafe(16)], salt=SALT)


def read_ticket(text: str, form: Form) -> Ticket:
    """Read a page's ticket; it must be of this form. Raises Expired."""
    try:
        key, version, made, nonce = signing.loads(text[:1000], salt=SALT, max_age=A_DAY)
        found = Ticket(str(key), int(version), float(made), str(nonce))
    except (signing.BadSignature, ValueError, TypeError) as fault:
        raise Expired from fault
    if found.form != form.key:
        raise Expired
    return found


def challenge(form: Form) -> dict[str, object]:
    """Give the sum that a browser solves before it sends."""
    made = altcha.create_challenge(
        ALGORITHM,
        COST,
        counter=secrets.choice(TRIES),
        expires_at=int(time.time()) + AN_HOUR,
        data={"form": form.key},
        hmac_secret=_secret(),
        hmac_key_secret=_secret(),
    )
    return dict(made.to_dict())


def is_solved(payload: str, form: Form) -> bool:
    """Check a solved sum: ours, for this form, and not expired. Whether it was used before, `weigh` says."""
    if not payload or len(payload) > 4_000:
        return False
    try:
        read = altcha.Payload.from_base64(payload)
        of = read.challenge.parameters.data or {}
        checked = altcha.verify_solution(read, _secret(), hmac_key_secret=_secret()).verified
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False
    return bool(checked) and of.get("form") == form.key


@dataclass(frozen=True, slots=True)
class Weight:
    """What an answer counts for: its browser solved a new sum, and its address came too often today."""

    is_proven: bool
    comes_too_often: bool


def weigh(form: Form, ip: str, address: str, payload: str) -> Weight:
    """Count an answer against the limits of its place, its form, the house, and of its address, if it has one.

    `payload` is the browser's solved sum, if it sent one. Raises TooMany.
    """
    proof = f"proof:{hashlib.sha256(payload.encode()).hexdigest()}" if is_solved(payload, form) else ""
    is_trusted = bool(proof) or not form.asks_proof_of_work
    limits = {
        f"place:{form.pk}:{'proven' if is_trusted else 'bare'}:{ip}": (
            *(AN_HOUR, settings.FORMS_PER_PLACE if is_trusted else settings.FORMS_PER_PLACE_UNPROVEN),
        ),
        f"form:{form.pk}": (AN_HOUR, settings.FORMS_PER_FORM),
        "all": (AN_HOUR, settings.FORMS_IN_ALL),
    }
    also = {proof: AN_HOUR} if proof else {}
    if address:
        mine = f"address:{form.pk}:{hashlib.sha256(address.encode()).hexdigest()[:32]}"
        also[mine] = A_DAY
    seconds = {key: lives for key, (lives, _most) in limits.items()} | also
    stand = dict(zip(seconds, counters.count({f"forms:{key}": lives for key, lives in seconds.items()}), strict=True))
    if any(stand[key] > most for key, (_lives, most) in limits.items()):
        raise TooMany
    return Weight(
        is_proven=bool(proof) and stand[proof] == 1,
        comes_too_often=bool(address) and stand[mine] > settings.FORMS_PER_ADDRESS,
    )


def is_too_fast(page: Ticket, now: dt.datetime) -> bool:
    """Say whether nobody can have filled it in since the page was made."""
    return now.timestamp() - page.made < settings.FORMS_LEAST_SECONDS


@functools.cache
def _secret() -> str:
    return hashlib.sha256(f"webforms.proof:{settings.SECRET_KEY}".encode()).hexdigest()
