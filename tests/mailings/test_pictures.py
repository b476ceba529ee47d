"""The library of pictures: drawn again, kept once, served to everybody, refused when it is none."""

import random
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from mailings import compiling
from mailings.material import pictures, redrawing
from mailings.material.models import Picture
from mailings.rendering import picturing
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, an_author


def a_file(width: int = 900, height: int = 300, kind: str = "PNG", mode: str = "RGB", **how: Any) -> bytes:
    picture = Image.new(mode, (width, height))
    ImageDraw.Draw(picture).ellipse(
        (10, 10, width // 2, height - 10), fill=200 if mode in {"L", "P"} else None, outline="white"
    )
    kept = BytesIO()
    picture.save(kept, kind, **how)
    return kept.getvalue()


def a_photo(width: int, height: int) -> bytes:
    kept = BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(kept, "JPEG")
    return kept.getvalue()


@pytest.fixture
def shelf(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def marieke(client: Client, shelf: Path) -> Client:
    author = an_author()
    author.is_superuser = True
    author.save()
    client.force_login(author)
    return client


class TestRedrawing:
    @pytest.mark.parametrize(
        ("kind", "mode", "extension"),
        [("PNG", "RGB", "png"), ("PNG", "RGBA", "png"), ("PNG", "LA", "png"), ("PNG", "P", "png"), ("PNG", "I;16", "png"),
         ("JPEG", "RGB", "jpg"), ("JPEG", "CMYK", "jpg"), ("JPEG", "L", "jpg"), ("GIF", "P", "png"), ("WEBP", "RGBA", "png")],
    )  # fmt: skip
    def test_every_kind_becomes_one_that_mail_programs_show(self, kind: str, mode: str, extension: str) -> None:
        kept = BytesIO()
        Image.new(mode, (60, 40)).save(kept, kind)

        drawn = redrawing.redraw(kept.getvalue())

        assert (drawn.extension, drawn.width, drawn.height) == (extension, 60, 40)
        assert Image.open(BytesIO(drawn.data)).mode in {"RGB", "RGBA"}

    def test_a_large_picture_is_narrowed_and_never_cropped(self) -> None:
        drawn = redrawing.redraw(a_photo(4000, 2000))

        assert (drawn.width, drawn.height) == (1600, 800)
        assert {Image.open(BytesIO(data)).size for data in drawn.copies.values()} == {
            (320, 160),
            (640, 320),
            (1280, 640),
        }

    def test_where_it_was_taken_and_what_hides_behind_it_are_gone(self) -> None:
        exif = Image.Exif()
        exif[0x010E] = "Keizersgracht 1"
        file = a_file(kind="JPEG", exif=exif) + b"<script>alert(1)</script>PK\x03\x04"

        drawn = redrawing.redraw(file)

        assert b"Keizersgracht" not in drawn.data
        assert b"script" not in drawn.data
        assert b"PK\x03\x04" not in drawn.data

    def test_a_photo_stands_upright(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6  # turned a quarter

        drawn = redrawing.redraw(a_file(80, 40, "JPEG", exif=exif))

        assert (drawn.width, drawn.height) == (40, 80)

    def test_an_animation_stays_one(self) -> None:
        kept = BytesIO()
        frames = [Image.new("RGB", (40, 30), color) for color in ("red", "green", "blue")]
        frames[0].save(kept, "GIF", save_all=True, append_images=frames[1:], duration=[100, 200, 300])

        drawn = redrawing.redraw(kept.getvalue())

        assert (drawn.extension, Image.open(BytesIO(drawn.data)).n_frames) == ("gif", 3)

    @pytest.mark.parametrize(
        ("file", "sentence"),
        [
            (b'<?xml version="1.0"?><svg onload="alert(1)"/>', "do not show SVG"),
            (b"GIF89a<script>alert(1)</script>", "cannot read this as a picture"),
            (b"", "cannot read this as a picture"),
            (b"x" * (redrawing.MAX_BYTES + 1), "larger than 10 MB"),
            (a_file(8000, 6000, mode="1"), "more than 40 million pixels"),
            (a_file(20_000, 20_000, mode="1"), "more than 40 million pixels"),
            (a_file(kind="BMP"), "cannot read this as a picture"),
        ],
    )
    def test_what_is_no_picture_or_a_bomb_is_refused(self, file: bytes, sentence: str) -> None:
        with pytest.raises(redrawing.NotAPicture, match=sentence):
            redrawing.redraw(file)

    @settings(deadline=None)
    @given(st.randoms(use_true_random=False), st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"]))
    def test_damaged_files_are_drawn_or_refused_and_nothing_else(self, chance: random.Random, kind: str) -> None:
        file = bytearray(a_file(40, 30, kind))
        for _turn in range(chance.randint(1, 8)):
            file[chance.randrange(len(file))] = chance.randrange(256)
        try:
            drawn = redrawing.redraw(bytes(file[: chance.randint(1, len(file))]))
        except redrawing.NotAPicture:
            return
        assert drawn.width <= redrawing.WIDEST


@pytest.mark.django_db
class TestLibrary:
    def test_the_same_picture_twice_is_one(self, shelf: Path) -> None:
        first = pictures.take_in(a_file(), "logo.png", by=None, now=NOON)
        second = pictures.take_in(a_file(), "again.png", by=None, now=NOON)

        assert first == second
        assert first.title == "logo.png"
        assert len([path for path in shelf.rglob("*") if path.is_file()]) == 3  # itself and two narrower copies

    def test_it_is_served_to_everybody_and_runs_nothing(self, shelf: Path, client: Client) -> None:
        picture = pictures.take_in(a_file(), "logo.png", by=None, now=NOON)

        whole, narrow = client.get(picture.address), client.get(picture.thumbnail)

        assert (whole.status_code, whole["Content-Type"]) == (200, "image/png")
        assert "immutable" in whole["Cache-Control"]
        assert "sandbox" in whole["Content-Security-Policy"]
        assert whole["X-Content-Type-Options"] == "nosniff"
        assert Image.open(BytesIO(whole.content)).width == 900
        assert Image.open(BytesIO(narrow.content)).width == 320
        assert "sessionid" not in whole.cookies

    @pytest.mark.parametrize(
        "path", ["/i/secret.txt", "/i/..%2f..%2fsecret", "/i/320/0123456789abcdef0123-9x9.png", "/i/5/x.png"]
    )
    def test_nothing_else_is_served(self, shelf: Path, client: Client, path: str) -> None:
        assert client.get(path).status_code == 404

    def test_the_editor_hears_where_it_is_or_why_not(self, marieke: Client) -> None:
        add, json = reverse("mailings:picture_add"), {"Accept": "application/json"}

        good = marieke.post(add, {"file": SimpleUploadedFile("desk.png", a_file())}, headers=json)
        bad = marieke.post(add, {"file": SimpleUploadedFile("x.svg", b"<svg/>")}, headers=json)
        none = marieke.post(add, headers=json)

        assert good.json()["url"] == Picture.objects.get().address
        assert (bad.status_code, none.status_code) == (422, 422)
        assert "do not show SVG" in bad.json()["sentence"]

    def test_the_page_finds_changes_and_takes_out(self, marieke: Client) -> None:
        marieke.post(
            reverse("mailings:picture_add"),
            {"file": [SimpleUploadedFile("desk.png", a_file()), SimpleUploadedFile("cup.png", a_file(30, 30))]},
        )
        desk = Picture.objects.get(title="desk.png")
        page, one, leave = (
            reverse("mailings:pictures"),
            reverse("mailings:picture", args=[desk.pk]),
            reverse("mailings:picture_leave", args=[desk.pk]),
        )

        marieke.post(one, {"alt": "A desk by a window", "title": "Desk"})
        assert "desk" not in marieke.get(page, {"q": "cup"}).content.decode().split('id="pictures"')[1]
        assert "A desk by a window" in marieke.get(page, {"q": "window", "choose": "1"}).content.decode()
        marieke.post(leave, {"act": "archive"})
        assert "A desk" not in marieke.get(page).content.decode()
        assert marieke.get(desk.address).status_code == 200
        marieke.post(leave, {"act": "delete"})
        assert not Picture.objects.filter(pk=desk.pk).exists()
        assert marieke.get(desk.address).status_code == 404

    def test_who_may_not_write_may_not_add(self, shelf: Path, client: Client) -> None:
        client.force_login(User.objects.create_user("reader"))

        answer = client.post(reverse("mailings:picture_add"), {"file": SimpleUploadedFile("a.png", a_file())})

        assert (answer.status_code, Picture.objects.count()) == (403, 0)

    @pytest.mark.parametrize(
        ("width", "address", "shown"), [(0, "/i/1280/", 536), (120, "/i/320/", 120), (300, "/i/640/", 300)]
    )
    def test_a_mail_fetches_the_narrowest_copy_that_is_sharp(
        self, shelf: Path, width: int, address: str, shown: int
    ) -> None:
        picture = pictures.take_in(a_photo(1500, 500), "photo.jpg", by=None, now=NOON)
        block = {"id": "a", "kind": "image", "url": picture.address, "alt": "Noise", "width": width}

        html = compiling.preview_of(a_mailing(content={"blocks": [block]})).template.segments

        assert f"{address}{picture.name}" in "".join(html).replace("=\r\n", "")
        assert f'width=3D"{shown}"' in "".join(html).replace("=\r\n", "")

    def test_a_small_picture_is_not_blown_up(self) -> None:
        address = "/i/0123456789abcdef0123-200x80.png"

        assert picturing.shown_width(address, picturing.MAIL) == 200
        assert picturing.fitting(address, 200) == address
        assert picturing.shown_width("https://example.org/x.png", picturing.MAIL) == 0
