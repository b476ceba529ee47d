"""Letters on paper: the window in millimetres, pages counted and numbered, and nothing fetched."""

import http.server
import io
import threading
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from mailings.letters import binding, geometry, pictures
from mailings.letters.postal import Postal
from mailings.letters.press import Press
from mailings.letters.writing import write
from mailings.rendering.escaping import RenderError
from tests.mailings.letters.pages import ADA, BASE, HELLO, a_letter, a_press, filled, text, words

pytest.importorskip("weasyprint", exc_type=OSError)

LONG = [{"kind": "text", "id": f"t{n}", "html": "<p>" + "Come and see the workshop. " * 40 + "</p>"} for n in range(5)]


@pytest.mark.parametrize("code", geometry.LAYOUTS)
def test_the_address_stands_in_the_window_of_its_envelope_to_the_millimetre(code: str, tmp_path: Path):
    press = a_press(a_letter(layout=code))
    window = geometry.layout(code)

    (page,) = words(press.run([filled(press.written)]).pdf, tmp_path)

    boxes = {word: box for word, *box in page}
    left, top, _right, _bottom = boxes["Molenaar"]
    assert left == pytest.approx(window.left, abs=0.5)
    assert window.top <= top <= window.top + 1.5
    last = boxes["3011"]
    assert last[3] <= window.top + window.height
    inside = [box for box in boxes.values() if box[0] < window.left + window.width and box[2] > window.left]
    strangers = [box for box in inside if window.top < box[1] < window.top + window.height and box[3] > last[3] + 0.5]
    assert not strangers, "something that is not the address shows in the window"
    assert boxes["Dear"][1] >= window.body


def test_a_long_name_shrinks_and_what_still_does_not_fit_says_so():
    written = write(a_letter())

    assert not filled(written).is_too_large
    shrunk = filled(
        written,
        postal=Postal("Wilhelmina van der Meer-Oosterhuis tot Waterland aan Zee", "", "Laan 1", "1011AB", "Amsterdam"),
    )
    assert 'class="window s"' in shrunk.html or 'class="window t"' in shrunk.html
    assert not shrunk.is_too_large
    assert filled(written, postal=Postal("W" * 120, "", "Laan 1", "1011AB", "Amsterdam")).is_too_large


def test_each_letter_begins_on_a_page_of_its_own_and_counts_its_pages(tmp_path: Path):
    press = a_press(a_letter(HELLO, *LONG))

    printed = press.run([filled(press.written, number) for number in (7, 8, 9)])

    assert [(one.number, one.first, one.count) for one in printed.pages] == [(7, 0, 2), (8, 2, 2), (9, 4, 2)]
    pages = text(printed.pdf, tmp_path)
    assert ["2 / 2" in page for page in pages] == [False, True] * 3
    assert ["Dear Ada" in page for page in pages] == [True, False] * 3


def test_printed_on_both_sides_no_letter_begins_on_the_back_of_another(tmp_path: Path):
    press = a_press(a_letter(duplex=True, footer="KvK 24123456"))

    printed = press.run([filled(press.written, number) for number in (1, 2, 3)])

    assert [(one.first, one.count) for one in printed.pages] == [(0, 2), (2, 2), (4, 2)]
    assert [bool(page) for page in text(printed.pdf, tmp_path)] == [True, False] * 3


def test_joined_and_cut_again_a_letter_is_what_it_was(tmp_path: Path):
    press = a_press(a_letter(HELLO, *LONG))
    people = [filled(press.written, number, **{"customer.firstname": f"Nr{number}"}) for number in range(1, 7)]
    runs = [press.run(people[:3]), press.run(people[3:])]
    whole = tmp_path / "whole.pdf"

    assert binding.join((run.pdf for run in runs), whole) == 12

    firsts = [page for page in text(whole.read_bytes(), tmp_path) if "Dear" in page]
    assert [f"Nr{number}" in page for number, page in enumerate(firsts, 1)] == [True] * 6
    one = runs[1].pages[1]
    pages = text(binding.cut(runs[1].pdf, one.first, one.count), tmp_path)
    assert len(pages) == 2
    assert "Dear Nr5" in pages[0]


def test_a_button_is_a_code_that_leads_over_our_address_and_text_shows_where_its_links_lead(tmp_path: Path):
    link = {"kind": "text", "id": "t", "html": '<p>See <a href="https://example.org/hall">the hall</a>.</p>'}
    button = {"kind": "button", "id": "b", "text": "I am coming", "url": "https://example.org/yes"}
    written = write(a_letter(link, button))

    page = filled(written).html

    assert f'src="qr:{BASE}/c/token1/1"' in page
    assert [one.url for one in written.links] == ["https://example.org/yes"]
    assert 'href="https://example.org/hall"' in page
    printed = Press(written, lambda _path: None).run([filled(written)])
    assert "(https://example.org/hall)" in text(printed.pdf, tmp_path)[0]


