"""Writing a mail: by hand and by keyboard alone, without a connection, in two windows, in both themes and on a phone."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from mailings.models import Mailing
from recipients import custom
from recipients.models import CustomField, Person
from tests.browser.conftest import Visitor
from tests.mailings.factories import a_mailing, a_person, a_selection


@pytest.fixture(autouse=True)
def at_home(settings: Any, live_server: Any) -> None:
    """Pictures and pixels of our own come from the server under test."""
    settings.BASE_URL = live_server.url


def a_draft(**values: object) -> Mailing:
    readers = a_selection()
    a_person("hanna@example.org", in_=readers, first_name="Hanna", last_name="de Wit", company="Bakkerij De Wit")
    a_person("zoe@example.org", in_=readers, first_name="Zoë", last_name="")
    return a_mailing(to=readers, **values)


def kinds(mailing: Mailing) -> list[str]:
    mailing.refresh_from_db()
    return [block["kind"] for block in mailing.content["blocks"]]


def saved(page: Page) -> None:
    """Wait until what was done is kept: first that it is being saved, or already is, then the words."""
    page.wait_for_timeout(900)
    expect(page.locator("#saved")).to_contain_text(re.compile("Saved (now|[0-9])"), timeout=10_000)


def mail(page: Page) -> Locator:
    """The frame that is seen; its inside cannot be read by scripts, but by a tester."""
    return page.frame_locator("iframe.paper-sheet:not(.is-behind)").locator("body")


def cards(page: Page) -> Locator:
    return page.locator("#cards [data-block]")


def test_a_template_is_chosen_and_the_mail_written_by_mouse(author: Visitor) -> None:
    mailing = a_draft(content={}, subject="")
    page = author.open(f"/mailings/{mailing.pk}/content/")
    expect(page).to_have_url(re.compile("/template/"))
    author.inspect()
    page.get_by_role("link", name="Dutch").click()
    page.get_by_role("button", name="Invitation").click()
    expect(page.get_by_role("heading", name="Content")).to_be_visible()

    page.get_by_role("button", name=re.compile("^Button")).click()
    page.locator(".is-open").get_by_label("Leads to").fill("example.org/ja")
    page.get_by_role("button", name="Add a block").click()
    page.get_by_role("group", name="Add a block").get_by_role("button", name="Text").click()
    written = page.locator(".is-open").get_by_role("textbox", name="Text")
    expect(written).to_be_focused()
    page.keyboard.type("Tot dan, ")
    page.locator(".is-open").get_by_role("button", name="Insert variable").click()
    page.get_by_role("listbox", name="Variables").get_by_role("option", name="First name").click()
    saved(page)

    author.inspect()
    mailing.refresh_from_db()
    assert mailing.content["language"] == "nl"
    assert [one["url"] for one in mailing.content["blocks"] if one["kind"] == "button"] == ["https://example.org/ja"]
    assert mailing.content["blocks"][-1]["html"] == "<p>Tot dan, [[customer.firstname]]</p>"
    expect(mail(page)).to_contain_text("Tot dan, Hanna")
    expect(page.locator("#facts")).to_contain_text("1 link tracked")


def test_a_date_of_our_own_is_written_as_chosen_behind_its_word(author: Visitor) -> None:
    custom.add(CustomField(of="person", kind="date", name="Birthday"))
    mailing = a_draft(content={"language": "nl", "blocks": [{"kind": "text", "id": "a", "html": "<p>Op </p>"}]})
    Person.objects.filter(first_name="Hanna").update(custom={"birthday": "2026-03-05"})
    page = author.open(f"/mailings/{mailing.pk}/content/")
    cards(page).first.get_by_role("button", name=re.compile("^Text")).click()
    page.locator(".is-open").get_by_role("textbox", name="Text").click()
    page.keyboard.press("End")
    page.keyboard.type("[[customer.x_birthday:dd-MM-yyyy|later]]")
    page.locator(".is-open .var").click()
    dialog = page.get_by_role("dialog", name="Birthday")
    author.inspect()
    dialog.get_by_label("Write a date or a number as").fill("EEEE d MMMM yyyy")
    dialog.get_by_role("button", name="Done").click()
    saved(page)

    mailing.refresh_from_db()
    assert "[[customer.x_birthday:EEEE d MMMM yyyy|later]]" in mailing.content["blocks"][0]["html"]
    expect(mail(page)).to_contain_text("donderdag 5 maart 2026")


def test_a_mail_is_written_by_keyboard_alone(author: Visitor) -> None:
    mailing = a_draft()
    page = author.open(f"/mailings/{mailing.pk}/content/")
    keys = page.keyboard

    page.get_by_role("textbox", name="Subject").focus()
    keys.press("Control+End")
    keys.type(", [[first")
    keys.press("Enter")
    keys.type("!")
    page.locator("#add").focus()
    keys.press("Enter")
    expect(page.get_by_role("group", name="Add a block").get_by_role("button", name="Heading")).to_be_focused()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator(".is-open").get_by_role("textbox", name="Text")).to_be_focused()
    keys.type("Bring ")
    keys.press("Control+b")
    keys.type("a colleague")
    keys.press("Control+b")
    keys.type(" of [[comp")
    keys.press("ArrowDown")
    keys.press("ArrowUp")
    keys.press("Enter")
    keys.press("ArrowLeft")
    keys.press("Enter")
    expect(page.get_by_role("dialog", name="Company")).to_be_visible()
    author.inspect()
    keys.type("your team")
    keys.press("Enter")
    grip = page.get_by_role("button", name=re.compile("^Move block 4"))
    grip.focus()
    keys.press("ArrowUp")
    expect(page.locator("#told")).to_have_text("Text is now block 3 of 4")
    saved(page)

    mailing.refresh_from_db()
    assert mailing.subject == "See the workshop from the inside, [[customer.firstname]]!"
    assert kinds(mailing) == ["heading", "text", "text", "button"]
    assert (
        mailing.content["blocks"][2]["html"]
        == "<p>Bring <strong>a colleague</strong> of [[company.name|your team]]</p>"
    )
    expect(page.locator("#inbox")).to_contain_text("See the workshop from the inside, Hanna!")


def test_blocks_are_moved_doubled_deleted_and_come_back(author: Visitor) -> None:
    mailing = a_draft()
    page = author.open(f"/mailings/{mailing.pk}/content/")

    cards(page).nth(2).hover()
    cards(page).nth(2).get_by_role("button", name="Move up").click()
    saved(page)
    assert kinds(mailing) == ["heading", "button", "text"]
    cards(page).nth(0).hover()
    cards(page).nth(0).get_by_role("button", name="Duplicate").click()
    expect(cards(page)).to_have_count(4)
    cards(page).nth(3).hover()
    cards(page).nth(3).get_by_role("button", name="Delete").click()
    saved(page)
    assert kinds(mailing) == ["heading", "heading", "button"]
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(cards(page)).to_have_count(4)
    saved(page)
    assert kinds(mailing) == ["heading", "heading", "button", "text"]
    page.get_by_role("button", name="Undo", exact=True).first.click()
    expect(cards(page)).to_have_count(3)
    page.get_by_role("button", name="Redo").click()
    expect(cards(page)).to_have_count(4)
    author.inspect()


def test_blocks_are_dragged(author: Visitor) -> None:
    mailing = a_draft()
    page = author.open(f"/mailings/{mailing.pk}/content/")

    page.get_by_role("button", name=re.compile("^Move block 3")).drag_to(cards(page).nth(0))
    saved(page)

    assert kinds(mailing)[0] == "button" or kinds(mailing)[1] == "button"


def test_a_bad_link_is_refused_under_its_field_and_stays_typed(author: Visitor) -> None:
    mailing = a_draft()
    page = author.open(f"/mailings/{mailing.pk}/content/")
    page.get_by_role("button", name=re.compile("^Button")).click()
    page.locator(".is-open").get_by_label("Leads to").fill("javascript:alert(1)")
    saved(page)

    expect(page.locator(".is-open")).to_contain_text("A link starts with https://")
    expect(page.locator(".is-open").get_by_label("Leads to")).to_have_attribute("aria-invalid", "true")
    author.inspect()
    page.reload()
    expect(page.locator("#cards")).to_contain_text("Has a mistake")
    page.get_by_role("button", name=re.compile("^Button")).click()
    expect(page.locator(".is-open").get_by_label("Leads to")).to_have_value("javascript:alert(1)")


def test_without_a_connection_nothing_is_lost(author: Visitor) -> None:
    mailing = a_draft()
    page = author.open(f"/mailings/{mailing.pk}/content/")
    page.get_by_role("button", name=re.compile("^Text")).click()
    page.get_by_role("textbox", name="Text").click()
    page.keyboard.press("Control+End")

    page.context.set_offline(True)
    page.keyboard.type(" More words.")
    expect(page.locator("#saved")).to_contain_text("Not saved: no connection", timeout=10_000)
    author.inspect()
    page.context.set_offline(False)
    saved(page)

    mailing.refresh_from_db()
    assert mailing.content["blocks"][1]["html"].endswith("come and see. More words.</p>")


def test_a_closed_window_without_connection_finds_its_text_again(author: Visitor) -> None:
    mailing = a_draft()
    path = f"/mailings/{mailing.pk}/content/"
    page = author.open(path)
    page.route(f"**{path}", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.get_by_role("button", name=re.compile("^Heading")).click()
    page.get_by_role("textbox", name="Heading").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" today")
    expect(page.locator("#saved")).to_contain_text("Not saved", timeout=10_000)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("about:blank")
    page.unroute(f"**{path}")

    page = author.open(path)
    saved(page)

    mailing.refresh_from_db()
    assert mailing.content["blocks"][0]["text"] == "See the workshop today"


def test_two_windows_are_told_and_choose(author: Visitor) -> None:
    mailing = a_draft()
    path = f"/mailings/{mailing.pk}/content/"
    author.expected.add(409)
    page = author.open(path)
    other = page.context.new_page()
    other.goto(author.base + path)
    other.get_by_role("button", name=re.compile("^Heading")).click()
    other.get_by_role("textbox", name="Heading").fill("Theirs")
    saved(other)
    other.close()

    page.get_by_role("button", name=re.compile("^Heading")).click()
    page.get_by_role("textbox", name="Heading").fill("Mine")
    expect(page.get_by_role("alert").filter(has_text="changed in another window")).to_be_visible(timeout=10_000)
    author.inspect()
    page.get_by_role("button", name="Keep mine").click()
    saved(page)

    mailing.refresh_from_db()
    assert mailing.content["blocks"][0]["text"] == "Mine"


def test_the_preview_is_seen_as_anybody_and_every_way(author: Visitor) -> None:
    mailing = a_draft()
    page = author.open(f"/mailings/{mailing.pk}/content/")
    expect(mail(page)).to_contain_text("Dear Hanna")

    page.get_by_role("button", name="as Hanna de Wit").click()
    author.inspect()
    page.get_by_label("Find a person").fill("zoë")
    page.get_by_role("button", name="Zoë").click()
    expect(mail(page)).to_contain_text("Dear Zoë")
    for view in ("Mobile", "Dark", "Plain", "Images off", "Desktop"):
        page.get_by_role("button", name=view).click()
        expect(mail(page)).to_contain_text("Zoë")
        author.inspect()
        author.shot(f"content-{view.lower().replace(' ', '-')}")
    frame = page.locator("iframe.paper-sheet").first
    assert frame.get_attribute("sandbox") == ""


def test_send_test_opens_on_every_step_and_says_what_is_wrong(author: Visitor) -> None:
    mailing = a_draft()
    for step in ("setup", "template", "content", "recipients"):
        page = author.open(f"/mailings/{mailing.pk}/{step}/")
        page.get_by_role("button", name="Send test").click()
        expect(page.get_by_label("To", exact=True)).to_have_value("marieke@example.org")
        page.get_by_label("To", exact=True).fill("b@@c")
        page.get_by_role("button", name="Send the test").click()
        expect(page.get_by_role("alert")).to_contain_text("No test was sent.")
    author.inspect()
    author.shot("test-send")


def test_template_and_content_look_right_everywhere(author: Visitor) -> None:
    mailing = a_draft()
    author.tour(f"/mailings/{mailing.pk}/template/", "template")
    author.tour(f"/mailings/{mailing.pk}/content/", "content")


EVERY_KIND = {
    "language": "en",
    "blocks": [
        {"id": "m", "kind": "menu", "items": "Home | https://example.org/\nCourses | https://example.org/courses"},
        {"id": "h", "kind": "heading", "text": "What we made this autumn"},
        {
            "id": "c",
            "kind": "columns",
            "cells": [
                {
                    "heading": "Turning",
                    "html": "<p>Bowls, candlesticks and one very long table leg.</p>",
                    "image": "/static/mailings/starters/hall.png",
                    "alt": "The hall",
                    "button": "See them",
                    "url": "https://example.org/turning",
                },
                {
                    "heading": "Welding",
                    "html": "<p>A gate for the harbour.</p>",
                    "image": "/static/mailings/starters/desk.png",
                    "alt": "A desk",
                },
            ],
        },
        {"id": "s", "kind": "spacer", "height": 24},
        {
            "id": "p",
            "kind": "product",
            "image": "/static/mailings/starters/parcel.png",
            "alt": "A parcel",
            "heading": "A bench of oak",
            "html": "<p>Made to order, six weeks.</p>",
            "price": "€ 249",
            "button": "Order one",
            "url": "https://example.org/bench",
        },
        {"id": "o", "kind": "code", "html": "<p style='text-align:center'>Our <b>own</b> HTML</p>"},
        {
            "id": "n",
            "kind": "social",
            "linkedin": "https://linkedin.example/us",
            "mastodon": "https://mastodon.example/@us",
        },
    ],
}


def test_every_kind_of_block_looks_right_and_is_set_by_keyboard(author: Visitor) -> None:
    mailing = a_draft(content=EVERY_KIND)
    page = author.open(f"/mailings/{mailing.pk}/content/")
    expect(mail(page)).to_contain_text("A bench of oak")

    page.locator("#kind_c").click()
    page.locator(".is-open").get_by_label("How many").select_option("3")
    expect(page.locator("#card_c").get_by_role("group", name="Column 3")).to_be_visible()
    page.locator("#card_c").get_by_role("group", name="Column 3").get_by_role("textbox", name="Heading").focus()
    page.keyboard.type("Painting")
    page.locator("#card_c").get_by_text("Who sees it").first.click()
    page.locator("#card_c").get_by_label("Who sees it").select_option("customer.language")
    page.locator("#card_c").get_by_label("This value").fill("nl")
    saved(page)

    author.inspect()
    author.shot("blocks-columns")
    mailing.refresh_from_db()
    columns = next(block for block in mailing.content["blocks"] if block["kind"] == "columns")
    assert [cell["heading"] for cell in columns["cells"]] == ["Turning", "Welding", "Painting"]
    assert columns["only_if"]["value"] == "nl"
    expect(mail(page)).not_to_contain_text("Turning")
    author.tour(f"/mailings/{mailing.pk}/content/", "blocks")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "windows-1252", "utf-16"])
def test_a_file_of_another_program_opens_in_its_own_encoding(author: Visitor, encoding: str) -> None:
    mailing = a_draft(content={"language": "en", "source": {"kind": "html", "text": ""}})
    page = author.open(f"/mailings/{mailing.pk}/content/")
    written = '<p>Zoë’s café</p>\r\n<p>Hi {{ name }}</p><a href="https://example.org/">Go</a>'

    page.locator("#source-file").set_input_files(
        {"name": "mail.html", "mimeType": "text/html", "buffer": written.encode(encoding)}
    )
    saved(page)

    mailing.refresh_from_db()
    assert mailing.content["source"]["text"].replace("\r\n", "\n") == written.replace("\r\n", "\n")
    expect(page.get_by_text("Line 2: “{{ name }}” is a placeholder of another program").first).to_be_visible()
    author.inspect()
