"""Passwords and keys of other systems, sealed at rest: whoever has the database alone cannot read them.

The seal is made of SECRET_KEY; keys in SECRET_KEY_FALLBACKS still open what they sealed, so a key can be changed.
"""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotOpen(ValueError):
    """Sealed with a key that this house no longer has."""


def seal(secret: str) -> str:
    """Close a secret; nothing stays nothing."""
    return (
        _keys(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).encrypt(secret.encode()).decode() if secret else ""
    )


def unseal(sealed: str) -> str:
    """Open what `seal` closed, or raise CannotOpen."""
    if not sealed:
        return ""
    try:
        return _keys(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotOpen("sealed with another SECRET_KEY") from error


@lru_cache(maxsize=8)
def _keys(*secrets: str) -> MultiFernet:
    digests = (hashlib.sha256(b"postduif.sealed:" + secret.encode()).digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
