"""What a person had before them when they acted: kept with the act, because consent is worth what was shown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The words shown, their language, the page without its key, and from where the person came."""

    wording: str = ""
    language: str = ""
    url: str = ""
    ip: str | None = None
    user_agent: str = ""


NOTHING = Seen()
