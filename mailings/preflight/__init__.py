"""The last check before sending: every finding is a sentence with a severity, a number of people and a way to mend it.

Errors block sending for everybody; warnings do not. `quick` looks at the mailing alone (the step bar asks on every
page), `check` at its audience too.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from consent import addresses, house
from mailings import audience, cascade, compiling, content, editions, medium, merge_data, starters
from mailings.medium import Content
from mailings.models import Mailing
from mailings.preflight import anchors, attached, looks, printing, purpose, targets, tested, texts, wording
from mailings.preflight.findings import Finding, Severity, error, warning
from mailings.rendering import blocks, drafts, mime, variables
from recipients import selections
from recipients.models import Selection

BIG, CLIPPED = 90_000, 102_000  # bytes of HTML; Gmail cuts a mail off behind 102 kB
MUCH_HELD = 0.5

__all__ = ["Checked", "Finding", "Severity", "check", "examine", "of_audience", "quick", "recount"]


@dataclass(frozen=True)
class Checked:
    """Everything found, and the count it rests on."""

    findings: Sequence[Finding]
    counts: audience.Counts

    @property
    def errors(self) -> Sequence[Finding]:
        return [finding for finding in self.findings if finding.is_error]


def check(mailing: Mailing, *, now: datetime) -> list[Finding]:
    """Check a mailing and everybody in its audience."""
    return list(examine(mailing, now=now).findings)


def examine(mailing: Mailing, *, now: datetime) -> Checked:
    """Check a mailing, and give the count of its audience with what was found."""
    counts = recount(mailing, now=now)
    return Checked([*quick(mailing), *of_audience(mailing, counts)], counts)


def recount(mailing: Mailing, *, now: datetime) -> audience.Counts:
    """Count the audience with what the check asks about it; the step bar remembers."""
    return audience.recount(mailing, now=now, empty_of=_without_fallback(mailing))


def quick(mailing: Mailing) -> list[Finding]:
    """Check a mailing without looking at its audience."""
    if mailing.type == Mailing.Type.DOCUMENT:
        return [*purpose.check(mailing), *printing.check(mailing), *_sources(mailing)]
    if medium.of(mailing).content is Content.TEXT:
        return [*texts.check(mailing), *_sources(mailing)]
    return [
        *_setup(mailing),
        *_content(mailing),
        *_sources(mailing),
        *_of_editions(mailing),
        *tested.check(mailing),
        *attached.check(mailing),
    ]


def of_companions(mailing: Mailing) -> Iterator[Finding]:
    """Check the mailings of other channels that start with this one, and say whose each finding is."""
    for one in cascade.companions(mailing):
        if one.status != Mailing.Status.DRAFT:
            continue
        for finding in quick(one):
            sentence = f"{one.get_type_display()}: {finding.sentence}"
            yield replace(finding, sentence=sentence, edition=finding.edition or one.pk)


def _of_editions(mailing: Mailing) -> Iterator[Finding]:
    """Check the words of each edition, and say whose they are. What they have of the mailing has been checked with it."""
    others = editions.of(mailing)
    own = {finding.sentence for finding in (*_inbox(mailing), *_content(mailing))} if others else set()
    for edition in others:
        for finding in (*_inbox(edition), *_content(edition)):
            if finding.sentence not in own or edition.edition_language:
                step = "content" if finding.step == "setup" else finding.step
                sentence = f"{editions.label(edition)}: {finding.sentence}"
                yield replace(finding, sentence=sentence, step=step, edition=edition.pk)


# Setup ----------------------------------------------------------------------------------------------------------------


def _inbox(mailing: Mailing) -> Iterator[Finding]:
    if not mailing.subject:
        yield error("subject_missing", _("The mailing has no subject."), "setup", "subject")
    yield from wording.subject(mailing.subject)
    yield from wording.preheader(mailing.preheader)


def _setup(mailing: Mailing) -> Iterator[Finding]:
    yield from _inbox(mailing)
    if not mailing.from_name:
        yield warning(
            "from_name_missing", _("There is no From name; readers see the bare address."), "setup", "from_name"
        )
    if mailing.from_address:
        yield from _address(mailing.from_address, "from_address", _("From"))
    else:
        yield error("from_missing", _("There is no From address."), "setup", "from_address")
    if mailing.reply_to:
        yield from _address(mailing.reply_to, "reply_to", _("Reply to"))
    yield from wording.sender(mailing.from_address, mailing.reply_to)
    yield from purpose.check(mailing)
    if not house.postal_address():
        text = _("There is no postal address for the footer. Write it into the brand kit (Library, Brand).")
        yield error("postal_address_missing", text, "setup")


def _address(address: str, field: str, label: str) -> Iterator[Finding]:
    try:
        addresses.normalise(address)
    except addresses.InvalidAddress as mistake:
        yield error(f"{field}_invalid", f"{label}: {mistake}", "setup", field)


# Content --------------------------------------------------------------------------------------------------------------


def _content(mailing: Mailing) -> Iterator[Finding]:
    try:
        letter = compiling.letter_of(mailing)
    except blocks.NoSuchBlock as damage:
        yield error("content_damaged", str(damage), "content")
        return
    if not letter.document.blocks:
        yield error("content_missing", _("The mailing has no content yet. Start from a template."), "template")
        return
    draft = drafts.draft(letter)
    names = {block.id: _name(block) for block in letter.document.blocks}
    for problem in draft.problems:
        if problem.block:
            sentence = f"{names.get(problem.block, '')}: {problem.sentence}"
            yield error("content_mistake", sentence, "content", problem.block)
        else:
            yield error("text_mistake", problem.sentence, "setup", problem.field)
    yield from looks.pictures(letter.document.blocks)
    yield from looks.headings(letter.document.blocks)
    yield from looks.links(letter.document.blocks)
    yield from looks.colors(letter.document)
    yield from targets.check(anchors.web_addresses(letter.document.blocks))
    yield from wording.spam([mailing.subject, mailing.preheader, *_texts(letter.document.blocks)])
    yield from _as_the_template_made_it(mailing, letter.document)
    if not draft.problems:
        yield from _size(mime.compile_draft(draft).html_size)


def _name(block: blocks.Block) -> str:
    """Name a block as its card does: kind and first words."""
    words = block.summary()
    return f"{block.label} “{words[:40]}”" if words else str(block.label)


def _as_the_template_made_it(mailing: Mailing, document: blocks.Document) -> Iterator[Finding]:
    """A template's words are an example, and its buttons lead home until somebody says where to."""
    if document.template not in starters.STARTERS:
        return
    example = starters.STARTERS[document.template].letter(document.language).document
    examples = {block.id: block.summary() for block in example.blocks if isinstance(block, blocks.Text)}
    same = [block for block in document.blocks if block.summary() and examples.get(block.id) == block.summary()]
    if same:
        text = ngettext(
            "A text still says what the template said: “%(words)s…”",
            "%(count)s texts still say what the template said, such as “%(words)s…”",
            len(same),
        )
        words = {"count": len(same), "words": same[0].summary()[:40].strip()}
        yield warning("template_words", text % words, "content", same[0].id)
    home = content.home_of(mailing)
    going = [block for block in document.blocks for anchor in anchors.of(block) if anchor.url == home]
    if going:
        text = ngettext(
            "%(count)s button leads to your home page, as the template made it: %(home)s",
            "%(count)s buttons lead to your home page, as the template made them: %(home)s",
            len(going),
        )
        yield warning("button_home", text % {"count": len(going), "home": home}, "content", going[0].id)


