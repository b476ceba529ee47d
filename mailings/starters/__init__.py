"""Our own starter templates: one JSON file each, written in every language we speak, read once per process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailings.rendering.blocks import Document

FOLDER = Path(__file__).parent
LANGUAGES: Mapping[str, str | Promise] = {"en": _("English"), "nl": _("Dutch")}


@dataclass(frozen=True)
class Written:
    """A template in one language."""

    subject: str
    preheader: str
    document: Document


@dataclass(frozen=True)
class Starter:
    """A mail to begin with."""

    code: str
    name: str | Promise
    purpose: str | Promise

    def letter(self, language: str) -> Written:
        """Give the mail in a language, or in English."""
        kept = _read(self.code)
        code = language if language in kept else "en"
        written = kept[code]
        blocks = [{"id": f"{self.code}{number}", **block} for number, block in enumerate(written["blocks"], 1)]
        content = {"template": self.code, "language": code, "style": kept.get("style"), "blocks": blocks}
        return Written(written["subject"], written["preheader"], Document.read(content))


@cache
def _read(code: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((FOLDER / f"{code}.json").read_text("utf-8"))
    return kept


STARTERS: Mapping[str, Starter] = {
    starter.code: starter
    for starter in (
        Starter("newsletter", _("Newsletter"), _("A few stories under one another, each with its own button.")),
        Starter("invitation", _("Invitation"), _("A day, a place and a yes.")),
        Starter("reminder", _("Reminder"), _("The day before: when, where, what to bring.")),
        Starter("announcement", _("Announcement"), _("One piece of news, told at once.")),
        Starter("digest", _("Digest"), _("Many short pieces, two beside one another.")),
        Starter("welcome", _("Welcome"), _("The first mail somebody gets from you.")),
        Starter("product", _("Something new"), _("A product or service, with three reasons.")),
        Starter("survey", _("Survey"), _("A question, and why the answer counts.")),
        Starter("donation", _("Donation"), _("One story, one amount, one button.")),
        Starter("permission", _("Permission again"), _("Asks whether somebody still wants your mail.")),
        Starter("service", _("Service"), _("What somebody asked for, in figures: a registration, an order.")),
        Starter("letter", _("Letter"), _("Only words, as from person to person.")),
        Starter("blank", _("Blank"), _("A greeting, and the rest is yours.")),
    )
}
