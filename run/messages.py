"""`make messages`: collect every sentence of code and templates into the Dutch catalogue, with Babel alone."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from run.servers import ROOT

CATALOGUE = ROOT / "locale" / "nl" / "LC_MESSAGES" / "django.po"
CODE = ("config", "forms", "mailings", "tracking", "recipients", "consent", "demo")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# The head says nothing that changes from run to run: a catalogue differs only when its sentences do.
MADE = datetime(2026, 11, 23, tzinfo=UTC)
HEAD: dict[str, Any] = {
    "header_comment": "# The Dutch of Postduif. `make messages` keeps the list of sentences.",
    "project": "Postduif",
    "version": "1",
    "msgid_bugs_address": "-",
    "last_translator": "Postduif",
    "language_team": "Postduif",
    "creation_date": MADE,
    "revision_date": MADE,
}
Message = tuple[str | tuple[str, ...], str | None]  # msgid (with its plural), context


def main() -> int:
    catalogue = Catalog(locale="nl", charset="utf-8", fuzzy=False, **HEAD)
    for msgid, context in sorted(set(messages()), key=str):
        catalogue.add(msgid, context=context)
    if CATALOGUE.exists():
        known = read_known()
        for message in catalogue:
            if message.id and (old := known.get(message.id, message.context)) and not old.fuzzy:
                message.string = old.string
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, catalogue, width=0, omit_header=False, sort_output=True)
    empty = sum(1 for _ in untranslated(read_known()))
    print(f"{len(catalogue)} sentences, {empty} without Dutch: {CATALOGUE.relative_to(ROOT)}")
    return 0


def messages() -> Iterator[Message]:
    """Yield every translatable sentence of the project."""
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from extracted(path.read_bytes())
    for path in sorted((ROOT / "templates").rglob("*.html")) + sorted((ROOT / "templates").rglob("*.txt")):
        yield from extracted(templatize(path.read_text(), origin=str(path)).encode())


def extracted(source: bytes) -> Iterator[Message]:
    for _line, msgid, _comments, context in extract("python", BytesIO(source), keywords=KEYWORDS):
        if msgid:
            yield msgid if isinstance(msgid, str) else tuple(msgid), context


def read_known() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="nl")


def untranslated(catalogue: Catalog) -> Iterator[str]:
    for message in catalogue:
        strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
        if message.id and not all(strings):
            yield str(message.id)


if __name__ == "__main__":
    sys.exit(main())