def test_nothing_is_fetched_whatever_the_letter_says(tmp_path: Path):
    asked: list[str] = []

    class Listening(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with http.server.HTTPServer(("127.0.0.1", 0), Listening) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        outside = f"http://127.0.0.1:{server.server_port}/logo.png"
        places = [
            outside,
            "file:///etc/passwd",
            "http://169.254.169.254/latest/meta-data/",
            "/../../etc/passwd",
            "//example.org/x.png",
        ]
        blocks = [{"kind": "image", "id": f"i{n}", "url": url} for n, url in enumerate(places)]
        written = write(a_letter(*blocks, logo=outside, signature="file:///etc/passwd"))
        tricked = filled(written)
        more = "".join(f'<img src="{url}"><link rel=stylesheet href="{url}">' for url in places)
        bent = type(tricked)(1, tricked.html + more, tricked.lines, is_too_large=False)

        pdf = Press(written, lambda _path: None).run([bent]).pdf
        server.shutdown()

    assert asked == []
    assert b"root:" not in pdf
    assert len(written.problems) >= 4


def test_a_picture_of_ours_is_printed_and_one_of_fifty_megabytes_is_not():
    out = io.BytesIO()
    Image.new("RGB", (4000, 100), "red").save(out, "PNG")

    assert Image.open(io.BytesIO(pictures.shrunk(out.getvalue()))).width == pictures.WIDEST
    with pytest.raises(pictures.Forbidden):
        pictures.shrunk(b"\x89PNG" + bytes(50_000_000))
    with pytest.raises(pictures.Forbidden):
        pictures.shrunk(b"no picture")
    press = Press(write(a_letter(logo="/images/logo.png")), {"/images/logo.png": out.getvalue()}.get)
    with_logo = press.run([filled(press.written)]).pdf
    assert b"/Image" in with_logo


def test_signs_that_no_font_has_are_named_by_letter():
    press = a_press(a_letter())
    strange = "\U000e0fff\U000137ff"

    printed = press.run([filled(press.written, 1), filled(press.written, 2, **{"customer.firstname": f"A{strange}da"})])

    assert set(printed.unprintable) == {2}
    assert set(printed.unprintable[2]) <= set(strange)


def test_words_from_right_to_left_and_emoji_are_printed():
    press = a_press(a_letter())
    printed = press.run(
        [
            filled(
                press.written,
                postal=Postal("עדה לאבלייס", "", "שדרות 1", "123", "תל אביב", "", "IL"),
                **{"customer.firstname": "🎉"},
            )
        ]
    )
    assert printed.sheets == 1


def test_a_value_can_neither_write_html_nor_break_out_of_the_window(tmp_path: Path):
    written = write(a_letter())
    bad = '</address><script>alert(1)</script><img src="file:///etc/passwd">'

    page = filled(written, postal=Postal(bad, bad, "Laan 1", bad, "Town"), **{"customer.firstname": bad}).html

    assert "<script" not in page
    assert "<img" not in page
    with pytest.raises(RenderError):
        filled(written, **{"customer.firstname": "a\x00b"})


def test_the_footer_cannot_end_the_style_sheet():
    css = write(a_letter(footer='"}*{display:none}</style>\\')).css
    assert '"}*' not in css
    assert "</style" not in css


# the library leaves its colour profile to the collector
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_archival_letters_are_pdf_a_also_when_joined(tmp_path: Path):
    press = a_press(a_letter(archival=True))
    files = [press.run([filled(press.written, number)]).pdf for number in (1, 2)]
    binding.join(files, whole := tmp_path / "whole.pdf")
    with pikepdf.open(whole) as pdf, pdf.open_metadata() as told:
        assert told.pdfa_status == "2B"
        assert pdf.Root.OutputIntents[0].S == "/GTS_PDFA1"


def test_blocks_for_screens_only_are_named_as_mistakes():
    written = write(a_letter(HELLO, {"kind": "social", "id": "s"}))
    assert [problem.block for problem in written.problems] == ["s"]


@pytest.mark.parametrize(
    ("country", "town"),
    [("NL", "3011 AB ROTTERDAM"), ("DE", "3011 AB Rotterdam"), ("GB", "Rotterdam 3011 AB")],
)
def test_each_country_writes_its_town_line_and_abroad_names_the_country(country: str, town: str):
    postal = Postal("Ada", "", "Kerkstraat 1", "3011 AB", "Rotterdam", "", country)
    lines = postal.lines(home="NL")
    assert " ".join(lines[2].split()) == town
    assert len(lines) == (3 if country == "NL" else 4)


def test_attention_stands_in_for_a_missing_name_or_always():
    nobody = Postal("", "Molenaar B.V.", "Kerkstraat 1", "3011AB", "Rotterdam")
    assert nobody.lines(home="NL", attention="IT department")[1] == "IT department"
    assert ADA.lines(home="NL", attention="IT department")[1] == "Ada Lovelace"
    assert ADA.lines(home="NL", attention="IT department", always=True)[1] == "IT department"
