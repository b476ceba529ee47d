"""The pages as `make run` shows them: full of people and mailings, fit to be seen by everybody. README's pictures."""

import os

from mailings.models import Mailing
from tests.browser.conftest import Visitor
from tests.browser.walking import look_at, walk


def test_the_pictures_of_the_guide(demo: Visitor) -> None:
    draft = Mailing.objects.get(name="Autumn letter to donors").pk
    sent = Mailing.objects.get(name="November newsletter").pk
    demo.theme("light")
    for name, path in {
        "home": "/",
        "content": f"/mailings/{draft}/content/",
        "recipients": f"/mailings/{draft}/recipients/",
        "report": f"/mailings/{sent}/",
    }.items():
        demo.open(path)
        demo.inspect()
        demo.shot(name)
    assert not demo.problems, "\n".join(demo.problems)


def test_every_page_that_a_link_leads_to(demo: Visitor) -> None:
    demo.theme("light")
    seen = walk(demo, "light-desk-en")
    if os.environ.get("POSTDUIF_SHOTS"):  # the other two: for whoever looks at the pictures
        for theme, language, screen in (("dark", "nl", demo.desk), ("light", "en", demo.phone)):
            demo.theme(theme)
            demo.language(language)
            screen()
            for kind, path in seen.items():
                look_at(demo, kind, path, f"{theme}-{screen.__name__}-{language}")
    assert len(seen) > 50
    assert not demo.problems, "\n".join(demo.problems)
