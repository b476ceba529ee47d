"""One line of the last check."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """One line of the check. `step` is where it is mended, `link` leads to the people it is about."""

    code: str
    severity: Severity
    sentence: str
    step: str
    count: int = 0
    link: str = ""
    place: str = ""  # within the step: a field, a block
    edition: int = 0  # in whose words: the number of its row, 0 for the mailing's own

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


def error(code: str, sentence: str, step: str, place: str = "", *, link: str = "", count: int = 0) -> Finding:
    """Make a finding that blocks sending."""
    return Finding(code, Severity.ERROR, sentence, step, count, link, place)


def warning(code: str, sentence: str, step: str, place: str = "", *, link: str = "", count: int = 0) -> Finding:
    """Make a finding that only says something."""
    return Finding(code, Severity.WARNING, sentence, step, count, link, place)
