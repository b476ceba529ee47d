"""The main job over HTTP and SMTP: from an Excel list to statistics that move, and from there into the next list."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from django.contrib.auth.models import User
from django.db.models import QuerySet
from openpyxl import Workbook, load_workbook
from pytest_django.fixtures import Settings

from consent.models import ConsentEvent
from mailings.models import Mailing, Message
from recipients.models import Import, Person, Selection
from tests.consent.factories import a_subscription_type
from tests.demo.worlds import RunningWorld, a_free_port, a_world
from tests.flows.product import the_product
from tests.flows.station import Station, wait_until

pytestmark = [pytest.mark.flow, pytest.mark.django_db(transaction=True)]

READERS = 60
OPENING = ("--open=1", "--click=1", "--unknown=0", "--deferred=0", "--dsn=0", "--scanner=0", "--prefetch=0")
STAYING = ("--unsubscribe=0", "--complaint=0", "--speed=2000", "--at-least=3")


class Marketer:
    """Somebody with a browser that runs no script: forms, links and cookies only."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.session = requests.Session()
        self.session.headers["Referer"] = base

    def get(self, path: str) -> str:
        answer = self.session.get(self.base + path, timeout=30)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def post(self, path: str, data: dict[str, object], **files: tuple[str, bytes]) -> str:
        """Send a form; returns where that leads."""
        data |= {"csrfmiddlewaretoken": self.session.cookies.get("csrftoken", "")}
        answer = self.session.post(self.base + path, data=data, files=files or None, timeout=30)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:2000]}"
        return answer.url.removeprefix(self.base)

    def log_in(self) -> None:
        User.objects.create_superuser("ada", "ada@example.org", "a long enough one", first_name="Ada")
        self.get("/account/login/")
        assert self.post("/account/login/", {"login": "ada@example.org", "password": "a long enough one"}) == "/"


def a_list() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Voornaam", "Achternaam", "E-mailadres", "Bedrijf"])
    for number in range(READERS):
        sheet.append([f"Reader{number}", "de Vries", f"reader{number}@lezers.example", "Bakkerij De Wit"])
    sheet.append(["Ada", "Typo", "ada@b@c", ""])
    sheet.append(["The", "Desk", "info@lezers.example", ""])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


DECLARED = {
    "source": "newsletter_signup",
    "newsletter_signup-evidence_on": "2026-11-02",
    "newsletter_signup-form": "sign-up at the counter",
    "newsletter_signup-wording": "Yes, mail me the newsletter",
    "column-0": "first_name",
    "column-1": "last_name",
    "column-2": "email",
    "column-3": "company",
    "target": "new",
    "selection_name": "Readers",
    "overwrite": "",
}


@contextmanager
def the_house(folder: Path, settings: Settings, *options: str) -> Iterator[tuple[Marketer, RunningWorld, Station]]:
    settings.BASE_URL = f"http://127.0.0.1:{a_free_port()}"
    inbound = f"127.0.0.1:{a_free_port()}"
    with (
        a_world(folder, *options, "--inbound", inbound, "--base-url", settings.BASE_URL) as world,
        the_product(folder, world, settings, inbound) as station,
    ):
        yield Marketer(settings.BASE_URL), world, station


def import_the_list(marketer: Marketer, **changes: str) -> Import:
    marketer.get("/people/import/")
    page = marketer.post("/people/import/", {}, file=("readers.xlsx", a_list()))
    assert marketer.post(page, DECLARED | changes) == page
    imported = Import.objects.latest("pk")
    assert wait_until(lambda: Import.objects.get(pk=imported.pk).state == Import.State.FINISHED)
    return Import.objects.get(pk=imported.pk)


def make_the_mailing(marketer: Marketer) -> str:
    """Through the five steps; returns the mailing's address."""
    marketer.get("/mailings/new/")
    setup = marketer.post("/mailings/new/", {"name": "Spring fair", "type": "email"})
    mailing = setup.removesuffix("setup/")
    marketer.post(
        setup,
        {
            "name": "Spring fair",
            "subscription_type": a_subscription_type("newsletter").pk,
            "subject": "The fair, [[customer.firstname|friend]]",
            "preheader": "Come and see",
            "from_name": "De Werkbank",
            "from_address": "hallo@dewerkbank.example",
            "track_opens": "on",
            "track_clicks": "on",
        },
    )
    assert marketer.post(f"{mailing}template/", {"starter": "blank", "language": "en"}) == f"{mailing}content/"
    readers = Selection.objects.get(name="Readers").pk
    marketer.post(f"{mailing}sources/add/", {"kind": "selection", "number": readers})
    return mailing


def test_from_an_excel_list_to_statistics_that_move(tmp_path: Path, settings: Settings) -> None:
    with the_house(tmp_path, settings, *OPENING, *STAYING) as (marketer, world, station):
        a_subscription_type("newsletter")
        marketer.log_in()

        imported = import_the_list(marketer)
        assert (imported.created, imported.rejected) == (READERS + 1, 1)
        again = import_the_list(marketer, target="none")
        assert (again.created, again.changed, again.same) == (0, 0, READERS + 1)
        assert (Person.objects.count(), ConsentEvent.objects.count()) == (READERS + 1, READERS + 1)
        rejected = marketer.session.get(f"{marketer.base}/people/import/{imported.pk}/rejected/", timeout=30)
        assert "ada@b@c" in {cell.value for row in load_workbook(io.BytesIO(rejected.content)).active for cell in row}

        mailing = make_the_mailing(marketer)
        confirm = marketer.get(f"{mailing}confirm/")
        assert f"{READERS}</" in confirm.replace("\n", "")
        assert "Address of a function" in confirm
        sent = Mailing.objects.get()
        assert marketer.post(f"{mailing}send/", {}) == mailing
        assert marketer.post(f"{mailing}at-once/", {}) == mailing

        everybody = Message.objects.filter(mailing=sent)
        assert wait_until(lambda: Mailing.objects.get(pk=sent.pk).status == "sent"), station.log()[-3000:]
        assert wait_until(lambda: everybody.filter(opened_at__isnull=False).count() == READERS, seconds=90)
        told = world.stop()

        assert (told["received"], told["duplicates"]) == (READERS, 0)
        assert states(everybody) == {"sent": READERS, "held": 1}
        assert wait_until(lambda: f"{READERS} people opened it" in text_of(marketer.get(mailing)))
        opened = text_of(marketer.get(f"{mailing}messages/?did=opened"))
        assert "reader0@lezers.example" in opened
        assert "info@lezers.example" not in opened

        warm = marketer.post(f"{mailing}follow-up/", {"did": "opened", "everyone": "1", "new_selection": "Warm"})
        assert Selection.objects.get(name="Warm").people.count() == READERS
        assert "Warm" in marketer.get(warm)


def states(messages: QuerySet[Message]) -> dict[str, int]:
    return {state: messages.filter(state=state).count() for state in set(messages.values_list("state", flat=True))}


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))
