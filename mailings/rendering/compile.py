"""Everything that is done once per mailing, in one call."""

from mailings.rendering import mime
from mailings.rendering.drafts import Letter, draft
from mailings.rendering.segments import Compiled
from mailings.rendering.writing import Problem


class CannotCompile(ValueError):
    """The mail has mistakes in it; `problems` names each with its block and place."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.sentence for problem in problems))
        self.problems = problems


def compile_letter(letter: Letter, *, strict: bool = True) -> Compiled:
    """Make a letter ready to be filled in per recipient. Raises CannotCompile, unless a preview takes it as it is."""
    written = draft(letter)
    if strict and written.problems:
        raise CannotCompile(written.problems)
    return mime.compile_draft(written)
