"""What an answer over HTTP means for one message. The vocabulary of status codes is a table.

A message that may have been accepted is `lost` and not handed over again, unless the provider knows our key and would
not send it twice.
"""

import re

import requests

from mailings.channels import DeliveryError, Outcome, Receipt

NOT_NOW = {408: "451 4.4.2", 409: "451 4.3.0", 425: "451 4.3.0", 429: "421 4.7.0", 503: "451 4.3.2"}
NEEDS_A_PERSON = {401, 402, 403}
MAY_HAVE_ARRIVED = {500, 502, 504}
NEVER_BEGAN = (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)
NOT_CONNECTED = ("NewConnectionError", "NameResolutionError")  # as urllib3 names them
LONGEST = 400
_SPACE = re.compile(r"\s+")


def words(response: requests.Response) -> str:
    """A provider's answer as one line, fit for a page."""
    text = _SPACE.sub(" ", response.text or "").strip().replace("\x00", "")
    return f"{response.status_code} {response.reason or ''} {text}".strip()[:LONGEST]


def refused(number: int, response: requests.Response) -> Receipt:
    """Translate an answer that is not a yes. Raises DeliveryError where no other message would fare better."""
    code, said = response.status_code, words(response)
    if code in NEEDS_A_PERSON:
        raise DeliveryError(said, retry=False)
    if code in NOT_NOW:
        status = NOT_NOW[code]
        return Receipt(number, Outcome.TEMPORARY, int(status[:3]), f"{status} {said}")
    if code in MAY_HAVE_ARRIVED:
        return Receipt(number, Outcome.LOST, 0, said)
    if code >= 500:
        return Receipt(number, Outcome.TEMPORARY, 451, f"451 4.3.0 {said}")
    return Receipt(number, Outcome.REFUSED, 550, f"550 {said}")


def broken(number: int, error: requests.RequestException) -> Receipt:
    """Translate a conversation that broke. Raises DeliveryError where it never began."""
    if isinstance(error, NEVER_BEGAN) or any(word in repr(error) + repr(error.__cause__) for word in NOT_CONNECTED):
        raise DeliveryError(_reason(error), retry=True) from error
    return Receipt(number, Outcome.LOST, 0, f"no answer: {_reason(error)}")


def _reason(error: Exception) -> str:
    inner = error.__cause__ or error.__context__ or error
    return _SPACE.sub(" ", f"{type(error).__name__}: {inner}")[:LONGEST]
