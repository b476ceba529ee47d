"""Bad configuration is refused at start, with a hint."""

import os
from collections.abc import Sequence
from ctypes.util import find_library
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks


@checks.register()
def configuration(**_: Any) -> list[checks.CheckMessage]:
    """What settings.py cannot refuse by itself: values that are there and wrong."""
    problems: list[checks.CheckMessage] = []
    if urlsplit(settings.SMTP_URL).scheme not in ("smtp", "smtps"):
        problems.append(
            checks.Error(
                "SMTP_URL is not an SMTP address.", hint="smtp://user:password@host:587?starttls=1", id="postduif.E010"
            )
        )
    if urlsplit(settings.BASE_URL).scheme not in ("http", "https"):
        problems.append(
            checks.Error("BASE_URL is not a web address.", hint="https://mail.example.org", id="postduif.E011")
        )
    return problems


@checks.register()
def printing(**_: Any) -> list[checks.CheckMessage]:
    """What printing letters needs from the machine, beyond Pango."""
    if not find_library("pango-1.0") or find_library("harfbuzz-subset"):
        return []
    return [
        checks.Warning(
            "libharfbuzz-subset is missing: printing letters takes more than twice as long.",
            hint="apt-get install libharfbuzz-subset0",
            id="postduif.W004",
        )
    ]


@checks.register(deploy=True)
def production(**_: Any) -> Sequence[checks.CheckMessage]:
    """What a demo may do without and a sender may not."""
    problems = []
    if not settings.POSTAL_ADDRESS:
        problems.append(
            checks.Warning(
                "POSTAL_ADDRESS is not set.",
                hint="Every commercial mail must carry the sender's postal address: no mailing can be sent without.",
                id="postduif.W001",
            )
        )
    if not os.environ.get("SUPPRESSION_KEYS", "").strip():
        problems.append(
            checks.Warning(
                "SUPPRESSION_KEYS is not set.",
                hint="Erased addresses are recognised by it. Until it is set, changing SECRET_KEY forgets them, and an "
                "import could bring them back. Set it to a secret of its own with the present SECRET_KEY behind a comma.",
                id="postduif.W003",
            )
        )
    if not settings.BASE_URL.startswith("https://"):
        problems.append(
            checks.Warning(
                "BASE_URL is not https.", hint="One-click unsubscribe asks for https (RFC 8058).", id="postduif.W002"
            )
        )
    return problems
