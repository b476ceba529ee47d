"""What is checked of letters before they are printed."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from mailings.letters import making, writing
from mailings.models import Mailing
from mailings.preflight.findings import Finding, error, warning
from mailings.rendering import blocks


def check(mailing: Mailing) -> Iterator[Finding]:
    """Check the frame and the words of a letter."""
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
