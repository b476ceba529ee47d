"""The conditions of a text while it is written: IF, ELSEIF, ELSE and ENDIF become marks that nest.

`[[IF:a]]x[[ELSEIF:b]]y[[ELSE]]z[[ENDIF]]` is kept as x for whom a holds, and for whom it does not: y where b holds, z
where it does not. A branch begins and ends within the same element, so that no tag is left open for anybody.
"""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from mailings.rendering.pieces import Condition, Marks
from mailings.rendering.variables import MAX_OPEN, Fork, Word

_OPPOSITE = {"is": "is_not", "is_not": "is", "filled": "empty", "empty": "filled"}


@dataclass
class _Open:
    place: object
    fork: Fork  # the word that came last
    condition: Condition  # of the branch being written
    ends: int = 1  # how many marks end it


@dataclass
class Forks:
    """The conditions that are open. `place` says in which element a word stands."""

    marks: Marks
    opened: list[_Open] = field(default_factory=list)

    def refusal(self, fork: Fork, place: object) -> str:
        """Say why this word cannot stand here; empty when it can."""
        if fork.word is Word.IF:
            too_many = sum(one.ends for one in self.opened) >= MAX_OPEN
            sentence = _("At most %(count)d conditions stand inside each other.") % {"count": MAX_OPEN}
            return sentence if too_many else ""
        if not self.opened:
            return _("“%(word)s” has no “IF” before it.") % {"word": fork.word.value}
        last = self.opened[-1]
        if last.place != place:
            text = _("“%(word)s” stands in another paragraph, or in other bold or linked words, than its “IF”.")
            return text % {"word": fork.word.value}
        if last.fork.word is Word.ELSE and fork.word is not Word.ENDIF:
            return _("Behind “ELSE” only “ENDIF” can follow.")
        return ""

    def turn(self, fork: Fork, place: object = None) -> str:
        """Give the marks of a word that may stand here."""
        if fork.word is Word.IF:
            condition = condition_of(fork)
            self.opened.append(_Open(place, fork, condition))
            return self.marks.when(condition)[0]
        last = self.opened[-1]
        last.fork = fork
        if fork.word is Word.ENDIF:
            self.opened.pop()
            return self.marks.end * last.ends
        otherwise = self.marks.end + self.marks.when(opposite(last.condition))[0]
        if fork.word is Word.ELSE:
            return otherwise
        last.condition = condition_of(fork)
        last.ends += 1
        return otherwise + self.marks.when(last.condition)[0]

    def opened_in(self, place: object) -> list[Fork]:
        """Name the conditions that are still open in an element."""
        return [one.fork for one in self.opened if one.place == place]

    def close(self, place: object) -> str:
        """End whatever is open in an element."""
        ending = [one for one in self.opened if one.place == place]
        self.opened = [one for one in self.opened if one.place != place]
        return "".join(self.marks.end * one.ends for one in ending)


def condition_of(fork: Fork) -> Condition:
    """Give what an IF or ELSEIF asks."""
    if fork.variable is None:
        raise ValueError("this word asks nothing")
    return Condition(fork.variable.key, fork.operator, fork.value)


def opposite(condition: Condition) -> Condition:
    """Give the condition that holds for everybody else."""
    return Condition(condition.key, _OPPOSITE[condition.operator], condition.value)
