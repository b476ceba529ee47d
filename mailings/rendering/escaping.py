"""What a recipient's value may become in each place of a mail. Everything a stranger typed passes through here."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from urllib.parse import quote

from django.utils.translation import gettext as _

_LINE_ENDS = re.compile(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
_POISON = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
# Direction overrides and isolates could turn round the words after them; the marks LRM and RLM stay.
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_RAW = re.compile(r"[!-;=?-~]+(?: [!-;=?-~]+)*")


class RenderError(ValueError):
    """This one recipient's values cannot be put into the mail; the sentence is fit to show a person."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key


class Context(StrEnum):
    """A place in a mail."""

    HTML = "html"  # text between tags, and attributes in double quotes
    URL = "url"  # a part of a web address
    TEXT = "text"  # the plain text part
    HEADER = "header"  # words in a header, before RFC 2047
    RAW = "raw"  # our own values in a header: an address of ours, a date, a Message-ID


def clean(key: str, value: object) -> str:
    """Make one line of a value: line ends become spaces, what no mail can carry is refused."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise RenderError(key, _("The value of %(key)s is not a text.") % {"key": key})
    if value.isprintable():
        return value.strip()
    if _POISON.search(value):
        raise RenderError(key, _("The value of %(key)s holds characters no mail can carry.") % {"key": key})
    return _TURNING.sub("", _LINE_ENDS.sub(" ", value)).strip()


def raw(key: str, value: object) -> str:
    """Pass a value of our own on to a header as it is; anything that could end a line or an address is refused."""
    bare = value.strip("<>") if isinstance(value, str) else ""
    if len(bare) > 900 or not _RAW.fullmatch(bare):
        raise RenderError(key, _("The value of %(key)s cannot stand in a header.") % {"key": key})
    return bare


def _plain(text: str) -> str:
    return text


def _url(text: str) -> str:
    return quote(text, safe="")


ESCAPES: Mapping[Context, Callable[[str], str]] = {
    Context.HTML: html.escape,
    Context.URL: _url,
    Context.TEXT: _plain,
    Context.HEADER: _plain,
}


BETWEEN: Mapping[Context, str] = {Context.HTML: "<br>", Context.URL: "%20", Context.TEXT: " | ", Context.HEADER: ", "}


def lines(context: Context, key: str, several: Sequence[object]) -> str:
    """Say several values one after the other, each cleaned and escaped by itself."""
    return BETWEEN[context].join(ESCAPES[context](text) for one in several if (text := clean(key, one)))


def fill(context: Context, key: str, fallback: str, value: object) -> str:
    """Say what stands in the place: the value, or the fallback when there is none, escaped for the context.

    The sender's own values (`_token`, `_open`, …) have no fallback: a mail without them is not sent.
    """
    if context is Context.RAW:
        return raw(key, value)
    if isinstance(value, list):
        return lines(context, key, value) or ESCAPES[context](fallback)
    text = clean(key, value) if value is not None else ""
    if not text and key.startswith("_"):
        raise RenderError(key, _("The sender did not supply %(key)s.") % {"key": key})
    return ESCAPES[context](text or fallback)
