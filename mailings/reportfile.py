"""A mailing's report to take along: a spreadsheet with a sheet per table, and a document to print. The numbers of the pages."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from openpyxl import Workbook

from mailings import breakdowns, reports
from mailings.models import HourCount, Mailing, Message
from recipients.imports.rejects import text

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_000_000  # a sheet holds 1,048,576


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the report: its words, its columns, its rows; `shares` are columns that hold a share of one."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]  # texts and numbers
    about: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A whole report."""

    name: str
    facts: Sequence[tuple[str, str]]
    tables: Sequence[Table]
    at: dt.datetime


def tell(mailing: Mailing, *, whys: Mapping[str, str | Promise], now: dt.datetime) -> Told:
    """Put the report of a mailing together."""
    figures, parts = reports.of(mailing), breakdowns.of(mailing)
    started = date_format(localtime(mailing.started_at), "j F Y, H:i") if mailing.started_at else "–"
    facts = [
        (_("Subject"), mailing.subject),
        (_("From"), f"{mailing.from_name} <{mailing.from_address}>"),
        (_("Started"), started),
        (_("Subscription type"), str(mailing.subscription_type or "–")),
    ]
    tables = [_funnel(figures), _states(figures), _links(mailing, figures), _hours(mailing), _returned(mailing)]
    return Told(mailing.name, facts, [*tables, *_parts(parts, whys)], now)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"


def _funnel(figures: reports.Figures) -> Table:
    rows: list[list[object]] = [
        [_("Audience"), figures.audience, "", _("everybody at the moment of freezing")],
        [_("Sent"), figures.sent, _share(figures.sent, figures.audience), _("of the audience: taken by a mail server")],
        [
            _("Delivered"),
            figures.delivered,
            _share(figures.delivered, figures.sent),
            _("of sent: taken, and not sent back later"),
        ],
        [_("Opened"), figures.opened, _share(figures.opened, figures.delivered), _("of delivered: people, estimated")],
        [_("Clicked"), figures.clicked, _share(figures.clicked, figures.delivered), _("of delivered: people")],
        [_("Bounced"), figures.counts.bounced, _share(figures.counts.bounced, figures.sent), _("of sent")],
        [
            _("Unsubscribed"),
            figures.counts.unsubscribed,
            _share(figures.counts.unsubscribed, figures.delivered),
            _("of delivered"),
        ],
        [
            _("Complained"),
            figures.counts.complained,
            _share(figures.counts.complained, figures.delivered),
            _("of delivered"),
        ],
        [_("Opened by machines only"), figures.machine_opened, "", _("counted apart")],
        [_("Clicked by machines only"), figures.machine_clicked, "", _("counted apart")],
    ]
    return Table(_("Summary"), [_("What"), _("Number"), _("Share"), _("Of what")], rows)


def _states(figures: reports.Figures) -> Table:
    counted = [(str(label), int(figures.counts.states.get(code, 0))) for code, label in Message.State.choices]
    return Table(_("Recipients by status"), [_("Status"), _("People")], [row for row in counted if row[1]])


def _links(mailing: Mailing, figures: reports.Figures) -> Table:
    rows = [
        [link.name, link.url, link.people, _share(link.people, figures.delivered), link.human, link.machine]
        for link in reports.links(mailing)
    ]
    columns = [_("Link"), _("Address"), _("People"), _("Of delivered"), _("Clicks"), _("Machines")]
    return Table(_("Tracked links"), columns, rows)


def _hours(mailing: Mailing) -> Table:
    found: dict[dt.datetime, list[int]] = {}
    for row in HourCount.objects.filter(mailing=mailing).order_by("hour")[:2_000]:
        at = 0 if row.kind == "open" else 2
        found.setdefault(row.hour, [0, 0, 0, 0])[at : at + 2] = [row.human, row.machine]
    rows = [[date_format(localtime(hour), "j M Y H:i"), *numbers] for hour, numbers in found.items()]
    columns = [_("Hour from"), _("Opens"), _("Opens by machines"), _("Clicks"), _("Clicks by machines")]
    return Table(_("Hour by hour"), columns, rows)


def _returned(mailing: Mailing) -> Table:
    rows = [[str(kind.words), kind.people, str(kind.advice)] for kind in reports.returned(mailing)]
    return Table(_("What came back"), [_("Reason"), _("People"), _("What to do")], rows)


def _figures(domain: breakdowns.Domain) -> list[str | int]:
    return [
        domain.name or _("all others"),
        domain.sent,
        domain.delivered,
        domain.opened,
        domain.clicked,
        domain.bounced,
        domain.unsubscribed,
        domain.complained,
    ]


def _parts(parts: breakdowns.Parts, whys: Mapping[str, str | Promise]) -> Iterator[Table]:
    columns = [
        _("Sent"),
        _("Delivered"),
        _("Opened"),
        _("Clicked"),
        _("Bounced"),
        _("Unsubscribed"),
        _("Complained"),
    ]
    if parts.editions:
        yield Table(_("Editions"), [_("Edition"), *columns], [_figures(one) for _number, one in parts.editions])
    yield Table(_("Mail domains"), [_("Domain"), *columns], [_figures(domain) for domain in parts.domains])
    yield Table(_("Devices"), [_("Device"), _("People")], [[str(one.words), one.people] for one in parts.devices])
    yield Table(_("Programs"), [_("Program"), _("People")], [[str(one.words), one.people] for one in parts.programs])
    left = [[str(whys.get(why.code, _("Did not say"))), why.people, " · ".join(why.words)] for why in parts.whys]
    yield Table(_("Why people left"), [_("Reason"), _("People"), _("In their words")], left)


# writing --------------------------------------------------------------------------------------------------------------


def spreadsheet(told: Told) -> bytes:
    """A sheet per table. Every text is typed as text, so that nothing in it becomes a formula."""
    book = Workbook(write_only=True)
    for number, table in enumerate(told.tables):
        sheet = book.create_sheet(table.title[:31])
        if number == 0:
            for name, value in ((_("Mailing"), told.name), *told.facts):
                sheet.append([text(sheet, name, bold=True), text(sheet, value)])
            sheet.append([])
        _write(sheet, table.columns, table.rows)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _write(sheet: Any, columns: Sequence[str], rows: Any) -> None:
    sheet.append([text(sheet, name, bold=True) for name in columns])
    for row in rows:
        sheet.append([text(sheet, cell) if isinstance(cell, str) else cell for cell in row])


def document(page: str) -> bytes:
    """Print a page as PDF. Needs Pango; the library is loaded only here, and fetches nothing."""
    weasyprint: Any = import_module("weasyprint")
    fetches_nothing = import_module("weasyprint.urls").URLFetcher(allowed_protocols=())
    printed = weasyprint.HTML(string=page, url_fetcher=fetches_nothing)
    return bytes(printed.write_pdf(pdf_variant="pdf/ua-1"))
