"""Real Chromium over a live server. Every page that a test opens is watched: no violation of the content security
policy, no error in the console, no request that leaves the house, and axe finds nothing to say.

CHROMIUM names the binary (else Debian's), POSTDUIF_SHOTS a folder for screenshots.
"""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import Page, Request, Response
from pytest_django.fixtures import Settings

from tests.consent.factories import a_subscription_type

# Playwright's own loop runs in this thread; the ORM is used between its calls, never inside one.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
DESK, PHONE = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
NOTE_VIOLATIONS = """
window.__refused = [];
document.addEventListener("securitypolicyviolation", (e) => window.__refused.push(`${e.violatedDirective}: ${e.blockedURI}`));
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


def chromium() -> str | None:
    wanted = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    return wanted if wanted and Path(wanted).exists() else None


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Start the machine's own Chromium; without one the browser tests are skipped, and say so."""
    if (binary := chromium()) is None:
        pytest.skip("No Chromium on this machine: `apt-get install chromium`, or name one in CHROMIUM")
    return {"executable_path": binary, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return {"viewport": DESK, "locale": "en-GB", "timezone_id": "Europe/Amsterdam", "reduced_motion": "reduce"}


@dataclass
class Visitor:
    """Somebody at a browser. `problems` is what went wrong on any page; it must stay empty."""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)
    user: User | None = None
    under_way: set[Request] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.add_init_script(NOTE_VIOLATIONS)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("console", lambda line: self._console(line.type, line.text))
        self.page.on("request", self._request)
        self.page.on("requestfinished", lambda request: self.under_way.discard(request))
        self.page.on("requestfailed", lambda request: self.under_way.discard(request))
        self.page.on("response", self._response)

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.problems.append(f"console: {text}")

    def _request(self, request: Request) -> None:
        self.under_way.add(request)
        url = request.url
        if not url.startswith((self.base, "data:", "blob:", "about:")):
            self.problems.append(f"left the house: {url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.problems.append(f"{response.status}: {response.url}")

    def open(self, path: str, *, status: int = 200) -> Page:
        """Go to a page and wait until it is quiet."""
        self.expected.add(status)
        response = self.page.goto(self.base + path)
        assert response is not None
        assert response.status == status, f"{path} answered {response.status}"
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until what the page asked for on its own has come: Playwright's "networkidle" takes half a second more."""
        end = time.monotonic() + 10
        quiet = 0
        while quiet < 3 and time.monotonic() < end:
            self.page.wait_for_timeout(30)
            quiet = 0 if self.under_way else quiet + 1

    def theme(self, name: str) -> None:
        """Choose light, dark or system, as the switch does."""
        self.page.context.add_cookies([{"name": "theme", "value": name, "url": self.base}])

    def language(self, code: str) -> None:
        self.page.context.add_cookies([{"name": "django_language", "value": code, "url": self.base}])

    def phone(self) -> None:
        self.page.set_viewport_size(PHONE)  # type: ignore[arg-type]

    def desk(self) -> None:
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]

    def shot(self, name: str) -> None:
        """Keep a picture, where POSTDUIF_SHOTS asks for one."""
        if folder := os.environ.get("POSTDUIF_SHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{folder}/{name}.png")

    def inspect(self) -> None:
        """Fail where axe finds a barrier, the page is wider than the screen, or the policy refused something."""
        axe(self.page)
        width = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert width <= 0, f"{self.page.url} is {width} px wider than the screen"
        no_csp_violations(self.page)

    def tour(self, path: str, name: str) -> None:
        """Look at a page in both themes and on a phone: inspected, and kept as pictures."""
        for theme in ("light", "dark"):
            self.desk()
            self.theme(theme)
            self.open(path)
            self.inspect()
            self.shot(f"{name}-{theme}")
        self.phone()
        self.theme("light")
        self.open(path)
        self.inspect()
        self.shot(f"{name}-phone")
        self.desk()


def axe(page: Page) -> None:
    """Assert that axe finds no violation of WCAG 2.2 AA on the page as it stands."""
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]})
    found = results.response["violations"]
    lines = [f"{v['id']}: {node['target']} {node['html'][:160]}" for v in found for node in v["nodes"]]
    assert not lines, f"{page.url}\n" + "\n".join(lines)


def no_csp_violations(page: Page) -> None:
    refused = page.evaluate("window.__refused || []")
    assert not refused, f"{page.url}: refused by the content security policy: {refused}"


@pytest.fixture
def demo(
    page: Page, live_server: Any, transactional_db: None, client: Client, settings: Settings, tmp_path: Path
) -> Visitor:
    """The demo's marketer at her desk."""
    settings.POSTAL_ADDRESS = "Havenstraat 14, 3024 SC Rotterdam"
    settings.SENDER_NAME, settings.SENDER_ADDRESS = "De Werkbank", "hallo@dewerkbank.example"
    settings.BASE_URL, settings.MEDIA_ROOT = live_server.url, tmp_path
    for code in ("newsletter", "events", "product-news"):
        a_subscription_type(code)
    call_command("load_demo")
    client.force_login(User.objects.get(email="demo@example.org"))
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])
    return Visitor(page, live_server.url)


@pytest.fixture
def visitor(page: Page, live_server: Any, transactional_db: None) -> Iterator[Visitor]:
    """Somebody who has not logged in."""
    somebody = Visitor(page, live_server.url)
    yield somebody
    assert not somebody.problems, "\n".join(somebody.problems)


@pytest.fixture
def author(visitor: Visitor, client: Client, settings: Any) -> Visitor:
    """Marieke, a marketer who is logged in and may do everything."""
    visitor.user = User.objects.create_user(
        "marieke", "marieke@example.org", "a long enough one", first_name="Marieke", last_name="Vos"
    )
    visitor.user.is_staff = visitor.user.is_superuser = True
    visitor.user.save()
    client.force_login(visitor.user)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    visitor.page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": visitor.base}])
    return visitor
