"""Compiling a mailing: its rows become a letter of plain values, the letter becomes segments, and both are kept."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import override

from consent import house
from consent.gate import MessageClass
from mailings import editions, medium, texts
from mailings.letters import files, making
from mailings.medium import Content
from mailings.models import Mailing
from mailings.rendering.blocks import Document
from mailings.rendering.compile import CannotCompile, compile_letter
from mailings.rendering.drafts import Letter
from mailings.rendering.segments import Compiled
from mailings.rendering.texting import Compiled as Text
from tracking import library
from tracking.models import Link

__all__ = ["CannotCompile", "compile_document", "compile_mailing", "keep_links", "letter_of", "preview_of"]


def letter_of(mailing: Mailing) -> Letter:
    """Give the plain values that rendering needs. Raises NoSuchBlock when the kept content is damaged."""
    document = Document.read(mailing.content)
    if mailing.edition_language:
        document = replace(document, language=mailing.edition_language)
    with override(document.language):
        subscription = mailing.subscription_type.name if mailing.subscription_type else ""
    return Letter(
        document=document,
        name=mailing.name,
        subject=mailing.subject,
        preheader=mailing.preheader,
        from_name=mailing.from_name,
        from_address=mailing.from_address,
        reply_to=mailing.reply_to,
        has_attachments=bool(mailing.pk) and editions.main_of(mailing).attachments.exists(),
        from_varies=mailing.from_whose != Mailing.Whose.ALWAYS,
        reply_varies=mailing.reply_whose != Mailing.Whose.ALWAYS,
        number=mailing.pk,
        subscription_code=mailing.subscription_type.code if mailing.subscription_type else "",
        subscription_name=subscription,
        sender_name=mailing.from_name or settings.SENDER_NAME,
        postal_address=house.postal_address(),
        base_url=settings.BASE_URL,
        list_domain=urlsplit(settings.BASE_URL).hostname or "localhost",
        is_marketing=mailing.message_class == MessageClass.MARKETING,
        is_response=mailing.type == Mailing.Type.RESPONSE,
        track_opens=mailing.track_opens,
        track_clicks=mailing.track_clicks,
        campaign=tuple((name, getattr(mailing, name)) for name in Mailing.CAMPAIGN),
    )


def compile_mailing(mailing: Mailing) -> Compiled | Text:
    """Compile, and keep the segments on the mailing and its links in the table clicks are looked up in.

    Doing it again changes nothing but what changed. Raises CannotCompile.
    """
    if medium.of(mailing).content is Content.TEXT:
        return _compile_text(mailing)
    compiled = _compile(mailing, mailing, 0)
    links, last = list(compiled.links), len(compiled.links)
    for edition in editions.of(mailing):
        is_same = edition.content == mailing.content  # then its links are the mailing's
        other = _compile(edition, mailing, 0 if is_same else last)
        if not is_same:
            links += other.links
            last += len(other.links)
    keep_links(mailing, links)
    return compiled


def _compile(edition: Mailing, mailing: Mailing, links_before: int) -> Compiled:
    """Compile the mailing or one of its editions, and keep the segments there."""
    letter = replace(letter_of(edition), number=mailing.pk, links_before=links_before)
    compiled = compile_letter(letter)
    edition.compiled = compiled.to_json()
    edition.compiled_unseen = (
        compile_letter(replace(letter, track_opens=False)).to_json() if letter.track_opens else None
    )
    kept = Mailing.with_editions.filter(pk=edition.pk)
    kept.update(compiled=edition.compiled, compiled_unseen=edition.compiled_unseen)
    return compiled


def _compile_text(mailing: Mailing) -> Text:
    compiled = texts.compiled_of(mailing)
    if compiled.problems:
        raise CannotCompile(compiled.problems)
    mailing.compiled, mailing.compiled_unseen = compiled.to_json(), None
    Mailing.objects.filter(pk=mailing.pk).update(compiled=mailing.compiled, compiled_unseen=None)
    keep_links(mailing, compiled.links)
    return compiled


def compile_document(mailing: Mailing) -> None:
    """Check letters and keep their links. Raises CannotCompile.

    Nothing else is kept: each worker writes the frozen content out anew, which takes milliseconds.
    """
    if not files.named(mailing) and (problems := making.written(mailing).problems):
        raise CannotCompile(problems)
    keep_letter_links(mailing)


def keep_letter_links(mailing: Mailing) -> None:
    """Keep the links of a letter, mistakes or not: whoever holds a page of it may scan it. A Word file has none."""
    links = () if files.named(mailing) else making.written(mailing).links
    keep_links(mailing, [(link.number, link.url, link.name) for link in links])


def keep_links(mailing: Mailing, links: Sequence[tuple[int, str, str]]) -> None:
    """Write the counted links where clicks are looked up, and take away those that are gone."""
    known = library.match(url for _number, url, _name in links)
    rows = [
        Link(
            mailing=mailing.pk,
            number=number,
            url=url,
            name=known[url].name if url in known else name,
            library=known.get(url),
        )
        for number, url, name in links
    ]
    with transaction.atomic():
        Link.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["mailing", "number"], update_fields=["url", "name", "library"]
        )
        Link.objects.filter(mailing=mailing.pk, number__gt=len(rows)).delete()


def preview_of(mailing: Mailing, *, is_test: bool = False) -> Compiled:
    """Compile as it stands, mistakes and all, for a preview or a test; nothing is kept."""
    letter = letter_of(mailing)
    sender = letter.from_address or settings.SENDER_ADDRESS
    return compile_letter(replace(letter, from_address=sender, is_test=is_test), strict=False)
