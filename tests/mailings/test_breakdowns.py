"""What the figures are made of, and the report to take along."""

import datetime as dt
import io
import re

import pytest
from django.test import Client
from openpyxl import load_workbook

from consent import unsubscribe
from consent.models import OptOutKey
from mailings import breakdowns, clickmap, compiling, statistics
from mailings.models import Breakdown, Mailing, Message
from mailings.reports import LinkRow
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, a_person, an_author
from tests.tracking.factories import an_event
from tracking import journal
from tracking.models import Kind

pytestmark = pytest.mark.django_db
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"


def sent(*addresses: str, **values: object) -> tuple[Mailing, list[Message]]:
    mailing = a_mailing(status="sent", started_at=NOON, finished_at=NOON, **values)
    compiling.compile_mailing(mailing)
    rows = [
        Message.objects.create(mailing=mailing, person=a_person(one), address=one, state="sent", sent_at=NOON)
        for one in addresses
    ]
    return mailing, rows


def opened(message: Message, **more: object) -> None:
    journal.record([an_event(Kind.OPEN, mailing=message.mailing_id, message=message.pk, **more)])
    statistics.fold(now=NOON)


def clicked(message: Message, link: int = 1, **more: object) -> None:
    journal.record([an_event(Kind.CLICK, mailing=message.mailing_id, message=message.pk, link=link, **more)])
    statistics.fold(now=NOON)


def test_domains_devices_and_reasons_are_counted_beside_the_pages():
    mailing, rows = sent("ada@example.org", "bob@example.org", "cas@other.example")
    opened(rows[0], user_agent=PHONE)
    clicked(rows[1])
    key = unsubscribe.keep_keys({"cas@other.example"}, "email")["cas@other.example"]
    person = OptOutKey.objects.get(key=key)
    unsubscribe.leave(person, mailing.subscription_type, how="page", now=NOON)
    unsubscribe.say_why(person, "too_often", "Every day!")
    journal.record([an_event(Kind.UNSUBSCRIBE, mailing=mailing.pk, message=rows[2].pk)])
    statistics.fold(now=NOON)

    assert breakdowns.count_due(now=NOON) == 1
    parts = breakdowns.of(mailing)

    assert [(one.name, one.sent, one.opened, one.clicked, one.unsubscribed) for one in parts.domains] == [
        ("example.org", 2, 2, 1, 0),
        ("other.example", 1, 0, 0, 1),
    ]
    assert {str(one.words): one.people for one in parts.devices} == {"Phone": 1, "Computer": 1}
    assert {str(one.words): one.people for one in parts.programs} == {"Apple Mail": 1, "Firefox": 1}
    assert [(why.code, why.people, list(why.words)) for why in parts.whys] == [("too_often", 1, ["Every day!"])]


def test_what_came_in_makes_the_parts_old_and_they_are_counted_at_most_once_a_minute():
    mailing, rows = sent("ada@example.org")
    opened(rows[0])
    assert breakdowns.count_due(now=NOON) == 1
    assert breakdowns.count_due(now=NOON + dt.timedelta(hours=1)) == 0

    clicked(rows[0])
    assert breakdowns.count_due(now=NOON + dt.timedelta(seconds=30)) == 0
    assert breakdowns.count_due(now=NOON + dt.timedelta(seconds=61)) == 1
    assert not Breakdown.objects.get(mailing=mailing).is_old


def test_many_domains_end_in_one_row_for_all_others():
    mailing, _rows = sent(*(f"a@d{number}.example" for number in range(40)))
    breakdowns.count(mailing.pk, now=NOON)

    domains = breakdowns.of(mailing).domains
    assert len(domains) == breakdowns.DOMAINS + 1
    assert domains[-1].name == ""
    assert sum(one.sent for one in domains) == 40


@pytest.mark.parametrize(
    ("agent", "device", "program"),
    [
        (PHONE, "phone", "Apple Mail"),
        ("Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X) AppleWebKit/605 Safari/604", "tablet", "Apple Mail"),
        ("Mozilla/5.0 (Linux; Android 15; SM-X910) AppleWebKit/537.36 Chrome/130 Safari/537.36", "tablet", "Chrome"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/130 Mobile Safari/537.36", "phone", "Chrome"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130 Safari/537.36 Edg/130", "computer", "Edge"),
        ("Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com GoogleImageProxy)", "mail_store", "Gmail"),
        ("", "other", ""),
    ],
)
def test_devices_and_programs_by_what_they_say_of_themselves(agent, device, program):
    assert (breakdowns.device(agent), breakdowns.program(agent)) == (device, program)


