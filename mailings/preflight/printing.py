"""What is checked of letters before they are printed."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from mailings.letters import files, making, office, writing
from mailings.letters.word import CannotUse
from mailings.letters.writing import WINDOW
from mailings.models import Mailing
from mailings.preflight.findings import Finding, error, warning
from mailings.rendering import blocks


def check(mailing: Mailing) -> Iterator[Finding]:
    """Check the frame and the words of a letter, or the fields of its Word file."""
    if files.named(mailing):
        yield from _of_word(mailing)
        return
    try:
        letter = making.letter_of(mailing)
    except blocks.NoSuchBlock as damage:
        yield error("content_damaged", str(damage), "content")
        return
    if not letter.sheet.sender.strip() and not letter.postal_address:
        yield error("sender_missing", _("The letter does not say who it comes from."), "setup", "sender")
    if not letter.sheet.heading.strip():
        yield warning("heading_missing", _("The letter has no heading."), "setup", "heading")
    if not letter.document.blocks:
        yield error("content_missing", _("The letter has no text yet. Start from a template."), "template")
        return
    names = {block.id: str(block.label) for block in letter.document.blocks}
    for problem in writing.write(letter).problems:
        if problem.block:
            sentence = f"{names.get(problem.block, '')}: {problem.sentence}"
            yield error("content_mistake", sentence, "content", problem.block)
        else:
            yield error("text_mistake", problem.sentence, "setup", problem.field)


def _of_word(mailing: Mailing) -> Iterator[Finding]:
    if not office.is_here():
        yield error("office_missing", office.without_office(), "content")
    try:
        template = files.template(mailing)
    except CannotUse as refusal:
        yield error("file_unfit", str(refusal), "content")
        return
    for mistake in template.mistakes:
        sentence = _("%(field)s, near “%(near)s”: %(why)s")
        said = {"field": mistake.text[:60], "near": mistake.around, "why": mistake.sentence}
        yield error("file_mistake", sentence % said, "content")
    if not any(place == WINDOW for place in template.places.values()) and "customer.street" not in " ".join(
        template.fields
    ):
        yield warning(
            "file_without_address",
            _("The letter does not show an address. Write [[letter.address]] where it stands."),
            "content",
        )
