"""Text messages through Twilio's own client library, one request each; what its error numbers mean is in tracking.vocabulary."""

import os
import threading
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests

from mailings.channels import DeliveryError, Outcome, Outgoing, Receipt, answers

if TYPE_CHECKING:
    from twilio.rest import Client

API = "https://api.twilio.com"
AT_ONCE = 16
TIMEOUT = 20.0  # seconds
# No other message would fare better: a person must look at the account, or at what we write from.
ABOUT_US = frozenset({20003, 20005, 20404, 21212, 21606, 21659, 21660, 21661, 21701, 21703, 30002, 63038})
NOT_NOW = frozenset({20429, 21611, 30001, 30022})
SEEN = 200  # messages to one number that a look-up goes through


class TwilioPost:
    """One text to Twilio. Each thread keeps a connection of its own."""

    def __init__(
        self, options: Mapping[str, str], secret: str, *, callback: str = "", timeout: float = TIMEOUT
    ) -> None:
        self.user, self.secret = options.get("user", ""), secret
        self.sender = options.get("sender", "")
        self.base = (options.get("api_url") or API).rstrip("/")
        self.callback, self.timeout = callback, timeout
        self._kept = threading.local()

    def __call__(self, message: Outgoing) -> Receipt:
        from twilio.base.exceptions import TwilioException, TwilioRestException

        told = {"status_callback": f"{self.callback}?m={quote(message.sender)}"} if self.callback else {}
        origin = "messaging_service_sid" if self.sender.startswith("MG") else "from_"
        asked: dict[str, Any] = {"to": message.recipient, "body": message.body.decode(), origin: self.sender, **told}
        try:
            made = self._client().messages.create(smart_encoded=False, **asked)
        except TwilioRestException as refusal:
            return refused(message.number, refusal.status, refusal.code or 0, str(refusal.msg))
        except requests.RequestException as error:
            return answers.broken(message.number, error)
        except (TwilioException, ValueError, KeyError, TypeError) as error:  # a yes in words that nobody understands
            return Receipt(message.number, Outcome.LOST, 0, f"{type(error).__name__}: {error}"[: answers.LONGEST])
        return Receipt(message.number, Outcome.ACCEPTED, 250, str(made.sid or ""))

    def find(self, to: str, text: str, *, since: datetime) -> bool:
        """Say whether Twilio has this text to this number since then. Raises DeliveryError when nobody can tell."""
        from twilio.base.exceptions import TwilioException

        try:
            found = self._client().messages.list(to=to, date_sent_after=since, limit=SEEN, page_size=SEEN)
        except (TwilioException, requests.RequestException, ValueError, KeyError, TypeError) as error:
            raise DeliveryError(f"{type(error).__name__}: {error}"[: answers.LONGEST], retry=True) from error
        return any(one.body == text for one in found)

    def _client(self) -> "Client":
        if not hasattr(self._kept, "client"):
            self._kept.client = client(self.user, self.secret, self.base, timeout=self.timeout)
        made: Client = self._kept.client
        return made


def client(user: str, secret: str, base: str, *, timeout: float) -> "Client":
    """Make Twilio's client; it speaks to another address where one is given. It never tries again by itself."""
    from twilio.http.http_client import TwilioHttpClient
    from twilio.rest import Client

    class Elsewhere(TwilioHttpClient):  # type: ignore[misc]  # untyped
        def request(self, method: str, url: str, *arguments: Any, **named: Any) -> Any:
            return super().request(method, url.replace(API, base, 1), *arguments, **named)

    http = Elsewhere(timeout=timeout, max_retries=0, proxy=requests.utils.get_environ_proxies(base))
    # the environment is read once and not for each text: proxies above, certificates here
    http.session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    http.session.trust_env = False
    return Client(user, secret, http_client=http)


def refused(number: int, status: int, code: int, words: str) -> Receipt:
    """Translate an answer that is not a yes. Raises DeliveryError where no other message would fare better."""
    said = f"Twilio {code or status}: {' '.join(words.split())}"[: answers.LONGEST]
    if code in ABOUT_US or (status in answers.NEEDS_A_PERSON and not 21000 <= code < 40000):
        raise DeliveryError(said, retry=False)
    if code in NOT_NOW or status in answers.NOT_NOW:
        begins = answers.NOT_NOW.get(status, "421 4.7.0")
        return Receipt(number, Outcome.TEMPORARY, int(begins[:3]), f"{begins} {said}")
    if status in answers.MAY_HAVE_ARRIVED:
        return Receipt(number, Outcome.LOST, 0, said)
    if status >= 500:
        return Receipt(number, Outcome.TEMPORARY, 451, f"451 4.3.0 {said}")
    return Receipt(number, Outcome.REFUSED, 550, f"550 {said}")
