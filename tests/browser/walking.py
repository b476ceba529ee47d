"""A walk from page to page over the demo, each kind of page once, so that a new page is looked at without anybody naming it."""

import re

from django.urls import Resolver404, resolve
from playwright.sync_api import Error

from tests.browser.conftest import Visitor

# pages that no link leads to, and their answer
ALONE = {"/join/": 200, "/u/nobody/1/": 404, "/no-such-page/": 404, "/p/nobody/": 404, "/confirm/nobody/": 404}
# Django's own pages, what ends the visit, and files
NOT_WALKED = {"admin:index", "health"}


def walk(visitor: Visitor, name: str) -> dict[str, str]:
    """Look at every page that a link leads to, as the visitor looks now; give the pages by kind. Problems stay with them."""
    seen: dict[str, str] = {}
    waiting = [*ALONE, "/"]
    while waiting:
        path = waiting.pop()
        kind = kind_of(path)
        if kind not in seen and kind not in NOT_WALKED:
            seen[kind] = path
            look_at(visitor, kind, path, name)
            waiting += links_on(visitor)
    return seen


def look_at(visitor: Visitor, kind: str, path: str, name: str) -> None:
    """Open and inspect a page; what is wrong is kept with the other problems, so that one walk finds all of them."""
    try:
        visitor.open(path, status=ALONE.get(path, 200))
        visitor.inspect()
    except AssertionError as problem:
        visitor.problems.append(f"{path} ({name}): {problem}")
    except Error as refusal:
        if "Download is starting" not in refusal.message:
            raise
        return
    visitor.shot(f"{named(kind)}-{name}")


def kind_of(path: str) -> str:
    """The name of the address, which all pages of one kind share."""
    try:
        found = resolve(path)
    except Resolver404:
        return path
    return found.view_name or found.route


def named(kind: str) -> str:
    return re.sub(r"\W+", "-", kind).strip("-")


def links_on(visitor: Visitor) -> list[str]:
    """Where the page's links lead within the house, in its order; files to download are no pages."""
    found = visitor.page.eval_on_selector_all(
        "a[href]:not([download])", "links => links.map(link => link.origin === location.origin ? link.pathname : '')"
    )
    return [path for path in dict.fromkeys(found) if path]
