"""Saved blocks, templates of our own and the brand kit: kept for everybody, taken along, taken in, begun with."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import automatic, receipt
from mailings import compiling, content, reading, starters
from mailings.material import brand, pictures, saved, templates
from mailings.material.models import Brand, Picture, SavedBlock, Template
from mailings.models import Mailing
from mailings.rendering.blocks import Document
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, an_author
from tests.mailings.test_pictures import a_photo

pytestmark = pytest.mark.django_db
BLOCKS = [
    {"id": "b1", "kind": "heading", "text": "Hello"},
    {"id": "b2", "kind": "text", "html": "<p>Words</p>"},
    {"id": "b3", "kind": "button", "text": "Go", "url": "https://example.org/"},
]


@pytest.fixture(autouse=True)
def shelf(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def marieke(client: Client) -> Client:
    author = an_author()
    author.is_superuser = True
    author.save()
    client.force_login(author)
    return client


def kinds(mailing: Mailing) -> list[str]:
    mailing.refresh_from_db()
    return [block["kind"] for block in mailing.content["blocks"]]


class TestSavedBlocks:
    @pytest.mark.parametrize(
        ("reach", "kept"), [("one", ["text"]), ("above", ["heading", "text"]), ("below", ["text", "button"])]
    )
    def test_a_block_of_a_mail_is_kept_alone_or_with_what_stands_around_it(
        self, marieke: Client, reach: str, kept: list[str]
    ) -> None:
        mailing = a_mailing(content={"blocks": BLOCKS})
        keep = reverse("mailings:saved_block_keep", args=[mailing.pk])

        answer = marieke.post(keep, {"block": "b2", "name": " Our  words ", "reach": reach})

        one = SavedBlock.objects.get()
        assert answer.json() == {"id": one.pk, "name": "Our words"}
        assert [block["kind"] for block in one.content["blocks"]] == kept

    def test_the_same_name_takes_the_place_and_no_name_is_refused(self, marieke: Client) -> None:
        mailing = a_mailing(content={"blocks": BLOCKS})
        keep = reverse("mailings:saved_block_keep", args=[mailing.pk])

        for block in ("b1", "b2"):
            marieke.post(keep, {"block": block, "name": "Ours"})
        nameless, unknown = (
            marieke.post(keep, {"block": "b1", "name": " "}),
            marieke.post(keep, {"block": "x", "name": "y"}),
        )

        assert SavedBlock.objects.get().content["blocks"][0]["kind"] == "text"
        assert (nameless.status_code, unknown.status_code) == (422, 422)

    def test_what_the_page_gets_is_what_it_would_send(self, marieke: Client) -> None:
        one = saved.keep("Ours", Document.read({"blocks": BLOCKS}).blocks, by=None, now=NOON)
        mailing = a_mailing(content={"blocks": []})

        entries = marieke.get(reverse("mailings:saved_block_entries", args=[one.pk])).json()["entries"]
        data: dict[str, Any] = {"version": "0", "inbox-subject": "S", "inbox-preheader": "", "block": []}
        for name, value in entries:
            data |= {"block": [*data["block"], value]} if name == "block" else {name: value}
        marieke.post(reverse("mailings:content", args=[mailing.pk]), data, headers={"X-Autosave": "1"})

        assert kinds(mailing) == ["heading", "text", "button"]
        assert mailing.content["blocks"][2]["url"] == "https://example.org/"
        assert {block["id"] for block in mailing.content["blocks"]}.isdisjoint({"b1", "b2", "b3"})

    def test_it_is_shown_and_forgotten(self, marieke: Client) -> None:
        one = saved.keep("Ours", Document.read({"blocks": BLOCKS}).blocks, by=None, now=NOON)

        assert "Ours" in marieke.get(reverse("mailings:saved_blocks")).content.decode()
        assert "Words" in marieke.get(reverse("mailings:saved_block_look", args=[one.pk])).content.decode()
        marieke.post(reverse("mailings:saved_block_delete", args=[one.pk]))
        assert not SavedBlock.objects.exists()


class TestTemplates:
    def test_a_mail_becomes_a_template_and_a_template_a_mailing(self, marieke: Client) -> None:
        mailing = a_mailing(content={"language": "nl", "blocks": BLOCKS}, subject="Kom kijken")

        marieke.post(
            reverse("mailings:template_save", args=[mailing.pk]), {"name": "Open day", "purpose": "Each spring"}
        )
        template = Template.objects.get()
        marieke.post(reverse("mailings:template_begin", args=[template.pk]))

        begun = Mailing.objects.latest("pk")
        assert kinds(begun) == ["heading", "text", "button"]
        assert (begun.name, begun.subject, begun.content["language"]) == ("Open day", "Kom kijken", "nl")

    def test_it_stands_beside_the_starters(self, marieke: Client) -> None:
        template = templates.save(a_mailing(content={"blocks": BLOCKS}), "Open day", "", by=None, now=NOON)
        mailing = a_mailing(content={}, subject="")
        step = reverse("mailings:template", args=[mailing.pk])

        assert "Open day" in marieke.get(step).content.decode()
        marieke.post(step, {"ours": str(template.pk)})

        assert kinds(mailing) == ["heading", "text", "button"]

    def test_it_travels_as_a_file_with_its_pictures(self, marieke: Client) -> None:
        picture = pictures.take_in(a_photo(500, 200), "desk.jpg", by=None, now=NOON, alt="A desk")
        image = {"id": "i", "kind": "image", "url": picture.address, "alt": "A desk"}
        template = templates.save(a_mailing(content={"blocks": [*BLOCKS, image]}), "Open day", "", by=None, now=NOON)

        file = marieke.get(reverse("mailings:template_file", args=[template.pk]))
        pictures.delete(picture)
        marieke.post(reverse("mailings:template_add"), {"file": SimpleUploadedFile("t.json", file.content)})

        taken = Template.objects.get(name="Open day 2")
        fresh = Picture.objects.get()
        assert file["Content-Disposition"] == 'attachment; filename="open-day.json"'
        assert (fresh.title, fresh.alt) == ("desk.jpg", "A desk")
        assert taken.content["blocks"][3]["url"] == fresh.address
        assert marieke.get(fresh.address).status_code == 200

    @pytest.mark.parametrize(
        ("file", "sentence"),
        [
            (b"PK\x03\x04", "no JSON"),
            (b"[" * 100_000, "no JSON"),
            (b"{}", "no template that Postduif wrote"),
            (b'{"kind": "postduif/template"}', "no mail in this file"),
            (b'{"kind": "postduif/template", "content": {"blocks": [{"kind": "bomb"}]}}', "do not know this kind"),
            (b'{"kind": "postduif/template", "content": {"blocks": [{"kind": "heading", "text": 5}]}}', "damaged"),
            (b"x" * (templates.MAX_BYTES + 1), "larger than 20 MB"),
        ],
    )
    def test_what_is_no_template_is_refused(self, file: bytes, sentence: str) -> None:
        with pytest.raises(templates.CannotRead, match=sentence):
            templates.read(file, by=None, now=NOON)

        assert not Template.objects.exists()

    def test_a_file_can_hold_nothing_that_could_not_be_typed(self, marieke: Client) -> None:
        blocks = [
            {"id": '"><script>', "kind": "heading", "text": "Hi\u0000\ud800", "level": 999, "align": "x"},
            {"kind": "text", "html": "<script>alert(1)</script><p onclick=x>Hi</p>"},
            {"kind": "code", "html": "<iframe src=//evil.example></iframe><p>ok</p>"},
        ]
        given = {
            "kind": templates.KIND,
            "name": "<b>x</b>",
            "content": {"language": "xx", "style": {"accent": "red;}"}, "blocks": blocks},
        }

        taken = templates.read(json.dumps(given).encode(), by=None, now=NOON)

        whole = json.dumps(taken.content)
        assert not any(word in whole for word in ("script", "onclick", "iframe", "999", "red;"))
        assert marieke.get(reverse("mailings:templates")).status_code == 200
        assert marieke.get(reverse("mailings:template_look", args=[taken.pk])).status_code == 200

    @settings(max_examples=60, deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(["kind", "blocks", "cells", "html", "text", "style", "only_if", "id", "level"])
                    | st.text(max_size=5),
                    inner,
                    max_size=5,
                )
            ),
            max_leaves=20,
        )
    )
    def test_any_content_is_taken_in_or_refused(self, content: Any) -> None:
        file = json.dumps({"kind": templates.KIND, "content": content, "pictures": content}).encode()
        with suppress(templates.CannotRead):
            templates.read(file, by=None, now=NOON)


class TestBrand:
    def a_brand(self, **values: Any) -> Brand:
        return Brand.objects.create(accent="#aa3300", page="#eeeeee", font="serif", **values)

    def test_a_new_mail_wears_the_house_style_with_logo_and_footer(self) -> None:
        logo = pictures.take_in(a_photo(400, 100), "logo.jpg", by=None, now=NOON, alt="De Werkbank")
        footer = saved.keep("Signature", Document.read({"blocks": BLOCKS[:1]}).blocks, by=None, now=NOON)
        self.a_brand(logo=logo, footer=footer, website="https://example.org/", postal_address="Dorpsstraat 1\nUtrecht")
        mailing = a_mailing(content={}, subject="")

        content.start_from(mailing, starters.STARTERS["newsletter"], "en", now=NOON)

        first, *_others, last = mailing.content["blocks"]
        assert (first["url"], first["width"], first["link"]) == (logo.address, 180, "https://example.org/")
        assert last["text"] == "Hello"
        assert (mailing.content["style"]["accent"], mailing.content["style"]["font"]) == ("#aa3300", "serif")
        html = reading.preview(mailing, reading.sample(), now=NOON).html
        assert "Dorpsstraat 1, Utrecht" in html
        assert "#aa3300" in html

    def test_a_plain_letter_gets_no_header(self) -> None:
        header = saved.keep("Header", Document.read({"blocks": BLOCKS[:1]}).blocks, by=None, now=NOON)
        self.a_brand(header=header)
        mailing = a_mailing(content={}, subject="")

        content.start_from(mailing, starters.STARTERS["letter"], "en", now=NOON)

        assert mailing.content["blocks"][0]["kind"] != "heading"

    def test_the_installations_address_holds_until_the_kit_has_one(self, settings: Any) -> None:
        settings.POSTAL_ADDRESS = "Kade 5"
        before = compiling.letter_of(a_mailing()).postal_address
        self.a_brand(postal_address="Dorpsstraat 1")

        assert (before, compiling.letter_of(a_mailing()).postal_address) == ("Kade 5", "Dorpsstraat 1")

    def test_mails_that_nobody_writes_and_receipts_name_the_same_address(self, settings: Any) -> None:
        settings.POSTAL_ADDRESS = "Kade 5"
        self.a_brand(postal_address="Dorpsstraat 1\n1234 AB Dorp")

        mail = automatic.mail("confirm", "Confirm", {}, to="ada@example.org", message_id="<a@example.org>")
        receipt_of = receipt.context("ada@example.org", at=NOON)

        assert "Dorpsstraat 1\n1234 AB Dorp" in mail.body
        assert "Kade 5" not in mail.body
        assert receipt_of["postal_address"] == "Dorpsstraat 1\n1234 AB Dorp"

    def test_the_page_keeps_it_and_takes_only_colours(self, marieke: Client) -> None:
        page, look = reverse("mailings:brand"), reverse("mailings:brand_look")
        values = {"accent": "#112233", "page": "url(x)", "paper": "#ffffff", "ink": "#000000", "font": "modern"}

        assert marieke.get(page).status_code == 200
        marieke.post(page, values)
        marieke.post(page, values | {"accent": "#445566"})

        kept = Brand.objects.get()
        assert (kept.accent, kept.page, kept.font) == ("#445566", "#f4f2ee", "modern")
        assert "#445566" in marieke.get(look).content.decode()

    def test_who_may_not_change_the_brand_does_not_see_it(self, client: Client) -> None:
        writer = User.objects.create_user("writer")
        writer.user_permissions.add(*Permission.objects.filter(codename__in=["view_mailing", "change_mailing"]))
        client.force_login(writer)

        assert client.get(reverse("mailings:brand")).status_code == 403
        assert "/library/brand/" not in client.get(reverse("mailings:templates")).content.decode()

    def test_no_kit_no_change(self) -> None:
        document = starters.STARTERS["newsletter"].letter("en").document

        assert brand.dress(document, brand.kit()) == document