def _size(size: int) -> Iterator[Finding]:
    figures = {"size": number_format(round(size / 1000)), "limit": CLIPPED // 1000}
    if size >= CLIPPED:
        text = _("The mail is %(size)s kB. Gmail cuts it off behind %(limit)s kB, unsubscribe link included.")
        yield warning("clipped", text % figures, "content")
    elif size >= BIG:
        text = _("The mail is %(size)s kB. Gmail cuts mails off behind %(limit)s kB.")
        yield warning("big", text % figures, "content")


# Recipients -----------------------------------------------------------------------------------------------------------


def _sources(mailing: Mailing) -> Iterator[Finding]:
    if not mailing.frozen_at and not mailing.sources.exists() and not mailing.guests.exists():
        yield error(
            "no_sources", _("Nobody is chosen yet. Add a selection, a project, an import or a person."), "recipients"
        )


def of_audience(mailing: Mailing, counts: audience.Counts) -> Iterator[Finding]:
    """Say what a count of the audience has to say."""
    if counts.total and not counts.gets:
        text = _("Nobody would get it: everybody is held back. The Recipients step says why.")
        yield error("nobody", text, "recipients", link=_people(mailing, show="held"), count=counts.held)
    elif not counts.total and (mailing.frozen_at or mailing.sources.exists() or mailing.guests.exists()):
        yield error("nobody", _("The sources are empty: nobody would get it."), "recipients")
    elif counts.held > counts.total * MUCH_HELD:
        text = _("More than half of the people are held back: %(held)s of %(total)s.")
        figures = {"held": number_format(counts.held, use_l10n=True), "total": number_format(counts.total)}
        yield warning("much_held", text % figures, "recipients", link=_people(mailing, show="held"), count=counts.held)
    if counts.gets and (without := counts.held_by.get("no_consent", 0)):
        text = ngettext(
            "%(people)s of %(all)s people did not agree to get this, and does not.",
            "%(people)s of %(all)s people did not agree to get this, and do not.",
            without,
        )
        words = {"people": _figure(without), "all": _figure(counts.total)}
        link = _people(mailing, show="held", reason="no_consent")
        yield warning("no_consent", text % words, "recipients", link=link, count=without)
    if not mailing.frozen_at:
        yield from _broken_selections(mailing)
    yield from tested.of_audience(mailing, counts.gets)
    yield from attached.of_audience(mailing, counts.gets)
    for key, people in counts.empty.items():
        if people:
            yield (
                _without_contact(mailing, key, people) if key in CONTACTS else _empty(mailing, key, people, counts.gets)
            )


def _broken_selections(mailing: Mailing) -> Iterator[Finding]:
    """Name the sources whose criteria speak of something that is gone, so that they find fewer people than meant."""
    for selection in Selection.objects.evaluated().filter(pk__in=mailing.sources.values("selection")).order_by("pk"):
        for problem in list(selections.problems(selection).values())[:1]:
            text = _("The criteria of “%(name)s” no longer work: %(problem)s")
            words = {"name": selection.name, "problem": problem}
            yield warning("selection_broken", text % words, "recipients")


def _empty(mailing: Mailing, key: str, people: int, gets: int) -> Finding:
    text = ngettext(
        "%(people)s of %(all)s people would see nothing in place of “%(variable)s”. Set words for “no value”.",
        "%(people)s of %(all)s people would see nothing in place of “%(variable)s”. Set words for “no value”.",
        people,
    )
    words = {"people": _figure(people), "all": _figure(gets), "variable": variables.catalogue()[key].label}
    return warning("empty_value", text % words, "content", link=_people(mailing, empty=key), count=people)


def _figure(number: int) -> str:
    return number_format(number, force_grouping=True)


CONTACTS = {"sender.sales": gettext_lazy("sales contact"), "sender.support": gettext_lazy("support contact")}


def _without_contact(mailing: Mailing, key: str, people: int) -> Finding:
    text = ngettext(
        "%(people)s person has no %(contact)s among us: they get it from, or answer to, the address of the mailing.",
        "%(people)s people have no %(contact)s among us: they get it from, or answer to, the address of the mailing.",
        people,
    )
    words = {"people": number_format(people), "contact": CONTACTS[key]}
    place = "from_whose" if mailing.from_whose == key.partition(".")[2] else "reply_whose"
    return warning("no_contact", text % words, "setup", place, link=_people(mailing, empty=key), count=people)


def _people(mailing: Mailing, **asked: str) -> str:
    return f"{reverse('mailings:recipients', args=[mailing.pk])}?{urlencode(asked)}#people"


def _said(mailing: Mailing) -> Iterator[str]:
    """Give every text of a mail and its editions."""
    for subject, preheader, _sender, kept in editions.said(mailing):
        yield from (subject, preheader)
        with suppress(blocks.NoSuchBlock):
            yield from _texts(blocks.Document.read(kept).blocks)


def _without_fallback(mailing: Mailing) -> tuple[str, ...]:
    """Name the merge values that stand somewhere without words for "no value"."""
    if medium.of(mailing).content is Content.TEXT:
        bare = set(_bare(str(mailing.content.get("text", ""))))
    else:
        bare = {key for text in _said(mailing) for key in _bare(text)}
    bare |= {f"sender.{whose}" for whose in (mailing.from_whose, mailing.reply_whose) if f"sender.{whose}" in CONTACTS}
    known = [key for key in merge_data.EXPRESSIONS if key in bare]
    return (*known, *(key for key in sorted(bare) if key not in known and merge_data.is_known(key)))


def _bare(text: str) -> Iterator[str]:
    """Name the values of a text that nothing stands in for; one that a condition asks about is looked after."""
    parsed = variables.parse(text)
    asked = {fork.variable for fork in parsed.forks}
    return (one.variable.key for one in parsed.merges if not one.fallback and one.variable not in asked)


def _texts(kept: Iterable[blocks.Block]) -> Iterator[str]:
    apart = {"id", "kind", "only_if"}
    for block in kept:
        yield from _words({name: value for name, value in block.to_json().items() if name not in apart})


def _words(value: object) -> Iterator[str]:
    """Give every text in a block as it is kept, those of its columns too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _words(part)
