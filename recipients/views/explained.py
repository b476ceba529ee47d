"""Criteria in words for a page: the saved ones as a list, and the answers of one person."""

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.safestring import SafeString

from recipients.criteria import meaning
from recipients.criteria.glossary import Glossary
from recipients.criteria.meaning import Answer
from recipients.criteria.tree import Condition, Group, Node


@dataclass(frozen=True)
class Line:
    """A criterion or a group in words, with what is wrong with it and, for one person, whether it holds."""

    said: SafeString
    problem: str
    is_group: bool
    holds: bool | None = None
    parts: "tuple[Line, ...]" = ()


def criteria(root: Group, known: Glossary) -> Line:
    """Say a whole tree."""
    return _line(root, known)


def answer(given: Answer, known: Glossary) -> Line:
    """Say a whole tree with the answers of one person."""
    return _line(given.node, known, given)


def _line(node: Node, known: Glossary, given: Answer | None = None) -> Line:
    problem, holds = meaning.problem(node, known), given.holds if given else None
    if isinstance(node, Condition):
        return Line(meaning.said(node, known), problem, is_group=False, holds=holds)
    answers: tuple[Answer | None, ...] = given.parts if given else (None,) * len(node.parts)
    parts = tuple(_line(part, known, one) for part, one in zip(node.parts, answers, strict=True))
    return Line(SafeString(meaning.named(node.how)), problem, is_group=True, holds=holds, parts=parts)


def grouped(number: int) -> str:
    """Write a number for a sentence: 6,218."""
    return number_format(number, force_grouping=True)
