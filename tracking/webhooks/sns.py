"""Whether Amazon SNS signed a message ("Verifying the signatures of Amazon SNS messages", docs.aws.amazon.com/sns).

The certificate is fetched from Amazon's own host only, and kept: `keep` puts one where `is_signed` looks first.
"""

import base64
import binascii
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.core.cache import cache

HOST = re.compile(r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?/", re.ASCII)
CERTIFICATE = re.compile(HOST.pattern + r"SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem", re.ASCII)
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
DIGESTS: Mapping[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - Amazon's version 1
A_DAY = 86_400
LARGEST = 20_000  # bytes of a certificate
PATIENCE = 5  # seconds


def is_signed(said: Mapping[str, Any]) -> bool:
    """Say whether the key behind the named certificate of Amazon's signed exactly these values."""
    digest, url = DIGESTS.get(str(said.get("SignatureVersion"))), str(said.get("SigningCertURL", ""))
    if digest is None or not CERTIFICATE.fullmatch(url) or said.get("Type") not in SIGNED:
        return False
    try:
        signature = base64.b64decode(str(said.get("Signature", "")), validate=True)
        key = x509.load_pem_x509_certificate(_certificate(url)).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        key.verify(signature, what_is_signed(said), padding.PKCS1v15(), digest)
    except (InvalidSignature, binascii.Error, OSError, ValueError):
        return False
    return True


def what_is_signed(said: Mapping[str, Any]) -> bytes:
    """Give the values that the signature covers, name and value on lines of their own."""
    names = [name for name in SIGNED[said["Type"]] if said.get(name) is not None]
    return "".join(f"{name}\n{said[name]}\n" for name in names).encode()


def keep(url: str, pem: bytes) -> None:
    """Remember a certificate for a day."""
    cache.set(f"sns:{url}", pem, A_DAY)


def _certificate(url: str) -> bytes:
    """Give Amazon's certificate. Raises OSError when it cannot be had; the address was checked before."""
    if kept := cache.get(f"sns:{url}"):
        return bytes(kept)
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=ssl.create_default_context()), _StayThere()
    )
    with opener.open(url, timeout=PATIENCE) as answer:
        pem: bytes = answer.read(LARGEST)
    keep(url, pem)
    return pem


class _StayThere(urllib.request.HTTPRedirectHandler):
    """A certificate that is elsewhere is not Amazon's."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        raise urllib.error.HTTPError(newurl, code, msg, headers, fp)
