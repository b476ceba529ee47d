"""Editions: one mailing in other words, for a language or for a test.

An edition is a row of its own, so that everything that works on the words of a mailing (editor, preview, versions, test
send) works on it; whatever is not words comes from the mailing it belongs to. Who gets which is written into the
messages when the audience is frozen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from mailings import candidates
from mailings.delivery.sql import rows
from mailings.models import Mailing, Trial

# Languages a mailing can be written in. Its footer speaks English where we have no translation.
LANGUAGES = ("en", "nl", "de", "fr", "es", "it", "pt", "da", "sv", "nb", "fi", "pl")
MOST = 12  # editions of one mailing
SENDER = ("from_name", "from_address")
INBOX = ("subject", "preheader")
OWN: Mapping[str, tuple[str, ...]] = {  # by what a test is about; a language has all its words for itself
    "": (*INBOX, "content"),
    Trial.About.SUBJECT: INBOX,
    Trial.About.SENDER: SENDER,
    Trial.About.CONTENT: ("content",),
}
LENT = (  # what an edition has of its mailing, besides the sender where that is not tested
    "type", "status", "name", "message_class", "reply_to", "from_whose", "reply_whose", "subscription_type", "selection", "project", "track_opens",
    "track_clicks", *Mailing.CAMPAIGN, "account", "window", "include_companies", "prefer_company", "frozen_at",
)  # fmt: skip

_LANGUAGE = "split_part(lower(replace(p.language, '_', '-')), '-', 1)"  # nl-BE and nl_NL read what is in nl


class CannotAdd(Exception):
    """There cannot be one more; the sentence says why."""


def of(mailing: Mailing) -> list[Mailing]:
    """Give the editions of a mailing, in order, with everything that is not words lent to them."""
    if mailing.edition_of_id:
        return []
    kept = Mailing.with_editions.filter(edition_of=mailing.pk).defer("compiled", "compiled_unseen")
    found = list(kept.order_by("edition"))
    about = _about(mailing) if any(not one.edition_language for one in found) else ""
    return [lend(mailing, one, about) for one in found]


def find(pk: int) -> Mailing | None:
    """Give a mailing or an edition, ready to be written, looked at or tested."""
    found = Mailing.with_editions.select_related("subscription_type", "selection", "project", "edition_of").filter(
        pk=pk
    )
    one = found.first()
    if one is None or one.edition_of_id is None:
        return one
    main = main_of(one)
    return lend(main, one, "" if one.edition_language else _about(main))


def main_of(mailing: Mailing) -> Mailing:
    """Give the mailing that an edition belongs to; a mailing is its own."""
    return mailing.edition_of or mailing


def _about(mailing: Mailing) -> str:
    """Say what the mailing's test is about."""
    return Trial.objects.filter(mailing=mailing.pk).values_list("about", flat=True).first() or ""


def lend(mailing: Mailing, edition: Mailing, about: str = "") -> Mailing:
    """Give an edition what is not its own: of a test everything but what it is about."""
    edition.edition_of = mailing
    own = OWN[about]
    for name in (*LENT, *(name for name in (*INBOX, *SENDER, "content") if name not in own)):
        setattr(edition, name, getattr(mailing, name))
    return edition


def language_of(mailing: Mailing) -> str:
    """Say in which language a mailing or an edition is written."""
    return mailing.edition_language or str(mailing.content.get("language") or "en")


@dataclass(frozen=True)
class Tab:
    """One of the editions, as the bar above the words shows it."""

    mailing: Mailing
    label: str
    is_here: bool = False


def tabs(here: Mailing, *, written: bool = False) -> list[Tab]:
    """Give the mailing and its editions; nothing when there are none, or `written` asks for those with a content of their own."""
    main = main_of(here)
    others = of(main)
    if written and others and not others[0].edition_language and _about(main) != Trial.About.CONTENT:
        return []
    return [Tab(one, label(one), one.pk == here.pk) for one in [main, *others]] if others else []


def label(mailing: Mailing) -> str:
    """Name an edition: its language, or its letter in a test."""
    main = main_of(mailing)
    is_of_test = not (mailing.edition_language if mailing.edition_of_id else _has_languages(main))
    return letter(mailing.edition) if is_of_test else name_of(language_of(mailing))


def letter(number: int) -> str:
    """Name a variant of a test: A is the mailing itself."""
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number]


