"""Judge imagined cases from a file, one JSON object a line."""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone
from redis import RedisError

from consent import cases, rulebook, whatif
from consent.rulebook import SHIPPED, Rulebook

HELP = """\
Judge imagined cases: one JSON object a line in, one JSON object a line out, in the same order.

  {"source": "purchase", "evidence_date": "2025-03-03", "country": "DE", "soft_opt_in": true}
  {"verdict": "allow", "reason": "soft_opt_in_complete"}

Every key may be left out; what is missing then counts as it says here.

  source         a code of the rule table (/consent/sources/)       unknown
  evidence_date  the source's evidence is complete as of that day   it is not complete: nothing can be shown
  explicit       they ticked a box that was not ticked before       false
  confirmed      they confirmed it by double opt-in; a source that
                 must be verified counts from then on               false
  soft_opt_in    own similar products, refusal offered at
                 collection and in every message: true, or an
                 object with own_similar_products, refusal_offered
                 and refusal_in_every_message                       false
  address        the address that would be written to               an ordinary address of a person
  country        ISO 3166-1 code, UK, or the name of a country
                 whose law is in the table                          unknown, which counts as NL
  channel        email, sms or letter                               email
  message_class  marketing, transactional, one_to_one or
                 form_response                                      marketing
  at             the moment, 2026-11-23T09:30+01:00; without an
                 offset in the sender's time zone, a day alone is
                 its first moment                                   now
  overlay        false: the policy alone, no country law            true

Judged by the rules as administrators have them now, which can be stricter than they were shipped.
The verdict is allow, verify (they must confirm first) or refuse. The reason is a code:
  allow:  confirmed explicit implicit soft_opt_in_complete no_consent_needed not_marketing
  verify: verify_first (the source), explicit_needed, confirm_needed, soft_opt_in (the country's law)
  refuse: refused_source no_consent no_evidence expired role_address invalid_address
Evidence dated after `at` does not exist yet. A line that is no case gives {"error": "line 3: ..."} and the rest goes on;
a source that is not in the table is refused (unknown_source) and its line has the error too. Empty lines and keys that are not named here are passed over.
"""


class Command(BaseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **more: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=argparse.RawDescriptionHelpFormatter, **more
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="CASES.jsonl", help="the file of cases; - reads standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        now, zone = timezone.now(), timezone.get_default_timezone()
        with _opened(options["file"]) as lines:
            for answer in answers(lines, now=now, zone=zone, book=self._book()):
                self.stdout.write(json.dumps(answer, ensure_ascii=False))

    def _book(self) -> Rulebook:
        """Take the rules as they are now; imagined cases need no database, so without one as they were shipped."""
        try:
            return rulebook.current()
        except (DatabaseError, RedisError):
            self.stderr.write("There is no database to ask: judged by the rules as they were shipped.")
            return SHIPPED


def answers(
    lines: BinaryIO, *, now: dt.datetime, zone: dt.tzinfo, book: Rulebook = SHIPPED
) -> Iterator[dict[str, str]]:
    """Judge each line as it comes."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            case = cases.read(line, now=now, zone=zone)
            found = whatif.judge(case, zone=zone, sources=book.sources, matrix=book.law, roles=book.roles)
        except cases.UnknownSource as mistake:
            yield {"verdict": "refuse", "reason": "unknown_source", "error": _said(number, mistake)}
        except cases.BadCase as mistake:
            yield {"error": _said(number, mistake)}
        else:
            yield {"verdict": found.verdict.value, "reason": found.reason}


def _said(number: int, mistake: ValueError) -> str:
    return f"line {number}: {mistake}".encode(errors="replace").decode()  # half a surrogate pair cannot be printed


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}") from error
    with file:
        yield file
