"""One mailing over several channels: who is not reached by the first gets the next, and everybody exactly one."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consent import suppressions
from consent.suppressions import Block
from mailings import again, audience, cascade, lifecycle, sources, statistics
from mailings.models import Mailing, Message
from recipients.models import Person, Selection
from tests.conftest import NOON
from tests.consent.factories import consents
from tests.mailings.factories import a_mailing, a_person, a_selection, a_subscription_type, a_text_account, an_author
from tests.mailings.letters.test_production import HELLO, HOME

pytestmark = pytest.mark.django_db
Type = Mailing.Type


@pytest.fixture(autouse=True)
def _a_postal_address(settings: Any) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Havenstraat 14, 3024 SC Rotterdam"


def some_people() -> Selection:
    """Ada has all three and agreed; Bob bounced at his address; Cleo has a telephone only; Dirk a house; Eve nothing."""
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter", mobile="+31612345601", **HOME)
    a_person("bob@example.org", in_=readers, consents_to="newsletter", mobile="+31612345602", **HOME)
    a_person("", in_=readers, first_name="Cleo", mobile="+31612345603")
    a_person("dirk@example.org", in_=readers, **HOME)
    a_person("", in_=readers, first_name="Eve")
    for number in ("+31612345601", "+31612345602", "+31612345603"):
        consents(number, channel="sms", of=a_subscription_type())
    suppressions.add_many(
        [Block(channel="email", address="bob@example.org", reason="hard_bounce")], actor="self", now=NOON
    )
    return readers


def a_family(**values: Any) -> tuple[Mailing, Mailing, Mailing]:
    """An e-mail, with a text message and a letter behind it, fit to be sent."""
    a_text_account()
    mailing = a_mailing(to=some_people(), **values)
    text = cascade.add(mailing, Type.SMS, by=an_author())
    letter = cascade.add(mailing, Type.DOCUMENT, by=an_author())
    Mailing.objects.filter(pk=text.pk).update(content={"text": "Come and see! Stop? Answer STOP"})
    Mailing.objects.filter(pk=letter.pk).update(
        content=HELLO, letter={"sender": "De Werkbank", "heading": "Dear reader"}
    )
    return mailing, Mailing.objects.get(pk=text.pk), Mailing.objects.get(pk=letter.pk)


def gets(mailing: Mailing) -> set[str]:
    return {m.person.first_name for m in mailing.messages.exclude(state="held").select_related("person") if m.person}


def would_get(mailing: Mailing) -> set[str]:
    asked = audience.Asked(show=audience.Show.GETS)
    return {one.name for one in audience.people(mailing, asked, now=NOON).recipients}


def test_everybody_gets_the_first_channel_that_reaches_them_and_only_that_one():
    mailing, text, letter = a_family()
    assert [would_get(one) for one in (mailing, text, letter)] == [{"Ada"}, {"Bob", "Cleo"}, {"Dirk"}]
    assert [audience.counts(one, now=NOON).gets for one in (mailing, text, letter)] == [1, 2, 1]

    lifecycle.start(mailing, by=an_author(), now=NOON)

    assert [gets(one) for one in (mailing, text, letter)] == [{"Ada"}, {"Bob", "Cleo"}, {"Dirk"}]
    text.refresh_from_db()
    letter.refresh_from_db()
    assert (text.status, letter.status) == ("sending", "sending")
    held = set(letter.messages.filter(state="held").values_list("person__first_name", "reason"))
    assert held == {("Eve", "no_postal_address")}


def test_another_channel_does_not_start_alone_and_is_not_planned_alone():
    _mailing, text, _letter = a_family()
    with pytest.raises(lifecycle.CannotStart, match="goes together with"):
        lifecycle.start(text, by=an_author(), now=NOON)


def test_a_mistake_in_one_channel_holds_all_of_them_and_is_named_with_its_channel():
    mailing, text, _letter = a_family()
    Mailing.objects.filter(pk=text.pk).update(content={"text": ""})
    with pytest.raises(lifecycle.CannotStart, match=r"^SMS: "):
        lifecycle.start(mailing, by=an_author(), now=NOON)
    assert not Message.objects.exists()


def test_undoing_the_first_undoes_the_others():
    mailing, text, letter = a_family()
    lifecycle.start(mailing, by=an_author(), now=NOON, hold=dt.timedelta(minutes=1))
    lifecycle.undo(mailing, by=an_author(), now=NOON)
    assert {Mailing.objects.get(pk=one.pk).status for one in (mailing, text, letter)} == {"draft"}
    assert not Message.objects.exists()


def test_a_channel_that_nobody_needs_stays_a_draft():
    mailing, _text, letter = a_family()
    mailing.sources.all().delete()
    ada = a_selection("Ada")
    ada.people.add(*Person.objects.filter(first_name="Ada"))
    sources.add(mailing, "selection", ada.pk)
    lifecycle.start(mailing, by=an_author(), now=NOON)
    letter.refresh_from_db()
    assert (letter.status, letter.frozen_at, letter.messages.count()) == ("draft", None, 0)


def test_who_bounced_gets_the_next_channel_when_that_is_sent_again():
    mailing, text, _letter = a_family()
    lifecycle.start(mailing, by=an_author(), now=NOON)
    mailing.messages.filter(person__first_name="Ada").update(state="sent", sent_at=NOON, bounced_at=NOON)
    text.refresh_from_db()
    again.to_unreached(text, by=an_author(), now=NOON)
    assert gets(text) == {"Ada", "Bob", "Cleo"}
    again_nobody = audience.add_unreached(Mailing.objects.get(pk=mailing.pk), now=NOON)
    assert again_nobody.gets == 0, "Ada has the text message now"


def test_sources_of_the_first_are_those_of_the_others():
    mailing, text, letter = a_family()
    more = a_selection("More")
    sources.add(mailing, "selection", more.pk)
    assert [one.sources.count() for one in (text, letter)] == [2, 2]
    sources.remove(mailing, mailing.sources.get(selection=more).pk)
    assert [one.sources.count() for one in (text, letter)] == [1, 1]


def test_each_channel_stands_behind_once_and_none_behind_another():
    mailing, text, _letter = a_family()
    for first, kind in (
        (mailing, Type.SMS),
        (mailing, Type.EMAIL),
        (text, Type.DOCUMENT),
        (mailing, "response"),
        (mailing, ""),
    ):
        with pytest.raises(cascade.CannotAdd):
            cascade.add(first, kind, by=an_author())


def test_the_pages_show_every_channel_with_its_people(client: Client):
    mailing, text, letter = a_family()
    client.force_login(an_author())
    page = client.get(reverse("mailings:recipients", args=[mailing.pk])).content.decode()
    assert reverse("mailings:content", args=[text.pk]) in page
    assert "reached by none" in client.get(reverse("mailings:confirm", args=[mailing.pk])).content.decode()
    assert (
        client.post(reverse("mailings:source_add", args=[text.pk]), {"kind": "selection", "number": "1"}).status_code
        == 404
    )

    lifecycle.start(mailing, by=an_author(), now=NOON)
    for one in (mailing, text, letter):
        statistics.refresh(one, now=NOON)
    report = client.get(reverse("mailings:summary", args=[mailing.pk])).content.decode()
    assert "By channel" in report
    assert reverse("mailings:detail", args=[letter.pk]) in report
    assert [(one.gets, one.held) for one in cascade.shares(mailing)] == [(1, 4), (2, 2), (1, 1)]


def test_a_channel_is_put_behind_and_taken_away_by_clicking(client: Client):
    mailing = a_mailing(to=a_selection())
    client.force_login(an_author())
    answer = client.post(reverse("mailings:channel_add", args=[mailing.pk]), {"kind": "sms"}, follow=True)
    assert "Behind" in answer.content.decode()
    (text,) = cascade.companions(mailing)
    client.post(reverse("mailings:channel_remove", args=[mailing.pk]), {"number": text.pk})
    assert not Mailing.objects.filter(pk=text.pk).exists()
