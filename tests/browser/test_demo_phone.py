"""The demo on a phone, in the dark, in Dutch. A file of its own, so that it runs beside the walk at the desk."""

from tests.browser.conftest import Visitor
from tests.browser.walking import walk


def test_every_page_that_a_link_leads_to(demo: Visitor) -> None:
    demo.theme("dark")
    demo.language("nl")
    demo.phone()

    assert len(walk(demo, "dark-phone-nl")) > 50
    assert not demo.problems, "\n".join(demo.problems)
