"""Logs: one line per event, structured; no token of a reader ever stands in them."""

import logging
import re
from typing import Any

import structlog

# /c/, /o/, /v/, /u/, /p/, /confirm/, /data/: whoever has such a token can act for the reader
SECRET_PATH = re.compile(r"(/(?:[covup]|confirm|data)/)[^/\s'\"?]+")


def without_tokens(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Cut the tokens out of every address in an event."""
    return {key: SECRET_PATH.sub(r"\1…", value) if isinstance(value, str) else value for key, value in event.items()}


def configure(*, as_json: bool) -> None:
    """Set structlog up; JSON lines in production, plain lines for people."""
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
