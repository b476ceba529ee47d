"""What mails are made of, in the browser: pictures dropped, pasted and chosen."""

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from mailings.material import pictures
from mailings.material.models import Picture
from tests.browser.conftest import Visitor
from tests.browser.test_content import a_draft, mail, saved
from tests.conftest import NOON
from tests.mailings.factories import a_mailing
from tests.mailings.test_pictures import a_file, a_photo


@pytest.fixture(autouse=True)
def at_home(settings: Any, live_server: Any, tmp_path: Path) -> None:
    settings.BASE_URL, settings.MEDIA_ROOT = live_server.url, tmp_path


def hand_over(page: Page, target: str, kind: str, file: bytes) -> None:
    """Drop or paste a file on an element, as a hand does."""
    page.locator(target).first.evaluate(
        """(element, [kind, text]) => {
            const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], "holiday.png", { type: "image/png" }));
            const event = kind === "paste"
                ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
                : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
            element.dispatchEvent(event);
        }""",
        [kind, base64.b64encode(file).decode()],
    )


def test_a_picture_is_dropped_pasted_and_chosen(author: Visitor) -> None:
    pictures.take_in(a_photo(600, 300), "desk.jpg", by=None, now=NOON, alt="A desk by a window")
    mailing = a_draft(content={"blocks": [{"id": "b1", "kind": "text", "html": "<p>Dear you</p>"}]})
    page = author.open(f"/mailings/{mailing.pk}/content/")

    hand_over(page, "#card_b1", "drop", a_file(300, 200))
    card = page.locator("#cards [data-block]").nth(1)
    expect(card.locator("[data-frame] img")).to_be_visible()
    hand_over(page, "#content", "paste", a_file(310, 200))
    expect(page.locator("#cards [data-block]")).to_have_count(3)
    other = page.locator("#cards [data-block]").nth(2)
    if "is-open" not in (other.get_attribute("class") or ""):
        other.locator("[data-toggle]").click()
    other.get_by_role("button", name="Choose or upload").click()
    author.inspect()
    author.shot("choose-picture")
    page.get_by_role("dialog", name="Which picture?").get_by_role("button", name="desk.jpg").click()
    expect(other.get_by_role("textbox", name="Text for who does not see it")).to_have_text("A desk by a window")
    saved(page)
    author.inspect()

    mailing.refresh_from_db()
    assert [block["kind"] for block in mailing.content["blocks"]] == ["text", "image", "image"]
    assert mailing.content["blocks"][2]["url"] == Picture.objects.get(title="desk.jpg").address
    assert Picture.objects.count() == 3
    expect(mail(page).get_by_role("img", name="A desk by a window")).to_be_visible()


def test_a_file_that_is_no_picture_is_refused_in_words(author: Visitor) -> None:
    mailing = a_draft()
    page = author.open(f"/mailings/{mailing.pk}/content/")
    author.expected.add(422)

    hand_over(page, "#card_b2", "drop", b"<svg onload='alert(1)'/>")

    expect(page.locator("#notices")).to_contain_text("do not show SVG")
    assert Picture.objects.count() == 0


def test_a_block_is_kept_for_everybody_and_put_into_another_mail(author: Visitor) -> None:
    page = author.open(f"/mailings/{a_draft().pk}/content/")
    page.locator("#card_b3 [data-toggle]").focus()
    page.locator("#card_b3").get_by_role("button", name="Save for everybody").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Save for everybody")
    dialog.get_by_label("Name").fill("Come along")
    author.inspect()
    author.shot("keep-block")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("“Come along” is saved for everybody")
    page.get_by_role("button", name="Save as template").click()
    page.get_by_role("dialog", name="Save as template").get_by_label("Name").fill("Open day")
    page.get_by_role("dialog", name="Save as template").get_by_role("button", name="Save it").click()
    expect(page.locator("#toasts")).to_contain_text("is a template now")

    other = a_mailing(content={"blocks": [{"id": "b1", "kind": "text", "html": "<p>Dear you</p>"}]})
    page = author.open(f"/mailings/{other.pk}/content/")
    page.get_by_role("button", name="Add a block").click()
    author.inspect()
    author.shot("saved-blocks-menu")
    page.get_by_role("group", name="Saved blocks").get_by_role("button", name="Come along").click()
    expect(page.locator("#cards [data-block]")).to_have_count(2)
    saved(page)

    other.refresh_from_db()
    assert other.content["blocks"][1]["text"] == "I am coming"
    author.tour("/library/templates/", "templates")
    author.tour("/library/blocks/", "blocks")
    author.tour("/library/brand/", "brand")
    page = author.open("/library/templates/")
    page.get_by_role("button", name="New mailing Open day").click()
    expect(page.get_by_role("heading", name="Setup")).to_be_visible()