def name_of(language: str) -> str:
    """Name a language in itself, as who reads it would."""
    try:
        return str(get_language_info(language)["name_local"])
    except KeyError:
        return language


def _has_languages(mailing: Mailing) -> bool:
    return Mailing.with_editions.filter(edition_of=mailing.pk).exclude(edition_language="").exists()


# languages ------------------------------------------------------------------------------------------------------------


def languages_left(mailing: Mailing) -> list[tuple[str, str]]:
    """Give the languages that could be added: [(code, name)]."""
    taken = {language_of(mailing), *(one.edition_language for one in of(mailing))}
    return [(code, name_of(code)) for code in LANGUAGES if code not in taken]


@transaction.atomic
def add_language(mailing: Mailing, language: str) -> Mailing:
    """Begin the words for who reads this language with those of the mailing. Raises CannotAdd."""
    main = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if language not in dict(languages_left(main)):
        raise CannotAdd(_("This language is there already, or we cannot write it."))
    if Trial.objects.filter(mailing=main.pk).exists():
        raise CannotAdd(_("A mailing with an A/B test has one language: with both, too few people would get each."))
    return add(main, language=language, content={**main.content, "language": language})


def add(main: Mailing, *, language: str = "", content: dict[str, object] | None = None) -> Mailing:
    """Make one more edition, which begins with the words of the mailing."""
    last = Mailing.with_editions.filter(edition_of=main.pk).aggregate(last=Max("edition"))["last"] or 0
    if last >= MOST:
        raise CannotAdd(_("A mailing has %(count)d editions at most.") % {"count": MOST})
    edition = Mailing.with_editions.create(
        edition_of=main,
        edition=last + 1,
        edition_language=language,
        name=main.name,
        subject=main.subject,
        preheader=main.preheader,
        from_name=main.from_name,
        from_address=main.from_address,
        content=main.content if content is None else content,
    )
    return lend(main, edition, "" if language else _about(main))


def remove(mailing: Mailing, number: int) -> None:
    """Take an edition away, with its versions."""
    Mailing.with_editions.filter(edition_of=mailing.pk, pk=number).delete()


def copy(mailing: Mailing, to: Mailing) -> None:
    """Give a copied mailing the same editions."""
    for one in Mailing.with_editions.filter(edition_of=mailing.pk).order_by("edition"):
        one.pk, one.edition_of, one.content_version, one.compiled, one.compiled_unseen = None, to, 0, None, None
        one.status = Mailing.Status.DRAFT
        one._state.adding = True
        one.save()
    if trial := Trial.objects.filter(mailing=mailing.pk).first():
        kept = {name: getattr(trial, name) for name in ("about", "share", "hours", "judge", "otherwise", "seed")}
        Trial.objects.create(mailing=to, **kept)


def readers(mailing: Mailing) -> dict[str, int]:
    """Count the people of the sources by the language they read; "" is of whom we do not know it."""
    parameters: candidates.Parameters = {}
    kept = list(mailing.sources.all())
    if not kept:
        return {}
    sql = f"""SELECT {_LANGUAGE}, count(*) FROM ({candidates.chosen(kept, parameters)}) chosen
                JOIN recipients_person p ON p.id = chosen.person_id GROUP BY 1 ORDER BY 2 DESC LIMIT 20"""  # noqa: S608
    return dict(rows(sql, parameters))


# who gets which -------------------------------------------------------------------------------------------------------


def number_sql(mailing: Mailing, parameters: dict[str, object]) -> str:
    """Give the SQL over p (person) that says which edition somebody gets by language; else the mailing's own words."""
    cases = []
    for place, one in enumerate(one for one in of(mailing) if one.edition_language):
        parameters[f"language_{place}"] = one.edition_language
        cases.append(f"WHEN %(language_{place})s THEN {one.edition:d}")
    if not cases:
        return "0"
    return f"CASE {_LANGUAGE} {' '.join(cases)} ELSE 0 END"


Said = tuple[str, str, str, dict[str, object]]  # subject, preheader, From name, content


def said(mailing: Mailing) -> Sequence[Said]:
    """Give all words of a mailing in which a variable may stand, and those of its editions."""
    own = (mailing.subject, mailing.preheader, mailing.from_name, mailing.content)
    if mailing.edition_of_id or not mailing.pk:
        return [own]
    return [own, *((one.subject, one.preheader, one.from_name, one.content) for one in of(mailing))]
