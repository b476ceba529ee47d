"""Imagined cases as lines of JSON: read with care, each mistake in a sentence. Pure."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from consent import law, rules
from consent.verdict import MessageClass
from consent.whatif import SOMEBODY, Case

LONGEST = 64 * 1024  # bytes of one line


class BadCase(ValueError):
    """The line is no case; the message says why."""


class UnknownSource(BadCase):
    """The case names a source that the rule table does not have, so nothing can count: it is no."""


def read(line: bytes, *, now: dt.datetime, zone: dt.tzinfo) -> Case:
    """Read one line. A missing key, or null, means what `Case` says; other keys are passed over."""
    given = _object(line)
    asked: dict[str, Any] = {"at": now}
    for key, parse in _KEYS.items():
        value = given.get(key)
        if value is None:
            continue
        try:
            asked[key] = parse(value, zone)
        except UnknownSource as mistake:
            raise UnknownSource(f"{key}: {mistake}") from mistake
        except ValueError as mistake:
            raise BadCase(f"{key}: {mistake}") from mistake
    return Case(**asked)


def _object(line: bytes) -> Mapping[str, Any]:
    if len(line) > LONGEST:
        raise BadCase(_("the line is too long"))
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as mistake:
        raise BadCase(_("this is not UTF-8")) from mistake
    except (ValueError, RecursionError) as mistake:
        raise BadCase(_("this is not JSON (%s)") % mistake) from mistake
    if not isinstance(value, dict):
        raise BadCase(_("this is no JSON object"))
    return value


def _text(value: object, zone: dt.tzinfo) -> str:
    if not isinstance(value, str):
        raise ValueError(_("it must be a text"))
    return value


def _truth(value: object, zone: dt.tzinfo) -> bool:
    if not isinstance(value, bool):
        raise ValueError(_("it must be true or false"))
    return value


def _word(value: object, zone: dt.tzinfo) -> str:
    return _text(value, zone).strip().lower().replace("-", "_").replace(" ", "_")


def _source(value: object, zone: dt.tzinfo) -> str:
    code = _word(value, zone)
    if code not in rules.SOURCES:
        raise UnknownSource(_("“%(given)s” is none of %(all)s") % {"given": value, "all": ", ".join(rules.SOURCES)})
    return code


def _channel(value: object, zone: dt.tzinfo) -> str:
    code = _word(value, zone).replace("e_mail", "email")
    if code not in SOMEBODY:
        raise ValueError(_("“%(given)s” is none of %(all)s") % {"given": value, "all": ", ".join(SOMEBODY)})
    return code


def _class(value: object, zone: dt.tzinfo) -> MessageClass:
    try:
        return MessageClass(_word(value, zone))
    except ValueError as mistake:
        names = ", ".join(MessageClass)
        raise ValueError(_("“%(given)s” is none of %(all)s") % {"given": value, "all": names}) from mistake


def _moment(value: object, zone: dt.tzinfo) -> dt.datetime:
    """Read a day or a moment; without an offset it is one of the sender's zone, a day alone is its midnight."""
    try:
        moment = dt.datetime.fromisoformat(_text(value, zone).strip())
    except ValueError as mistake:
        raise ValueError(_("“%s” is no date like 2026-11-23 or 2026-11-23T09:30+01:00") % value) from mistake
    if moment.year not in rules.YEARS:
        raise ValueError(_("“%s” lies too far away") % value)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _day(value: object, zone: dt.tzinfo) -> dt.date:
    return _moment(value, zone).astimezone(zone).date()


def _country(value: object, zone: dt.tzinfo) -> str:
    """Read a code of two or three letters, or a name; what nobody knows is an unknown country."""
    return law.code_of(_text(value, zone))


def _soft(value: object, zone: dt.tzinfo) -> bool:
    """Read true or false for all three conditions, or an object that names each."""
    if isinstance(value, dict):
        return law.is_soft(value)
    return _truth(value, zone)


def _address(value: object, zone: dt.tzinfo) -> str:
    """Keep an empty text as the mistake it is: only a missing key stands for an ordinary address."""
    return _text(value, zone) or " "


_KEYS: dict[str, Callable[[object, dt.tzinfo], object]] = {
    "source": _source,
    "evidence_date": _day,
    "explicit": _truth,
    "confirmed": _truth,
    "soft_opt_in": _soft,
    "address": _address,
    "country": _country,
    "channel": _channel,
    "message_class": _class,
    "at": _moment,
    "overlay": _truth,
}