def test_the_library_on_a_desk_and_on_a_phone(author: Visitor) -> None:
    for number in range(5):
        pictures.take_in(a_photo(300 + number * 40, 300), f"photo {number}.jpg", by=None, now=NOON, alt="Noise")
    page = author.open("/library/pictures/")
    page.set_input_files("#id_file", {"name": "logo.png", "mimeType": "image/png", "buffer": a_file(400, 200)})
    expect(page.get_by_role("heading", name="logo.png")).to_be_visible()
    page.get_by_label("What it shows").fill("Our logo")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#pictures li")).to_have_count(6)

    author.tour("/library/pictures/", "pictures")
    author.tour(f"/library/pictures/{Picture.objects.get(title='logo.png').pk}/", "picture")


def test_a_mail_goes_on_in_html_and_mjml_and_comes_back(author: Visitor) -> None:
    mailing = a_draft()
    page = author.open(f"/mailings/{mailing.pk}/content/")
    page.get_by_role("button", name="How it is written").click()
    page.get_by_role("button", name="Go on in MJML").click()
    editor = page.get_by_role("textbox", name="MJML")
    expect(editor).to_contain_text("I am coming")
    author.inspect()
    author.shot("code-light")
    expect(mail(page)).to_contain_text("See the workshop")

    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(
        '<mjml><mj-body><mj-section><mj-column><mj-text>Dear [[customer.firstname]], <a href="https://example.org/map">the map</a></mj-text></mj-column></mj-section></mj-body></mjml>'
    )
    saved(page)
    expect(mail(page)).to_contain_text("Dear Hanna, the map")
    expect(page.locator("#facts")).to_contain_text("1 link tracked")
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("<oops")
    expect(page.locator("#problems")).to_contain_text("MJML cannot be read")
    author.inspect()
    for _letter in "<oops":
        page.keyboard.press("Backspace")
    saved(page)
    page.route("**/content/", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.keyboard.type(" kept")
    page.wait_for_timeout(300)
    page.goto("about:blank")
    page.unroute_all()
    author.theme("dark")
    page = author.open(f"/mailings/{mailing.pk}/content/")
    expect(page.get_by_role("textbox", name="MJML")).to_contain_text("</mjml> kept")
    author.inspect()
    author.shot("code-dark")
    author.phone()
    author.inspect()
    author.shot("code-phone")
    author.desk()
    page.get_by_role("button", name="Put it back").click()
    expect(page.locator("#cards [data-block]")).to_have_count(3)


WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style>p.MsoNormal {margin:0}</style></head><body lang=NL>
<!--StartFragment--><h1>Open day<o:p></o:p></h1>
<p class=MsoNormal><b style='mso-bidi-font-weight:normal'>Dear</b> <span style='font-style:italic'>reader</span>,<o:p></o:p></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='font-family:Symbol'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span><![endif]>Coffee<o:p></o:p></p>
<p class=MsoListParagraphCxSpMiddle style='text-indent:-18.0pt;mso-list:l0 level2 lfo1'><![if !supportLists]><span>o<span>&nbsp; </span></span><![endif]>Black<o:p></o:p></p>
<p class=MsoListParagraphCxSpLast style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span>·<span>&nbsp; </span></span><![endif]>Tea<o:p></o:p></p>
<p class=MsoNormal>See <a href="https://example.org/day">the page</a>.</p>
<p class=MsoListParagraph style='mso-list:l1 level1 lfo2'><![if !supportLists]><span>1.<span>&nbsp; </span></span><![endif]>First</p><!--EndFragment--></body></html>"""


def test_what_comes_from_word_keeps_its_structure_and_drops_its_junk(author: Visitor) -> None:
    mailing = a_draft(content={"blocks": [{"id": "b1", "kind": "text", "html": ""}]})
    page = author.open(f"/mailings/{mailing.pk}/content/")
    page.locator("#card_b1 [data-toggle]").click()
    editor = page.locator("#card_b1").get_by_role("textbox", name="Text")
    editor.focus()
    editor.evaluate(
        """(element, html) => {
            const data = new DataTransfer();
            data.setData("text/html", html);
            data.setData("text/plain", "Open day");
            element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        WORD,
    )
    saved(page)

    mailing.refresh_from_db()
    assert mailing.content["blocks"][0]["html"] == (
        "<p><strong>Open day</strong></p><p><strong>Dear</strong> <em>reader</em>,</p>"
        "<ul><li><p>Coffee</p><ul><li><p>Black</p></li></ul></li><li><p>Tea</p></li></ul>"
        '<p>See <a href="https://example.org/day">the page</a>.</p><ol><li><p>First</p></li></ol>'
    )
