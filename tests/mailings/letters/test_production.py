"""Letters to an audience: the right people, in the right order, each printed once, whoever is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pikepdf
import pytest
from django.db import connection

from consent import suppressions
from consent.suppressions import Block
from mailings import audience, lifecycle
from mailings.delivery import chunks
from mailings.letters import binding, production
from mailings.letters.models import PrintRun
from mailings.models import Chunk, Mailing, Message
from recipients.models import Company, Person
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author
from tests.mailings.letters.pages import text

pytest.importorskip("weasyprint", exc_type=OSError)
pytestmark = pytest.mark.django_db(transaction=True)

HELLO = {"language": "en", "blocks": [{"id": "t", "kind": "text", "html": "<p>Dear [[customer.firstname]],</p>"}]}
HOME = {"street": "Kerkstraat 1", "postcode": "1011 AB", "city": "Amsterdam", "country": "NL"}


def a_document(to: object, **values: object) -> Mailing:
    frame = {"sender": "De Werkbank", "sort": "", **values.pop("letter", {})}  # type: ignore[dict-item]
    return a_mailing(to=to, letter=frame, **{"type": "document", "content": HELLO, "one_per_address": False, **values})


def _blocked(channel: str, address: str) -> None:
    suppressions.add_many([Block(channel=channel, address=address, reason="objection")], actor="self", now=NOON)


def reasons(mailing: Mailing) -> dict[str, str]:
    return {m.person.first_name: m.reason for m in mailing.messages.select_related("person") if m.person}


def test_people_with_a_postal_address_get_a_letter_and_the_others_a_reason():
    readers = a_selection()
    a_person("ada@example.org", in_=readers, **HOME)
    a_person("bob@example.org", in_=readers)
    a_person("cleo@example.org", in_=readers, company="Molenaar")
    Company.objects.filter(name="Molenaar").update(street="Laan 2", postcode="3011ab", city="Rotterdam", country="NL")
    a_person("dirk@example.org", in_=readers, **HOME | {"street": "Elders 4"})
    _blocked("email", "dirk@example.org")
    mailing = a_document(readers)

    audience.freeze(mailing, now=NOON)

    assert reasons(mailing) == {"Ada": "", "Bob": "no_postal_address", "Cleo": "", "Dirk": "objected"}
    cleo = mailing.messages.get(person__first_name="Cleo")
    assert (cleo.channel, cleo.address) == ("letter", "laan 2, 3011 ab rotterdam, nl")
    assert cleo.data["_postal"]["company"] == "Molenaar"
    assert mailing.messages.get(person__first_name="Ada").data["_postal"]["company"] == ""


def test_an_objection_at_the_postal_address_holds_the_letter_back():
    readers = a_selection()
    a_person("ada@example.org", in_=readers, **HOME)
    _blocked("letter", "kerkstraat 1, 1011 ab amsterdam, nl")
    mailing = a_document(readers)

    audience.freeze(mailing, now=NOON)

    assert reasons(mailing)["Ada"] not in ("", "no_postal_address")


def test_with_prefer_company_the_firm_gets_one_letter_in_place_of_its_people():
    readers = a_selection()
    for name in ("ada", "bob"):
        a_person(f"{name}@example.org", in_=readers, company="Molenaar")
    Company.objects.update(street="Laan 2", postcode="3011ab", city="Rotterdam", country="NL")
    mailing = a_document(readers, include_companies=True, prefer_company=True)

    assert audience.freeze(mailing, now=NOON).gets == 1
    assert mailing.messages.get(state="pending").data["_postal"] == {
        "name": "", "company": "Molenaar", "street": "Laan 2", "postcode": "3011ab", "city": "Rotterdam", "region": "", "country": "NL",
    }  # fmt: skip


def test_letters_come_out_sorted_by_country_and_postcode(tmp_path: Path):
    readers = a_selection()
    for name, code, country in (("nl9", "9999 ZZ", "NL"), ("de", "10115", "DE"), ("nl1", "1011 AB", "NL")):
        a_person(f"{name}@example.org", in_=readers, **HOME | {"postcode": code, "country": country})
    mailing = printed(a_document(readers, letter={"sort": "postcode"}))

    pages = text(whole(mailing, tmp_path), tmp_path)

    assert [page.partition("Dear ")[2].split(",")[0] for page in pages] == ["De", "Nl1", "Nl9"]


def test_each_letter_is_printed_once_however_often_a_chunk_is_told(tmp_path: Path):
    readers = a_selection()
    for number in range(25):
        a_person(f"p{number}@example.org", in_=readers, **HOME | {"street": f"Kerkstraat {number}"})
    mailing = a_document(readers)
    lifecycle.start(mailing, by=an_author(), now=NOON)
    (chunk,) = Chunk.objects.filter(mailing=mailing)

    assert production.work(chunk.pk, clock=lambda: NOON) == 25
    assert production.work(chunk.pk, clock=lambda: NOON) == 0

    assert lifecycle.finish_done(now=NOON) == [mailing.pk]
    assert mailing.messages.filter(state="sent").count() == 25
    assert {len(page.split("Dear ")) for page in text(whole(mailing, tmp_path), tmp_path)} == {2}


def test_a_run_of_a_worker_that_was_overtaken_is_not_kept():
    readers = a_selection()
    a_person("ada@example.org", in_=readers, **HOME)
    mailing = a_document(readers)
    lifecycle.start(mailing, by=an_author(), now=NOON)
    (chunk,) = Chunk.objects.filter(mailing=mailing)
    claim = chunks.claim(chunk.pk, now=NOON)
    assert claim
    Chunk.objects.update(attempts=claim.attempt + 1)

    assert production._print(claim, lambda: NOON) == 0

    assert not PrintRun.objects.exists()
    assert mailing.messages.get().state == Message.State.PENDING


WORKER = """
import django; django.setup()
from mailings.letters import production
from mailings.letters import press
production.RUN = press.RUN = 5
from mailings.models import Chunk
for chunk in Chunk.objects.exclude(state='done').order_by('pk'):
    production.work(chunk.pk)
