"""Versions of a mail: one per spell of writing, what changed since, and the way back."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailings import compiling, content, history, library, starters
from mailings.models import Mailing
from mailings.rendering.blocks import Document
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, an_author

pytestmark = pytest.mark.django_db


def write(mailing: Mailing, words: str, *, by: User, minutes: int = 0) -> None:
    document = Document.read({"blocks": [{"id": "b1", "kind": "text", "html": f"<p>{words}</p>"}]})
    content.save(
        mailing,
        document,
        subject=mailing.subject,
        preheader="",
        version=mailing.content_version,
        now=NOON + timedelta(minutes=minutes),
        by=by,
    )


def texts(mailing: Mailing) -> list[str]:
    return [one.content["blocks"][0]["html"] for one in mailing.versions.order_by("pk")]


def test_what_is_written_in_one_spell_is_one_version() -> None:
    mailing, marieke = a_mailing(), an_author()

    for minutes, words in enumerate(["Dear", "Dear rea", "Dear reader"]):
        write(mailing, words, by=marieke, minutes=minutes)

    assert texts(mailing) == ["<p>Dear reader</p>"]


def test_another_writer_and_a_pause_begin_a_new_version() -> None:
    mailing = a_mailing()

    write(mailing, "one", by=an_author())
    write(mailing, "two", by=an_author("joost@example.org"), minutes=1)
    write(mailing, "three", by=an_author("joost@example.org"), minutes=30)

    assert texts(mailing) == ["<p>one</p>", "<p>two</p>", "<p>three</p>"]


def test_going_back_loses_nothing() -> None:
    mailing, marieke = a_mailing(), an_author()
    write(mailing, "good", by=marieke)
    write(mailing, "worse", by=marieke, minutes=20)
    first = mailing.versions.order_by("pk")[0]

    content.restore(mailing, first, now=NOON + timedelta(minutes=21), by=marieke)

    assert mailing.content["blocks"][0]["html"] == "<p>good</p>"
    assert "<p>worse</p>" in texts(mailing)
    assert texts(mailing)[-1] == "<p>good</p>"


def test_a_template_that_takes_the_place_of_a_mail_is_a_version_of_its_own() -> None:
    mailing, marieke = a_mailing(), an_author()
    write(mailing, "mine", by=marieke)

    content.start_from(mailing, starters.STARTERS["letter"], "en", now=NOON)

    assert texts(mailing)[0] == "<p>mine</p>"
    assert mailing.versions.count() == 2


def test_who_opens_a_mail_that_somebody_writes_in_is_told_so(client: Client) -> None:
    mailing, marieke, joost = a_mailing(), an_author(), an_author("joost@example.org")
    content_page = reverse("mailings:content", args=[mailing.pk])
    write(mailing, "mine", by=joost)
    mailing.versions.update(at=timezone.now())
    client.force_login(marieke)

    seen = client.get(content_page).content.decode()
    clash = client.post(content_page, {"version": "0", "block": []}, headers={"X-Autosave": "1"})
    mailing.versions.update(at=timezone.now() - history.AT_IT * 2)
    later = client.get(content_page).content.decode()
    client.force_login(joost)
    mailing.versions.update(at=timezone.now())

    assert "is writing in this mail too" in seen
    assert clash.status_code == 409
    assert "is writing in this mail too" in clash.content.decode()
    assert "is writing in this mail too" not in later
    assert "is writing in this mail too" not in client.get(content_page).content.decode()


def test_only_so_many_versions_are_kept() -> None:
    mailing, marieke = a_mailing(), an_author()

    for number in range(history.MOST + 3):
        write(mailing, str(number), by=marieke, minutes=number * 20)

    assert mailing.versions.count() == history.MOST
    assert texts(mailing)[-1] == f"<p>{history.MOST + 2}</p>"


def test_the_page_says_what_came_and_what_went_and_leads_back(client: Client) -> None:
    mailing, marieke = a_mailing(), an_author()
    write(mailing, "Doors open at two", by=marieke)
    write(mailing, "Doors open at three", by=marieke, minutes=20)
    client.force_login(marieke)
    first = mailing.versions.order_by("pk")[0]

    page = client.get(reverse("mailings:versions", args=[mailing.pk]), {"version": first.pk}).content.decode()
    client.post(reverse("mailings:version_restore", args=[mailing.pk, first.pk]))
    stranger = client.post(reverse("mailings:version_restore", args=[a_mailing().pk, first.pk]))

    mailing.refresh_from_db()
    assert '<del class="wrap-anywhere">Text: Doors open at two</del>' in page
    assert "Text: Doors open at three</ins>" in page
    assert mailing.content["blocks"][0]["html"] == "<p>Doors open at two</p>"
    assert stranger.status_code == 404


def test_campaign_parameters_stand_behind_every_link_and_never_twice() -> None:
    blocks = [
        {"id": "a", "kind": "button", "text": "Go", "url": "https://example.org/fair#map"},
        {"id": "b", "kind": "button", "text": "Go", "url": "https://example.org/?utm_source=own"},
        {"id": "c", "kind": "text", "html": '<p><a href="mailto:x@example.org">Mail</a></p>'},
    ]
    mailing = a_mailing(content={"blocks": blocks}, utm_source="letter", utm_campaign="spring fair")

    urls = [url for _number, url, _name in compiling.compile_mailing(mailing).links]

    assert urls == [
        "https://example.org/fair?utm_source=letter&utm_campaign=spring%20fair#map",
        "https://example.org/?utm_source=own&utm_campaign=spring%20fair",
    ]


def test_campaign_parameters_are_set_up_and_copied(client: Client) -> None:
    mailing = a_mailing()
    client.force_login(an_author())

    client.post(
        reverse("mailings:setup", args=[mailing.pk]), {"name": "Fair", "utm_source": "letter", "utm_term": "oak"}
    )
    mailing.refresh_from_db()
    copy = library.duplicate(mailing, by=an_author())

    assert (mailing.utm_source, mailing.utm_term) == ("letter", "oak")
    assert (copy.utm_source, copy.utm_term) == ("letter", "oak")
