"""Amazon SES: the rendered bytes as they are, in one signed request (SES API v2, SendEmail with raw content)."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import requests

from mailings.channels import DeliveryError, Outcome, Outgoing, Receipt, answers

TIMEOUT = (10.0, 60.0)
PATH = "/v2/email/outbound-emails"
ACCOUNT_TROUBLE = ("AccountSuspended", "SendingPaused", "MailFromDomainNotVerified", "SignatureDoesNotMatch")
TOO_FAST = ("Throttling", "TooManyRequests", "LimitExceeded")


class SesPost:
    """One message to SES. Each thread keeps a connection of its own."""

    def __init__(
        self, options: Mapping[str, str], secret: str, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.region = options.get("region") or "eu-west-1"
        self.base = (options.get("api_url") or f"https://email.{self.region}.amazonaws.com").rstrip("/")
        self.key, self.secret = options.get("user", ""), secret
        self.configuration = options.get("configuration_set", "")
        self.clock = clock
        self._kept = threading.local()

    def __call__(self, message: Outgoing) -> Receipt:
        body = json.dumps(self._request(message)).encode()
        headers = sign("POST", self.base + PATH, body, self.region, "ses", self.key, self.secret, at=self.clock())
        try:
            response = self._session().post(self.base + PATH, data=body, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as error:
            return answers.broken(message.number, error)
        if response.ok:
            return Receipt(message.number, Outcome.ACCEPTED, 250)
        kind = response.headers.get("x-amzn-ErrorType", "") + response.text[:200]
        if any(word in kind for word in ACCOUNT_TROUBLE):
            raise DeliveryError(answers.words(response), retry=False)
        if any(word in kind for word in TOO_FAST):
            return Receipt(message.number, Outcome.TEMPORARY, 421, f"421 4.7.0 {answers.words(response)}")
        return answers.refused(message.number, response)

    def _request(self, message: Outgoing) -> dict[str, object]:
        # SES gives our headers back with each event, and Anymail reads this one
        named = b'X-Metadata: {"postduif": "%s"}\r\n' % message.sender.partition("@")[0].encode()
        asked: dict[str, object] = {
            "Destination": {"ToAddresses": [message.recipient]},
            "Content": {"Raw": {"Data": base64.b64encode(named + message.body).decode()}},
        }
        return asked | ({"ConfigurationSetName": self.configuration} if self.configuration else {})

    def _session(self) -> requests.Session:
        if not hasattr(self._kept, "session"):
            self._kept.session = requests.Session()
        session: requests.Session = self._kept.session
        return session


def sign(
    method: str, url: str, body: bytes, region: str, service: str, key: str, secret: str, *, at: datetime
) -> dict[str, str]:
    """The headers of a request signed as AWS asks (Signature Version 4)."""
    parts = urlsplit(url)
    stamp, day = f"{at:%Y%m%dT%H%M%SZ}", f"{at:%Y%m%d}"
    headers = {"host": parts.netloc, "x-amz-date": stamp}
    if body:
        headers["content-type"] = "application/json"
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join(
        [method, quote(parts.path or "/"), parts.query, lines, names, hashlib.sha256(body).hexdigest()]
    )
    scope = f"{day}/{region}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    derived = f"AWS4{secret}".encode()
    for piece in (day, region, service, "aws4_request"):
        derived = hmac.digest(derived, piece.encode(), "sha256")
    signature = hmac.digest(derived, to_sign.encode(), "sha256").hex()
    credential = f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {name: value for name, value in headers.items() if name != "host"} | {"Authorization": credential}