"""


def test_killed_in_the_middle_it_goes_on_without_gaps_or_doubles(tmp_path: Path):
    readers = a_selection()
    people = [Person(first_name=f"P{n:03}", last_name="", **HOME | {"street": f"Kerkstraat {n}"}) for n in range(60)]
    readers.people.add(*Person.objects.bulk_create(people))
    mailing = a_document(readers)
    lifecycle.start(mailing, by=an_author(), now=NOON)
    environment = os.environ | {"DATABASE_URL": _address(), "JOURNAL_DIR": str(tmp_path)}
    environment |= {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", WORKER]
    with subprocess.Popen(command, env=environment) as worker:
        ends = time.monotonic() + 60
        while not mailing.messages.filter(state="sent").exists() and time.monotonic() < ends:
            time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
    printed_before = mailing.messages.filter(state="sent").count()
    assert 0 < printed_before < 60

    subprocess.run(command, env=environment, check=True, timeout=120)

    assert mailing.messages.filter(state="sent").count() == 60
    pages = text(whole(mailing, tmp_path), tmp_path)
    assert [page.partition("Dear ")[2][:4] for page in pages] == [f"P{n:03}" for n in range(60)]
    ranges = [number for run in mailing.print_runs.order_by("first") for number, _first, _count in run.ranges]
    assert ranges == list(mailing.messages.order_by("pk").values_list("pk", flat=True))


def _address() -> str:
    told = connection.get_connection_params()
    kept = {name: told[name] for name in ("host", "port", "user", "password") if told.get(name)}
    return " ".join(f"{name}={value}" for name, value in {**kept, "dbname": told["dbname"]}.items())


def printed(mailing: Mailing) -> Mailing:
    """Start it and print every chunk."""
    lifecycle.start(mailing, by=an_author(), now=NOON)
    for chunk in Chunk.objects.filter(mailing=mailing).order_by("pk"):
        production.work(chunk.pk, clock=lambda: NOON)
    lifecycle.finish_done(now=NOON)
    mailing.refresh_from_db()
    return mailing


def whole(mailing: Mailing, folder: Path) -> bytes:
    file = folder / "joined.pdf"
    pages = binding.join((bytes(run.pdf) for run in mailing.print_runs.order_by("first")), file)
    with pikepdf.open(file) as pdf:
        assert len(pdf.pages) == pages
    return file.read_bytes()


def test_a_letter_without_end_is_not_printed_and_a_very_long_one_is_named():
    readers = a_selection()
    for name, words in (("ada", "word " * 400_000), ("bob", "word " * 20_000), ("cleo", "short")):
        a_person(f"{name}@example.org", in_=readers, notes=words, **HOME)
    text_of_all = {"id": "t", "kind": "text", "html": "<p>[[customer.note]]</p>"}

    mailing = printed(a_document(readers, content={"language": "en", "blocks": [text_of_all]}))

    states = dict(mailing.messages.values_list("person__first_name", "state"))
    assert states == {"Ada": "failed", "Bob": "sent", "Cleo": "sent"}
    (run,) = mailing.print_runs.all()
    assert [code for _number, code, _detail in run.warnings] == [production.TOO_LONG]
