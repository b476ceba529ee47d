"""The frame around every page, as a person meets it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor


def test_a_wrong_password_is_refused_and_the_right_one_leads_home(visitor: Visitor, django_user_model: type) -> None:
    django_user_model.objects.create_user("ada", "ada@example.org", "a long enough one")

    page = visitor.open("/")
    visitor.inspect()
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password").fill("a wrong one")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("That did not work")
    expect(page.get_by_label("E-mail")).to_have_value("ada@example.org")
    visitor.inspect()

    page.get_by_label("Password").fill("a long enough one")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("navigation", name="Main", exact=True).get_by_role("link", name="Home")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_logging_in_looks_right_in_both_themes(visitor: Visitor, theme: str) -> None:
    visitor.theme(theme)
    visitor.open("/account/login/")
    visitor.inspect()
    visitor.shot(f"login-{theme}")


def test_the_side_bar_names_every_part_of_the_house(author: Visitor) -> None:
    page = author.open("/")

    words = page.get_by_role("navigation", name="Main", exact=True).get_by_role("link").all_inner_texts()

    assert words == ["Home", "Mailings", "People", "Selections", "Projects", "Forms", "Consent", "Reports"]


@pytest.mark.parametrize("path", ["/", "/settings/", "/account/password/change/"])
def test_shell_pages_are_free_of_barriers(author: Visitor, path: str) -> None:
    author.tour(path, "shell" + path.replace("/", "-").rstrip("-"))


def test_dark_stays_dark_on_the_next_page(author: Visitor) -> None:
    page = author.open("/settings/")

    page.get_by_role("main").get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "duif-dark")
    author.open("/")

    expect(page.locator("html")).to_have_attribute("data-theme", "duif-dark")


def test_without_a_choice_the_system_decides(author: Visitor) -> None:
    author.page.emulate_media(color_scheme="dark")

    page = author.open("/settings/")

    assert page.locator("html").get_attribute("data-theme") is None
    assert "0.195" in page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_dutch_is_one_press_away(author: Visitor) -> None:
    page = author.open("/settings/")

    page.get_by_role("main").get_by_role("button", name="Nederlands").click()

    expect(page.locator("html")).to_have_attribute("lang", "nl")
    author.inspect()


def test_the_account_menu_logs_out(author: Visitor) -> None:
    page = author.open("/settings/")

    page.get_by_role("button", name="Marieke Vos").click()
    author.inspect()
    page.get_by_role("button", name="Log out").click()

    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_phone_has_five_words_below_and_the_rest_behind_more(author: Visitor) -> None:
    author.phone()
    page = author.open("/settings/")

    bar = page.get_by_role("navigation", name="Main, phone")
    assert [word.strip() for word in bar.locator("> *").all_inner_texts()] == [
        "Home",
        "Mailings",
        "People",
        "Forms",
        "More",
    ]
    bar.get_by_role("button", name="More").click()
    expect(page.locator("#more").get_by_role("link", name="Selections")).to_be_visible()
    author.inspect()
    author.shot("shell-more-phone")


def test_a_page_that_is_not_there_says_so(author: Visitor) -> None:
    page = author.open("/no-such-page/", status=404)

    expect(page.get_by_role("heading")).to_have_text("This page is not here")
    author.inspect()


def test_what_the_server_says_after_a_fragment_appears_and_errors_stay_in_the_page(author: Visitor) -> None:
    words = '{"messages": {"messages": [{"text": "It is \\"done\\", really", "level": "success"}, {"text": "No mail server", "level": "error"}]}}'
    page = author.open("/people/new/")
    page.route("**/people/companies/**", lambda route: route.fulfill(body="", headers={"HX-Trigger": words}))

    page.get_by_label("Company").press_sequentially("x")

    expect(page.get_by_role("status")).to_contain_text('It is "done", really')
    expect(page.get_by_role("alert")).to_contain_text("No mail server")
    author.inspect()
    page.get_by_role("status").get_by_role("button", name="Close").click()
    expect(page.get_by_role("status")).to_have_count(0)


def test_the_admin_works_under_the_same_policy(author: Visitor) -> None:
    author.open("/admin/")
    author.open("/admin/recipients/person/add/")
