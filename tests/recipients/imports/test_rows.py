"""A stranger's file becomes rows or a sentence; never a crash, never more memory than it may have."""

import datetime as dt
import random
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from recipients.imports import child, rows
from recipients.imports.rows import Limits, Unreadable
from tests.recipients.imports import workbooks


def read(path: Path, sheet: str = "", limits: Limits | None = None) -> list[list[str]]:
    return [row for batch in rows.read(path, sheet, limits=limits) for row in batch.rows]


def saved(folder: Path, content: bytes, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_workbook_gives_its_rows_with_the_numbers_that_excel_shows(tmp_path: Path) -> None:
    path = workbooks.a_workbook(tmp_path / "a.xlsx", [("E-mail", "Name"), (), ("ada@example.org", "Ada")])

    (batch,) = rows.read(path)

    assert batch.numbers == [1, 3]
    assert batch.rows == [["E-mail", "Name"], ["ada@example.org", "Ada"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  Ada\nLovelace ", "Ada Lovelace"),
        ("Ada\u200b\ufeff", "Ada"),
        ("a\u202eb", "ab"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("Ada_x000D_\nvan Dam", "Ada van Dam"),
        ("x" * 9000, "x" * child.LONGEST_CELL),
        (1984, "1984"),
        (1.5, "1.5"),
        (612345678.0, "612345678"),
        (True, "TRUE"),
        (dt.date(2026, 11, 23), "2026-11-23"),
        (dt.datetime(2026, 11, 23, 10, 30), "2026-11-23T10:30:00"),  # noqa: DTZ001 - a sheet knows no zones
        ("=1+1", "=1+1"),
        (workbooks.Formula("=1+1"), ""),  # nobody calculated it
        (None, ""),
    ],
)
def test_whatever_stands_in_a_cell_becomes_one_clean_line(tmp_path: Path, value: object, text: str) -> None:
    path = workbooks.a_workbook(tmp_path / "a.xlsx", [("first", value, "last")])

    assert read(path) == [["first", text, "last"]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (workbooks.csv_bytes("naam;mail", "Jérôme;j@example.org"), [["naam", "mail"], ["Jérôme", "j@example.org"]]),
        (workbooks.csv_bytes("naam,mail", "Jérôme,j@example.org", encoding="utf-8-sig"), [["naam", "mail"], ["Jérôme", "j@example.org"]]),
        (workbooks.csv_bytes("naam\tmail", "Jérôme\tj@example.org", encoding="utf-16"), [["naam", "mail"], ["Jérôme", "j@example.org"]]),
        (workbooks.csv_bytes("naam\tmail", "Jan\tj@example.org", encoding="utf-16-le"), [["naam", "mail"], ["Jan", "j@example.org"]]),
        (workbooks.csv_bytes("naam\tmail", "Jan\tj@example.org", encoding="utf-16-be"), [["naam", "mail"], ["Jan", "j@example.org"]]),
        (workbooks.csv_bytes("naam;mail", "Jérôme;j@example.org", encoding="cp1252"), [["naam", "mail"], ["Jérôme", "j@example.org"]]),
        (b"sep=|\nnaam|mail\nA;B|a@example.org\n", [["naam", "mail"], ["A;B", "a@example.org"]]),
        (b"naam,mail\r\rAda,a@example.org\r", [["naam", "mail"], ["Ada", "a@example.org"]]),
        (b'naam,mail\n"Ada, Countess\nof Lovelace",a@example.org\n', [["naam", "mail"], ["Ada, Countess of Lovelace", "a@example.org"]]),
        (b"ada@example.org\nbob@example.org\n", [["ada@example.org"], ["bob@example.org"]]),
        (b"mail;name\na@example.org;Ada\x00 L\n", [["mail", "name"], ["a@example.org", "Ada L"]]),
        (b"mail;name\na@example.org\nb@example.org;Bob;extra\n", [["mail", "name"], ["a@example.org"], ["b@example.org", "Bob", "extra"]]),
    ],
    ids=["semicolon", "BOM", "utf-16", "utf-16-le", "utf-16-be", "windows-1252", "sep", "old mac", "quoted", "one column", "NUL", "ragged"],
)  # fmt: skip
def test_text_is_read_in_any_usual_encoding_and_separator(
    tmp_path: Path, content: bytes, expected: list[list[str]]
) -> None:
    assert read(saved(tmp_path, content)) == expected


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (workbooks.encrypted(), "encrypted"),
        (b"PK\x03\x04 and then nothing", "corrupt"),
        (workbooks.OLE2 + bytes(700), "corrupt"),
        (b"%PDF-1.7 ...", "foreign"),
        (b"<html><table><tr><td>a@example.org</td></tr></table></html>", "foreign"),
        (workbooks.a_zip_of(**{"letter.txt": "Dear Ada"}), "foreign"),
        (bytes(range(1, 9)) * 400, "not_a_table"),
        (b'mail;name\n"a@example.org;Ada\n' + b"b@example.org;Bob\n" * 70_000, "broken_quotes"),
    ],
)
def test_a_file_that_is_no_list_gets_a_sentence(tmp_path: Path, content: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        rows.survey(saved(tmp_path, content))

    assert refused.value.code == code
    assert len(str(refused.value)) > 30


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no longer there"):
        rows.survey(tmp_path / "nowhere.xlsx")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = workbooks.raw(tmp_path / "bomb.xlsx", " " * 154_000_000)

    with pytest.raises(Unreadable, match="unpacks to 147 MB"):
        rows.survey(path)
    assert path.stat().st_size < 1_000_000


def test_what_still_grows_too_large_is_ended_by_the_system(tmp_path: Path) -> None:
    path = workbooks.raw(tmp_path / "large.xlsx", workbooks.many_rows(range(1, 20_000)))

    with pytest.raises(Unreadable) as refused:
        rows.survey(path, limits=replace(Limits(), memory=24 * rows.MB))

    assert refused.value.code in {"died", "too_large"}


def test_what_spins_too_long_is_ended_by_the_system(tmp_path: Path) -> None:
    path = saved(tmp_path, b"a@example.org;Ada\n" * 3_000_000)

    with pytest.raises(Unreadable) as refused:
        rows.survey(path, limits=replace(Limits(), seconds=1, rows=10_000_000))

    assert refused.value.code == "died"


def test_a_dimension_that_lies_hides_no_rows(tmp_path: Path) -> None:
    path = workbooks.raw(tmp_path / "lie.xlsx", workbooks.many_rows(range(1, 201)), dimension="A1:B2")

    assert len(read(path)) == 200


def test_a_dimension_that_boasts_costs_nothing(tmp_path: Path) -> None:
    path = workbooks.raw(tmp_path / "boast.xlsx", workbooks.many_rows(range(1, 4)), dimension="A1:XFD1048576")

    assert len(read(path)) == 3


def test_a_stray_cell_at_the_far_end_is_named(tmp_path: Path) -> None:
    far = f'<row r="1048576">{workbooks.inline("XFD1048576", "far")}</row>'
    path = workbooks.raw(tmp_path / "far.xlsx", workbooks.many_rows(range(1, 4)) + far)

    with pytest.raises(Unreadable, match="XFD1048576"):
        rows.survey(path)


def test_entities_that_multiply_are_not_expanded(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    path = workbooks.raw(tmp_path / "laughs.xlsx", workbooks.row(1, "&j;"), before=laughs + "]>")

    try:
        found = read(path)
    except Unreadable as refused:
        assert refused.code in {"corrupt", "no_rows"}  # noqa: PT017 - either is right
    else:
        assert sum(len(cell) for row in found for cell in row) < 100


def test_two_hundred_columns_are_read_and_two_thousand_are_not(tmp_path: Path) -> None:
    wide = workbooks.a_workbook(tmp_path / "wide.xlsx", [[f"c{n}" for n in range(200)]])
    wider = workbooks.a_workbook(tmp_path / "wider.xlsx", [[f"c{n}" for n in range(2000)]])
    text = saved(tmp_path, b";".join([b"x"] * 1_000_000))

    assert len(read(wide)[0]) == 200
    for path in (wider, text):
        with pytest.raises(Unreadable, match="columns wide"):
            rows.survey(path)


def test_a_cell_of_thirty_one_megabytes_is_cut_in_a_workbook_and_named_in_a_text(tmp_path: Path) -> None:
    book = workbooks.a_workbook(
        tmp_path / "small.xlsx", [["mail", "name"], ["a@example.org", "MARK"], ["b@example.org", "Bob"]]
    )
    noise = random.Random(7).randbytes(15_500_000).hex().encode()
    with zipfile.ZipFile(book) as small, zipfile.ZipFile(tmp_path / "large.xlsx", "w", zipfile.ZIP_DEFLATED) as large:
        for name in small.namelist():
            large.writestr(name, small.read(name).replace(b"MARK", noise))

    assert [len(row[1]) for row in read(tmp_path / "large.xlsx")] == [4, 5000, 3]
    with pytest.raises(Unreadable, match=r"From row 2 on .* more than a million characters"):
        rows.survey(saved(tmp_path, b"mail;name\na@example.org;" + noise + b"\nb@example.org;Bob\n"))


def test_more_rows_than_fit_are_refused_with_the_number(tmp_path: Path) -> None:
    path = saved(tmp_path, b"a@example.org\n" * 20)

    with pytest.raises(Unreadable, match="more than 10 rows"):
        rows.survey(path, limits=replace(Limits(), rows=10))


def test_hidden_and_empty_sheets_are_passed_over(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("Secret").append(["hidden@example.org"])
    book["Secret"].sheet_state = "hidden"
    book.create_sheet("People").append(["ada@example.org"])
    book.create_sheet("More").append(["bob@example.org"])
    book.save(tmp_path / "a.xlsx")

    found = rows.survey(tmp_path / "a.xlsx")

    assert (found.sheet, found.sheets, found.total) == ("People", ["Sheet", "People", "More"], 1)
    assert read(tmp_path / "a.xlsx", "More") == [["bob@example.org"]]


def test_a_workbook_without_anything_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="nothing in the sheets"):
        rows.survey(workbooks.a_workbook(tmp_path / "a.xlsx", [], []))


def test_leaving_off_in_the_middle_leaves_no_process_behind(tmp_path: Path) -> None:
    reading = rows.read(saved(tmp_path, b"a@example.org;Ada\n" * 200_000))

    next(reading)
    reading.close()

    with pytest.raises(StopIteration):
        next(reading)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=4000))
