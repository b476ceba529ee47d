"""The domains we write from and the keys that sign for them: made, put into the DNS, used, replaced.

A pair of keys is made at a time, RSA for everybody and Ed25519 beside it. New keys wait until their records stand in the
DNS; when they begin to sign, the old ones retire, and stay published until mail signed by them has arrived everywhere.
"""

import base64
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from consent import sealed
from mailings import dns_checks
from mailings.channels.dkim import Key, PrivateKey, Signer
from mailings.dns import Resolver
from mailings.models import DkimKey, SendingDomain

Status = DkimKey.Status
RSA_BITS = 2048  # RFC 8301 §3.2 asks for 1024 at least; what mailbox providers recommend
KEEP_PUBLISHED = timedelta(days=7)  # longer than any mail server goes on trying
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


class CannotUse(ValueError):
    """Why a domain or its keys cannot be used so; fit to show a person."""


def normalise(name: str) -> str:
    """Give a domain as the DNS knows it. Raises CannotUse."""
    text = name.strip().strip(".").lower().rpartition("@")[2]
    try:
        text = text.encode("idna").decode("ascii")
    except UnicodeError:
        text = ""
    if len(text) > 253 or not _NAME.fullmatch(text):
        raise CannotUse(_("“%(name)s” is not the name of a domain, like example.org.") % {"name": name[:80]})
    return text


def add(name: str, *, by: User | AnonymousUser, now: datetime) -> SendingDomain:
    """Take a domain up, with its first pair of keys. Raises CannotUse."""
    name = normalise(name)
    try:
        with transaction.atomic():
            domain = SendingDomain.objects.create(name=name)
            make_keys(domain, by=by, now=now)
    except IntegrityError:
        raise CannotUse(_("%(name)s is here already.") % {"name": name}) from None
    return domain


def make_keys(domain: SendingDomain, *, by: User | AnonymousUser, now: datetime) -> Sequence[DkimKey]:
    """Make the next pair; it signs nothing before `start_signing`. Raises CannotUse while another pair waits."""
    with transaction.atomic():
        locked = SendingDomain.objects.select_for_update().get(pk=domain.pk)
        if locked.keys.filter(status=Status.WAITING).exists():
            raise CannotUse(_("New keys are waiting already: put their records into the DNS, then start signing."))
        return [_make(locked, algorithm, by, now) for algorithm in DkimKey.Algorithm]


def start_signing(domain: SendingDomain, resolver: Resolver | None, *, by: User | AnonymousUser, now: datetime) -> None:
    """Let the waiting keys sign and the old ones retire, once the DNS shows the new records.

    Without a resolver it is believed that they are there. Raises CannotUse, and then nothing has changed.
    """
    waiting = list(domain.keys.filter(status=Status.WAITING).select_related("domain"))
    if not waiting:
        raise CannotUse(_("There are no new keys. Make some first."))
    missing = [
        key.record_name for key in waiting if resolver and not dns_checks.shows(key.record_name, key.public, resolver)
    ]
    if missing:
        raise CannotUse(_("The DNS does not show these records yet: %(names)s") % {"names": ", ".join(missing)})
    with transaction.atomic():
        domain.keys.filter(status=Status.SIGNING).update(status=Status.RETIRED, retired_at=now)
        numbers = [key.pk for key in waiting]
        started = domain.keys.filter(pk__in=numbers, status=Status.WAITING)
        started.update(status=Status.SIGNING, signs_since=now, started_by=by if isinstance(by, User) else None)


def forget_retired(domain: SendingDomain, *, now: datetime) -> int:
    """Throw away old keys whose records need not stand in the DNS any more. Returns how many."""
    return domain.keys.filter(status=Status.RETIRED, retired_at__lte=now - KEEP_PUBLISHED).delete()[0]


def remove(domain: SendingDomain) -> None:
    """Stop signing for a domain and throw its keys away."""
    domain.delete()


def check(domain: SendingDomain, resolver: Resolver, *, bounce_domain: str, server: str, now: datetime) -> None:
    """Ask the DNS everything that receivers ask, and keep the answers. Touches the network: not inside `atomic`."""
    keys = [key for key in domain.keys.select_related("domain") if key.status != Status.RETIRED]
    records = [(key.record_name, key.public) for key in keys]
    found = dns_checks.of(domain.name, records, bounce_domain=bounce_domain, server=server, resolver=resolver)
    domain.findings = [finding.to_json() for finding in found]
    domain.checked_at = now
    domain.save(update_fields=["findings", "checked_at"])


# signing ----------------------------------------------------------------------------------------------------------------


def signer_for(address: str) -> Signer | None:
    """Who signs mail from this address: its domain or the nearest above it that has keys. One small query."""
    names = _at_and_above(address.rpartition("@")[2].lower())
    keys = DkimKey.objects.filter(domain__name__in=names, status=Status.SIGNING).values_list(
        "domain__name", "selector", "private"
    )
    by_domain: dict[str, list[tuple[str, str, str]]] = {}
    for name, selector, private in keys.order_by("-algorithm", "pk"):
        by_domain.setdefault(name, []).append((name, selector, private))
    nearest = next((name for name in names if name in by_domain), None)
    return _signer(tuple(by_domain[nearest])) if nearest else None


def _at_and_above(domain: str) -> list[str]:
    """Alignment may be relaxed (RFC 7489 §3.1.1): example.org signs for news.example.org."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


@lru_cache(maxsize=32)
def _signer(keys: tuple[tuple[str, str, str], ...]) -> Signer:
    """Open the keys once per process. Raises sealed.CannotOpen: unsigned mail from a domain that signs is not sent."""
    return Signer([Key(name, selector, _private(private)) for name, selector, private in keys])


def _private(kept: str) -> PrivateKey:
    key = serialization.load_der_private_key(base64.b64decode(sealed.unseal(kept)), password=None)
    if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise TypeError("not a key that signs mail")
    return key


def _make(domain: SendingDomain, algorithm: DkimKey.Algorithm, by: User | AnonymousUser, now: datetime) -> DkimKey:
    private: PrivateKey
    if algorithm is DkimKey.Algorithm.RSA:
        private = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        public = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    else:
        private = ed25519.Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()  # RFC 8463 §4: the bare 32 octets
    secret = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return DkimKey.objects.create(
        domain=domain,
        selector=_selector(domain, algorithm, now),
        algorithm=algorithm,
        public=base64.b64encode(public).decode(),
        private=sealed.seal(base64.b64encode(secret).decode()),
        made_at=now,
        made_by=by if isinstance(by, User) else None,
    )


def _selector(domain: SendingDomain, algorithm: DkimKey.Algorithm, now: datetime) -> str:
    """ "pd202611r": ours, of which month, of which kind; with a number should that be taken."""
    base = f"pd{now:%Y%m}{algorithm.value[0]}"
    taken = set(domain.keys.values_list("selector", flat=True))
    return next(name for name in (base, *(f"{base}{n}" for n in range(2, 1000))) if name not in taken)
