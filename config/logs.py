"""Logs: one line per event, structured; no token and no address of a reader ever stands in them."""

import logging
import re
import traceback
from typing import Any

import structlog

# /c/, /s/, /o/, /v/, /u/, /p/, /confirm/, /data/: whoever has such a token can act for the reader
SECRET_PATH = re.compile(r"(/(?:[covups]|confirm|data)/)[^/\s'\"?]+")


# an e-mail address as people write it, or as it stands in the query of a URL
ADDRESS = re.compile(r"[^\s'\"<>()\[\]{},;:=&?/@]+(?:@|%40)[^\s'\"<>()\[\]{},;:=&?/@%]+")


def without_addresses(text: str) -> str:
    """Cut e-mail addresses out of a text."""
    return ADDRESS.sub("…@…", text) if "@" in text or "%40" in text else text


def quiet(record: logging.LogRecord) -> logging.LogRecord:
    """Cut the addresses out of a line of the standard log, and out of the story of an exception."""
    try:
        said = record.getMessage()
    except (TypeError, ValueError, KeyError):
        return record  # a line that does not fit its own arguments: logging says so itself
    if (told := without_addresses(said)) != said:
        record.msg, record.args = told, ()
    if record.exc_info and record.exc_info[0]:
        record.exc_text = without_addresses("".join(traceback.format_exception(*record.exc_info))).rstrip()
    return record


def without_tokens(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Cut the tokens of readers, and their addresses, out of an event."""
    return {key: _told(value) if isinstance(value, str) else value for key, value in event.items()}


def _told(text: str) -> str:
    return without_addresses(SECRET_PATH.sub(r"\1…", text))


def configure(*, as_json: bool) -> None:
    """Set structlog up; JSON lines in production, plain lines for people. The standard log becomes quiet, too."""
    logging.setLogRecordFactory(lambda *args, **more: quiet(logging.LogRecord(*args, **more)))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_tokens,
            structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