@example(b"PK\x05\x06" + bytes(18))
@example(b"\xff\xfe")
@example(b'"')
@example(b"sep=")
def test_any_bytes_give_rows_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = saved(tmp_path, content, "any")
    try:
        found = read(path)
    except Unreadable as refused:
        assert str(refused)  # noqa: PT017 - either is right
    else:
        assert all(cell == child.clean(cell) for row in found for cell in row)


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=[]), max_size=200))
def test_a_cell_is_always_clean_and_cleaning_again_changes_nothing(text: str) -> None:
    once = child.text(text)

    assert child.text(once) == once
    assert once == once.strip()
    assert not set(once) & set("\x00\t\r\n\u2028\ud800\udfff")
    once.encode()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x1f"), max_size=8), min_size=2, max_size=5
        ),
        min_size=1,
        max_size=6,
    )
)
def test_a_workbook_gives_back_what_was_put_in(tmp_path: Path, table: list[list[str]]) -> None:
    clean = [[child.clean(cell) for cell in row] for row in table]
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in clean:
        cells = [openpyxl.cell.WriteOnlyCell(sheet) for _ in line]
        for written, value in zip(cells, line, strict=True):
            if value and not openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.search(value):
                written.value, written.data_type = value, "s"
        sheet.append(cells)
    book.save(path)

    width = max(map(len, clean))
    try:
        found = read(path)
    except Unreadable as refused:
        assert refused.code == "no_rows"  # noqa: PT017 - all cells were blank
        return
    expected = [[*row, *[""] * (width - len(row))] for row in clean if any(row)]
    left = min(next(at for at, cell in enumerate(row) if cell) for row in expected)
    right = max(max(at for at, cell in enumerate(row) if cell) for row in expected) + 1
    assert found == [row[left:right] for row in expected]
