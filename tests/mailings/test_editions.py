"""One mailing in several languages: each recipient gets one, from writing to report."""

import datetime as dt
from typing import Any

import pytest

from mailings import audience, breakdowns, compiling, editions, library, lifecycle, overriding, preflight, reading
from mailings.delivery.worker import Row, Stamp, letter_of
from mailings.models import Mailing
from mailings.slices import Slice, messages
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author
from tracking.models import Link

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sender(settings):
    settings.POSTAL_ADDRESS = "Havenstraat 14\n3024 SC Rotterdam"


def a_text(words: str, link: str = "") -> dict[str, Any]:
    html = f'<p>{words} <a href="{link}">x</a></p>' if link else f"<p>{words}</p>"
    return {"language": "en", "blocks": [{"id": "a", "kind": "text", "html": html}]}


def in_two_languages(**values: Any) -> tuple[Mailing, Mailing]:
    readers = a_selection()
    a_person(in_=readers, email="ada@example.org", consents_to="newsletter", language="en")
    a_person(in_=readers, email="bob@example.org", consents_to="newsletter", language="nl-BE")
    a_person(in_=readers, email="cas@example.org", consents_to="newsletter", language="NL")
    a_person(in_=readers, email="dot@example.org", consents_to="newsletter", language="")
    mailing = a_mailing(to=readers, content=a_text("Hello", "https://example.org/en"), **values)
    dutch = editions.add_language(mailing, "nl")
    words = a_text("Hallo [[customer.firstname|lezer]]", "https://example.org/nl")
    Mailing.with_editions.filter(pk=dutch.pk).update(subject="Kom kijken", preheader="Soep", content=words)
    return mailing, dutch


def who_gets(mailing: Mailing) -> dict[str, int]:
    return dict(mailing.messages.values_list("address", "edition"))


def test_everybody_gets_the_edition_of_their_language_and_the_others_the_mailing_itself():
    mailing, dutch = in_two_languages()

    lifecycle.start(mailing, by=an_author(), now=NOON)

    assert who_gets(mailing) == {
        "ada@example.org": 0,
        "bob@example.org": dutch.edition,
        "cas@example.org": dutch.edition,
        "dot@example.org": 0,
    }


def test_a_worker_writes_each_message_in_its_own_words():
    mailing, _dutch = in_two_languages()
    lifecycle.start(mailing, by=an_author(), now=NOON)
    letter = letter_of(mailing.pk, mailing.frozen_at)

    written = {
        one.address: reading.seen(
            letter.write(Row(one.pk, one.address, one.data, "", one.edition), Stamp.at(NOON)).body
        )
        for one in mailing.messages.all()
    }

    assert written["ada@example.org"].text.startswith("Hello")
    assert written["bob@example.org"].text.startswith("Hallo Bob")
    assert written["bob@example.org"].subject == "Kom kijken"
    assert 'lang="nl"' in written["cas@example.org"].html


def test_links_of_all_editions_are_counted_with_the_mailing_under_numbers_of_their_own():
    mailing, _dutch = in_two_languages()

    compiling.compile_mailing(mailing)

    links = dict(Link.objects.filter(mailing=mailing.pk).values_list("number", "url"))
    assert links == {1: "https://example.org/en", 2: "https://example.org/nl"}


def test_the_online_version_speaks_the_language_of_the_message():
    mailing, _dutch = in_two_languages()
    lifecycle.start(mailing, by=an_author(), now=NOON)

    message = mailing.messages.get(address="cas@example.org")

    assert "Hallo Cas" in reading.online(mailing, message, now=NOON).text


def test_who_joins_later_gets_their_language_too():
    mailing, dutch = in_two_languages()
    lifecycle.start(mailing, by=an_author(), now=NOON)
    late = a_person(
        in_=mailing.sources.get().selection, email="eva@example.org", consents_to="newsletter", language="nl"
    )

    audience.add_people(mailing, [late.pk], now=NOON)

    assert who_gets(mailing)["eva@example.org"] == dutch.edition


