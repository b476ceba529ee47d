"""The steps Template and Content over HTTP: what is typed is kept, what is wrong is said, nobody overwrites anybody."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from mailings import compiling, content, starters
from mailings.models import Mailing
from mailings.rendering import blocks
from mailings.rendering.compile import CannotCompile
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author
from tracking.models import Link

pytestmark = pytest.mark.django_db


@pytest.fixture
def marieke(client: Client) -> Client:
    author = an_author()
    author.is_superuser = True
    author.save()
    client.force_login(author)
    return client


def page(mailing: Mailing) -> str:
    return reverse("mailings:content", args=[mailing.pk])


def sent(mailing: Mailing, *kept: dict[str, str], **more: str) -> dict[str, object]:
    """What the page would send: blocks as {"id": …, "kind": …, field: value}."""
    data: dict[str, object] = {
        "version": mailing.content_version,
        "inbox-subject": mailing.subject,
        "inbox-preheader": "",
    }
    data["block"] = [one["id"] for one in kept]
    for one in kept:
        data |= {f"{one['id']}-{name}": value for name, value in one.items() if name != "id"}
    return data | more


def save(marieke: Client, mailing: Mailing, *kept: dict[str, str], **more: str) -> object:
    answer = marieke.post(page(mailing), sent(mailing, *kept, **more), headers={"X-Autosave": "1"})
    mailing.refresh_from_db()
    return answer


def test_what_is_typed_is_kept_and_the_preview_line_comes_back(marieke):
    mailing = a_mailing()

    answer = save(
        marieke,
        mailing,
        {"id": "b1", "kind": "heading", "text": "Hi [[customer.firstname|you]]", "level": "2", "align": "center"},
    )

    assert answer.status_code == 200
    assert mailing.content_version == 1
    assert mailing.content["blocks"] == [
        {"kind": "heading", "id": "b1", "text": "Hi [[customer.firstname|you]]", "level": 2, "align": "center"}
    ]
    assert 'id="version" name="version" value="1"' in answer.content.decode()
    assert "kB of 102 kB" in answer.content.decode()


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ({"kind": "button", "text": "Go", "url": "javascript:alert(1)", "align": "left"}, "A link starts with"),
        ({"kind": "text", "html": '<p>see <a href="javascript:x">this</a></p>'}, "“this”: A link starts with"),
        ({"kind": "heading", "text": "Dear [[customer.fristname]]", "level": "1", "align": "left"}, "is not a variable we know"),
        ({"kind": "text", "html": "<p>Dear [[customer.firstname</p>"}, "has no “]]” behind it"),
        ({"kind": "image", "url": "https://example.org/x.png", "alt": ""}, "Say what the picture shows"),
        ({"kind": "image", "url": "data:image/png;base64,xx", "alt": "x"}, "starts with https"),
        ({"kind": "image", "url": "https://example.org/x.png", "alt": "x", "width": "9999"}, "less than or equal to 536"),
    ],
)  # fmt: skip
def test_a_mistake_is_said_under_its_field_and_nothing_typed_is_lost(marieke, block, sentence):
    mailing = a_mailing()

    answer = save(marieke, mailing, {"id": "b9", **block})

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    kept = mailing.content["blocks"][0]
    assert all(kept[name] == value for name, value in block.items() if name in ("text", "url", "alt"))
    if block["kind"] != "image" or block["url"].startswith("data:"):
        with pytest.raises(CannotCompile):
            compiling.compile_mailing(a_broken(mailing, block))


def a_broken(mailing: Mailing, block: dict[str, str]) -> Mailing:
    """The kept mail as it would be sent; of rich text the bad link itself was already taken out."""
    if "javascript" in block.get("html", ""):
        mailing.content["blocks"][0]["html"] = '<p><a href="">this</a></p>'
    return mailing


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script><p onclick='x'>Hi</p>",
        "<p>Hi</p><iframe src='https://evil.example'></iframe>",
        "<p style='position:fixed'>Hi</p>",
        "<svg onload=alert(1)><p>Hi</p>",
    ],
)
def test_pasted_code_is_taken_out(marieke, html):
    mailing = a_mailing()

    save(marieke, mailing, {"id": "b1", "kind": "text", "html": html})

    assert not re.search("script|onclick|iframe|style|svg|onload", mailing.content["blocks"][0]["html"])


def test_two_windows_do_not_overwrite_each_other(marieke):
    mailing = a_mailing()
    mine = sent(mailing, {"id": "b1", "kind": "text", "html": "<p>mine</p>"})
    save(marieke, mailing, {"id": "b1", "kind": "text", "html": "<p>theirs</p>"})

    answer = marieke.post(page(mailing), mine, headers={"X-Autosave": "1"})

    mailing.refresh_from_db()
    assert answer.status_code == 409
    assert 'data-version="1"' in answer.content.decode()
    assert mailing.content["blocks"][0]["html"] == "<p>theirs</p>"


def test_the_same_told_twice_is_no_conflict(marieke):
    mailing = a_mailing()
    mine = sent(mailing, {"id": "b1", "kind": "text", "html": "<p>mine</p>"})

    answers = [marieke.post(page(mailing), mine, headers={"X-Autosave": "1"}).status_code for _ in range(2)]

    mailing.refresh_from_db()
    assert (answers, mailing.content_version) == ([200, 200], 1)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"block": ["b1"], "b1-kind": "script"},
        {"block": ["b1", "b1"], "b1-kind": "text"},
        {"block": ["../x"], "../x-kind": "text"},
        {"block": [f"b{n}" for n in range(blocks.MAX_BLOCKS + 1)]},
    ],
)
def test_what_no_page_of_ours_sends_is_refused_and_changes_nothing(marieke, nonsense):
    mailing = a_mailing()
    before = mailing.content

    answer = marieke.post(page(mailing), {"version": 0} | nonsense, headers={"X-Autosave": "1"})

    mailing.refresh_from_db()
    assert answer.status_code == 400
    assert mailing.content == before


def test_a_mail_that_is_no_longer_a_draft_is_not_changed(marieke):
    mailing = a_mailing(status=Mailing.Status.SENDING)

    answer = marieke.post(page(mailing), sent(mailing), headers={"X-Autosave": "1"})

    assert answer.status_code == 302
    mailing.refresh_from_db()
    assert mailing.content_version == 0


def test_looking_changes_nothing(marieke):
    mailing = a_mailing(to=a_selection())
    before = Mailing.objects.filter(pk=mailing.pk).values().get()

    for name in ("template", "content", "preview", "preview_people", "test"):
        assert marieke.get(reverse(f"mailings:{name}", args=[mailing.pk])).status_code == 200

    assert Mailing.objects.filter(pk=mailing.pk).values().get() == before
    assert not Link.objects.exists()


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("code", starters.STARTERS)
def test_every_template_begins_a_mail_that_lacks_nothing_but_addresses(marieke, code, language):
    mailing = a_mailing(content={}, subject="")

    marieke.post(reverse("mailings:template", args=[mailing.pk]), {"starter": code, "language": language})

    mailing.refresh_from_db()
    assert mailing.content["language"] == language
    assert marieke.get(page(mailing)).status_code == 200
    for block in mailing.content["blocks"]:
        if block["kind"] == "button":
            block["url"] = "https://example.org/"
    mailing.subject = mailing.subject or "Hello"
    assert compiling.compile_mailing(mailing).html_size < 60_000
    assert marieke.get(reverse("mailings:starter", args=[code, language])).status_code == 200


def test_a_template_puts_aside_what_was_there_and_it_can_come_back(marieke):
    mailing = a_mailing()
    before = mailing.content["blocks"]

    marieke.post(reverse("mailings:template", args=[mailing.pk]), {"starter": "letter", "language": "en"})
    assert "Put it back" in marieke.get(page(mailing)).content.decode()
    marieke.post(reverse("mailings:content_back", args=[mailing.pk]))

    mailing.refresh_from_db()
    assert [one["id"] for one in mailing.content["blocks"]] == [one["id"] for one in before]


def test_what_was_put_aside_outlives_what_is_written_after_it(marieke):
    mailing = a_mailing()
    before = mailing.content["blocks"]
    back = reverse("mailings:content_back", args=[mailing.pk])

    marieke.post(reverse("mailings:template", args=[mailing.pk]), {"starter": "letter", "language": "en"})
    mailing.refresh_from_db()
    save(marieke, mailing, {"id": "b1", "kind": "text", "html": "<p>Other words</p>"})
    marieke.post(back)
    mailing.refresh_from_db()

    assert [one["id"] for one in mailing.content["blocks"]] == [one["id"] for one in before]
    marieke.post(back, {"forget": "1"})
    mailing.refresh_from_db()
    assert (mailing.aside, mailing.versions.count()) == (None, 3)
    assert "Put it back" not in marieke.get(page(mailing)).content.decode()


def test_a_template_never_takes_the_place_of_what_another_window_just_wrote(marieke):
    mailing = a_mailing()
    stale = Mailing.objects.get(pk=mailing.pk)
    save(marieke, mailing, {"id": "b1", "kind": "text", "html": "<p>Just written</p>"})

    with pytest.raises(content.Changed):
        content.start_from(stale, starters.STARTERS["letter"], "en", now=NOON)

    mailing.refresh_from_db()
    assert (mailing.content["blocks"][0]["html"], mailing.aside) == ("<p>Just written</p>", None)


def test_an_earlier_mailing_may_be_the_template(marieke):
    earlier, mailing = a_mailing(name="Earlier"), a_mailing(content={}, subject="")

    marieke.post(reverse("mailings:template", args=[mailing.pk]), {"mailing": str(earlier.pk)})

    mailing.refresh_from_db()
    assert mailing.subject == earlier.subject
    assert len(mailing.content["blocks"]) == len(earlier.content["blocks"])


def test_the_preview_is_filled_in_for_the_person_and_can_run_nothing(marieke):
    readers = a_selection()
    person = a_person("hanna@example.org", in_=readers, first_name="<script>alert(1)</script>")
    mailing = a_mailing(to=readers, subject="For [[customer.firstname]]")

    answer = marieke.get(reverse("mailings:preview", args=[mailing.pk]), {"as": person.pk})

    html = answer.content.decode()
    assert "Dear &lt;script&gt;alert(1)&lt;/script&gt;," in html
    assert "<script" not in html
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert re.search(r"(^|; )sandbox(;|$)", policy)


def test_people_to_look_as_are_found_by_name_with_their_values(marieke):
    readers = a_selection()
    a_person("hanna@example.org", in_=readers, company="Bakkerij De Wit")
    a_person("joost@example.org", in_=readers)
    mailing = a_mailing(to=readers)

    found = marieke.get(reverse("mailings:preview_people", args=[mailing.pk]), {"q": "hanna"}).content.decode()

    assert "Hanna" in found
    assert "Bakkerij De Wit" in found
    assert "Joost" not in found


def test_the_text_part_is_shown_as_words(marieke):
    mailing = a_mailing(subject="Hi")

    shown = marieke.get(reverse("mailings:preview", args=[mailing.pk]), {"part": "text"}).content.decode()

    assert "Dear Hanna, come and see." in shown


def test_compiling_keeps_segments_and_links_and_may_be_repeated():
    mailing = a_mailing()

    first = compiling.compile_mailing(mailing)
    again = compiling.compile_mailing(mailing)

    assert first.links == again.links
    assert list(Link.objects.values_list("mailing", "number", "url", "name")) == [
        (mailing.pk, 1, "https://example.org/open-day", "I am coming")
    ]
    mailing.refresh_from_db()
    assert json.dumps(mailing.compiled, sort_keys=True) == json.dumps(again.to_json(), sort_keys=True)


def test_links_that_are_gone_are_taken_away():
    mailing = a_mailing()
    compiling.compile_mailing(mailing)

    mailing.refresh_from_db()
    mailing.content["blocks"].pop()
    compiling.compile_mailing(mailing)

    assert not Link.objects.exists()


STORY = {
    "c1_heading": "Turning",
    "c1_html": "<p>Wood.</p>",
    "c2_heading": "Welding",
    "c2_button": "Go",
    "c2_url": "example.org/weld",
}


@pytest.mark.parametrize(
    "block",
    [
        {"kind": "columns", "count": "2", **STORY},
        {"kind": "product", "heading": "A bench", "price": "€ 49", "html": "<p>Oak.</p>"},
        {"kind": "spacer", "height": "40"},
        {"kind": "menu", "items": "Home | https://example.org/", "align": "left"},
        {"kind": "social", "linkedin": "https://linkedin.example/us"},
        {"kind": "code", "html": "<table><tr><td>Our own</td></tr></table>"},
    ],
    ids=lambda block: block["kind"],
)
def test_every_kind_is_added_kept_shown_again_and_compiled(marieke, block):
    mailing = a_mailing()

    added = save(marieke, mailing, {"id": "b1", "kind": block["kind"], "new": "1"}, again="1")
    saved = save(marieke, mailing, {"id": "b1", **block})
    shown = marieke.get(page(mailing)).content.decode()

    assert (added.status_code, saved.status_code) == (200, 200)
    assert mailing.content["blocks"][0]["kind"] == block["kind"]
    assert all(field in shown for field in (f'name="b1-{name}"' for name in block))
    assert compiling.compile_mailing(mailing)


def test_columns_keep_what_stands_in_each(marieke):
    mailing = a_mailing()

    save(marieke, mailing, {"id": "b1", "kind": "columns", "count": "3", **STORY, "c3_heading": "Painting"})

    cells = mailing.content["blocks"][0]["cells"]
    assert [cell["heading"] for cell in cells] == ["Turning", "Welding", "Painting"]
    assert cells[1]["url"] == "https://example.org/weld"


@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        ({"kind": "menu", "items": "Home"}, "write the words, a “|” and the address"),
        ({"kind": "menu", "items": "Home | ftp://x.example"}, "“Home”: A link starts with"),
        ({"kind": "menu", "items": "A | example.org\n" * 9}, "room for 8 links"),
        ({"kind": "spacer", "height": "900"}, "less than or equal to 200"),
        ({"kind": "code", "html": '<a href="javascript:x">this</a>'}, "“this” links to an address that no mail may link to"),
        ({"kind": "text", "html": "<p>x</p>", "seen_by": "customer.language", "seen_operator": "is", "seen_value": "", "hide": ""}, "Fill in the value"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_newer_kind_is_said_under_its_field(marieke, block, sentence):
    answer = save(marieke, a_mailing(), {"id": "b9", **block})

    assert sentence in answer.content.decode()


def test_a_block_is_shown_only_to_those_it_is_for_and_only_on_some_screens(marieke):
    mailing = a_mailing()
    seen = {"seen_by": "customer.language", "seen_operator": "is", "seen_value": "nl", "hide": "mobile"}

    save(marieke, mailing, {"id": "b1", "kind": "text", "html": "<p>Hoi</p>", **seen})
    kept = mailing.content["blocks"][0]
    save(marieke, mailing, {"id": "b1", "kind": "text", "html": "<p>Hallo</p>"})

    assert kept["only_if"] == {"variable": "customer.language", "operator": "is", "value": "nl"}
    assert kept["hide"] == "mobile"
    assert mailing.content["blocks"][0] == kept | {"html": "<p>Hallo</p>"}, "a page that does not ask changes nothing"
    save(marieke, mailing, {"id": "b1", "kind": "text", "html": "<p>Hallo</p>", "seen_by": "", "hide": ""})
    assert "only_if" not in mailing.content["blocks"][0]
