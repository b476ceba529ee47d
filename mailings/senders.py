"""What a text message may come from, and what each kind cannot do. Pure."""

import re
from collections.abc import Mapping
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Sender(StrEnum):
    NUMBER = "number"
    SHORT_CODE = "short_code"
    NAME = "name"
    SERVICE = "service"


# what a writer must know of it
LIMITS: Mapping[Sender, str | Promise] = {
    Sender.NUMBER: _("A number can be answered: STOP works, and replies come in. It takes about one part a second."),
    Sender.SHORT_CODE: _("A short code can be answered, in its own country only. It is quick."),
    Sender.NAME: _(
        "A name cannot be answered: STOP does not reach us, so the text needs a link to unsubscribe. "
        "It does not work in the United States and Canada, and some countries ask to register it first."
    ),
    Sender.SERVICE: _("A Messaging Service chooses one of its numbers per country. Numbers of it can be answered."),
}
NAMES: Mapping[Sender, str | Promise] = {
    Sender.NUMBER: _("A number"),
    Sender.SHORT_CODE: _("A short code"),
    Sender.NAME: _("A name"),
    Sender.SERVICE: _("A Messaging Service"),
}
ANSWERABLE = frozenset({Sender.NUMBER, Sender.SHORT_CODE, Sender.SERVICE})

_SHAPES = {
    Sender.SERVICE: re.compile(r"MG[0-9a-fA-F]{32}", re.ASCII),
    Sender.NUMBER: re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII),
    Sender.SHORT_CODE: re.compile(r"[0-9]{3,8}", re.ASCII),
    Sender.NAME: re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}", re.ASCII),
}


def kind(sender: str) -> Sender | None:
    """Say what this is; None when it can be no sender."""
    return next((one for one, shape in _SHAPES.items() if shape.fullmatch(sender)), None)