def test_what_is_wrong_with_an_edition_is_said_with_its_language_and_stops_the_mailing():
    mailing, dutch = in_two_languages()
    Mailing.with_editions.filter(pk=dutch.pk).update(subject="", content=a_text("[[customer.typo]]"))

    found = [one for one in preflight.quick(mailing) if one.edition == dutch.pk and one.is_error]

    assert {one.code for one in found} == {"subject_missing", "content_mistake"}
    assert all(one.sentence.startswith("Nederlands: ") for one in found)
    with pytest.raises(lifecycle.CannotStart):
        lifecycle.start(mailing, by=an_author(), now=NOON)


def test_an_empty_value_is_counted_when_only_an_edition_asks_for_it():
    mailing, dutch = in_two_languages()
    Mailing.with_editions.filter(pk=dutch.pk).update(content=a_text("[[company.name]]"))

    assert preflight.recount(mailing, now=NOON).empty["company.name"] == 4


def test_an_edition_is_no_mailing_of_its_own():
    mailing, dutch = in_two_languages()

    assert not Mailing.objects.filter(pk=dutch.pk).exists()
    assert [row.mailing.pk for row in library.page(library.matching("")).rows] == [mailing.pk]


def test_a_language_stands_once():
    mailing, _dutch = in_two_languages()

    with pytest.raises(editions.CannotAdd):
        editions.add_language(mailing, "nl")
    with pytest.raises(editions.CannotAdd):
        editions.add_language(mailing, "en")
    with pytest.raises(editions.CannotAdd):
        editions.add_language(mailing, "xx")


def test_words_of_a_started_mailing_cannot_be_changed(client):
    mailing, dutch = in_two_languages()
    lifecycle.start(mailing, by=an_author(), now=NOON)
    client.force_login(an_author())

    answer = client.get(f"/mailings/{dutch.pk}/content/")

    assert answer.status_code == 302
    assert answer["Location"] == f"/mailings/{mailing.pk}/"


def test_a_copy_has_the_same_editions():
    mailing, _dutch = in_two_languages()
    lifecycle.start(mailing, by=an_author(), now=NOON)

    copy = library.duplicate(mailing, by=an_author())

    (dutch,) = editions.of(copy)
    assert (dutch.subject, dutch.edition_language, dutch.status) == ("Kom kijken", "nl", "draft")


def test_an_approved_override_is_for_the_words_of_all_editions():
    mailing, dutch = in_two_languages()
    before = overriding.fingerprint(mailing)

    Mailing.with_editions.filter(pk=dutch.pk).update(subject="Iets anders")

    assert overriding.fingerprint(mailing) != before


def test_the_report_tells_the_editions_apart_and_each_number_opens_its_people():
    mailing, dutch = in_two_languages()
    lifecycle.start(mailing, by=an_author(), now=NOON)
    mailing.messages.update(state="sent", sent_at=NOON)
    mailing.messages.filter(address="bob@example.org").update(opened_at=NOON + dt.timedelta(hours=1))

    breakdowns.count(mailing.pk, now=NOON)

    kept = {one.name: (one.sent, one.opened) for _number, one in breakdowns.of(mailing).editions}
    assert kept == {"English": (2, 0), "Nederlands": (2, 1)}
    opened = Slice.asked(mailing, {"edition": str(dutch.edition), "did": "opened"})
    assert [one.address for one in messages(opened)] == ["bob@example.org"]


def test_languages_are_added_written_and_taken_away_in_the_browser(client):
    mailing = a_mailing(to=a_selection())
    client.force_login(an_author())
    assert client.get(f"/mailings/{mailing.pk}/editions/").status_code == 200

    answer = client.post(f"/mailings/{mailing.pk}/editions/language/", {"language": "nl"})

    (dutch,) = editions.of(mailing)
    assert answer["Location"] == f"/mailings/{dutch.pk}/content/"
    page = client.get(answer["Location"]).content.decode()
    assert "Nederlands" in page
    assert f"/mailings/{mailing.pk}/recipients/" in page
    assert client.get(f"/mailings/{dutch.pk}/preview/").status_code == 200
    assert client.get(f"/mailings/{dutch.pk}/setup/").status_code == 404
    client.post(f"/mailings/{mailing.pk}/editions/remove/", {"edition": dutch.pk})
    assert editions.of(mailing) == []
