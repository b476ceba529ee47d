"""The chart of the first 48 hours, worked out without a browser."""

import datetime as dt

from mailings.charts import HOURS, Hour, draw, hours_from
from tests.conftest import NOON


def test_the_first_48_hours_are_there_with_and_without_hits():
    hours = hours_from(NOON + dt.timedelta(minutes=25), [Hour(NOON + dt.timedelta(hours=2), 3, 1)])

    assert len(hours) == HOURS
    assert (hours[0].at, hours[2].total) == (NOON, 4)


def test_nothing_is_drawn_of_nothing():
    assert draw(hours_from(NOON, [])) is None


def test_machines_stand_on_top_of_people_and_the_highest_hour_is_named():
    chart = draw(hours_from(NOON, [Hour(NOON, 612, 1204), Hour(NOON + dt.timedelta(hours=1), 500, 0)]))

    assert chart.highest.total == 1816
    assert [line.number for line in chart.lines] == [0, 500, 1000, 1500, 2000]
    assert chart.human.count("M") == 2
    assert chart.machine.count("M") == 1
    assert chart.machine.split("V")[0].split()[1] == chart.human.split("V")[1].split("h")[0]  # where people end


def test_places_are_written_with_a_dot_whatever_the_language():
    chart = draw(hours_from(NOON, [Hour(NOON, 7, 1)]))

    assert all("," not in text for text in (chart.human, chart.machine, chart.highest_x, chart.highest_y))