def test_the_click_map_writes_shares_on_the_links_and_nowhere_else():
    token = "A" * 32
    html = f'<a class="b" href="https://x.example/c/{token}/1">Come</a> <a href="https://x.example/u/1">Leave</a>'
    links = {1: LinkRow(1, 'Come "now"', "https://example.org", people=3, human=4, machine=9)}

    drawn = clickmap.draw(html, links, total=4)

    assert re.search(r"/1\">(<span[^>]*>)75% · 3</span>Come", drawn)
    assert drawn.count("<span") == 1
    assert "&quot;now&quot;" in drawn


@pytest.fixture
def reader(client: Client) -> Client:
    client.force_login(an_author())
    return client


def test_every_tab_of_a_report_answers_and_shows_its_numbers(reader):
    mailing, rows = sent("ada@example.org")
    clicked(rows[0])
    breakdowns.count(mailing.pk, now=NOON)

    page = reader.get(f"/mailings/{mailing.pk}/reports/").content.decode()
    mapped = reader.get(f"/mailings/{mailing.pk}/click-map/").content.decode()
    framed = reader.get(f"/mailings/{mailing.pk}/as-sent/?map=1").content.decode()

    assert "example.org" in page
    assert "100% · 1" in mapped
    assert f"/mailings/{mailing.pk}/click-map/" in framed
    assert "Ada" in reader.get(f"/mailings/{mailing.pk}/messages/?domain=example.org").content.decode()
    assert "Ada" not in reader.get(f"/mailings/{mailing.pk}/messages/?domain=other.example").content.decode()


def test_a_report_that_is_not_counted_yet_says_so_and_is_counted(reader):
    mailing, _rows = sent("ada@example.org")

    assert "Being counted" in reader.get(f"/mailings/{mailing.pk}/reports/").content.decode()
    assert breakdowns.count_due(now=NOON) == 1


def test_the_spreadsheet_has_every_table_and_no_formula(reader):
    mailing, rows = sent("ada@example.org", name="=1+1")
    clicked(rows[0])
    statistics.refresh(mailing, now=NOON)
    breakdowns.count(mailing.pk, now=NOON)

    answer = reader.get(f"/mailings/{mailing.pk}/reports/xlsx/")
    book = load_workbook(io.BytesIO(answer.content))

    assert "Tracked links" in book.sheetnames
    first = book.worksheets[0]
    assert (first["B1"].value, first["B1"].data_type) == ("=1+1", "s")
    assert not any(cell.data_type == "f" for sheet in book for row in sheet for cell in row)
    numbers = {row[0]: row[1] for row in first.iter_rows(values_only=True) if row and row[0]}
    assert (numbers["Sent"], numbers["Clicked"]) == (1, 1)


def test_the_printed_report_is_a_pdf(reader):
    pytest.importorskip("weasyprint", exc_type=OSError)
    mailing, rows = sent("ada@example.org")
    clicked(rows[0])

    answer = reader.get(f"/mailings/{mailing.pk}/reports/pdf/")

    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")


def test_recipients_are_exported_as_the_filter_found_them(reader):
    from django.contrib.auth.models import Permission, User

    User.objects.get().user_permissions.add(Permission.objects.get(codename="add_export"))
    mailing, rows = sent("ada@example.org", "=cmd@example.org")
    clicked(rows[0])

    answer = reader.post(f"/mailings/{mailing.pk}/messages/export/", {"did": "clicked"})
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    everybody = reader.post(f"/mailings/{mailing.pk}/messages/export/")

    assert [row[4] for row in sheet.iter_rows(min_row=2, values_only=True)] == ["ada@example.org"]
    cells = [cell for row in load_workbook(io.BytesIO(b"".join(everybody.streaming_content))).active for cell in row]
    assert any(cell.value == "=cmd@example.org" for cell in cells)
    assert not any(cell.data_type == "f" for cell in cells)


def test_exports_need_their_permission(client):
    from django.contrib.auth.models import User

    mailing, _rows = sent("ada@example.org")
    client.force_login(User.objects.create_user("eve"))
    assert client.post(f"/mailings/{mailing.pk}/messages/export/").status_code == 403
