"""Text messages from what somebody writes to what a telephone shows, over a Twilio on loopback behind the real client."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import phonenumbers
import pytest
from pytest_django.fixtures import Settings

from consent import suppressions
from consent.models import SuppressionReason
from demo.twilio import Twilio
from mailings import accounts, audience, content, lifecycle, lookups, preflight, texts
from mailings.delivery import worker
from mailings.models import Chunk, Mailing, Message, SendingAccount, SendingPolicy, Tally, TextPrice
from recipients import phones
from recipients.models import Person
from tests.conftest import NOON
from tests.mailings.factories import a_mobile, a_selection, a_text, a_text_account, an_author
from tracking import tokens
from tracking.models import Event, Link

pytestmark = pytest.mark.django_db

EVENING = dt.datetime(2026, 11, 16, 20, 30, tzinfo=dt.UTC)  # half past nine in Amsterdam


@pytest.fixture(autouse=True)
def _own_ground(settings: Settings, tmp_path: Path) -> None:
    settings.JOURNAL_DIR = tmp_path
    settings.DELIVERY_TURN = 600


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    with Twilio(tells=False) as twilio:
        yield twilio


def sent(mailing: Mailing, twilio: Twilio, *, at: dt.datetime = NOON, timeout: float = 20) -> Mailing:
    account = a_text_account(**twilio.options())
    lifecycle.start(mailing, by=an_author(), now=at)
    channel = accounts.channel(account)
    channel.post.timeout = timeout  # type: ignore[attr-defined]
    for chunk in Chunk.objects.filter(mailing=mailing).values_list("pk", flat=True):
        worker.work(chunk, channel=channel, clock=lambda: at)
    channel.close()
    return mailing


def states(mailing: Mailing) -> dict[str, tuple[str, str]]:
    rows = Message.objects.filter(mailing=mailing).select_related("person")
    return {str(row.person.first_name): (row.state, row.reason) for row in rows if row.person}


def test_everybody_gets_the_text_in_their_own_words_with_short_links_of_their_own(twilio: Twilio) -> None:
    readers = a_selection()
    a_mobile("+31612345678", in_=readers, first_name="Hanna")
    a_mobile("+31687654321", in_=readers, first_name="")

    mailing = sent(a_text("Hi [[customer.firstname|friend]]: https://example.org/open-day. [[link.unsubscribe]]", to=readers), twilio)  # fmt: skip

    told = {text.to: text for text in twilio.taken}
    assert told["+31612345678"].body.startswith("Hi Hanna: http://localhost:8000/s/")
    assert told["+31687654321"].body.startswith("Hi friend: ")
    assert told["+31612345678"].sender == "+3197010000000"
    token = told["+31612345678"].body.split("/s/")[1][:16]
    message = Message.objects.get(mailing=mailing, address="+31612345678")
    assert tokens.read_short(token) == (mailing.pk, message.pk, 1)
    assert list(Link.objects.filter(mailing=mailing.pk).values_list("url", flat=True)) == [
        "https://example.org/open-day"
    ]
    assert {message.state for message in mailing.messages.all()} == {"sent"}


def test_the_gate_asks_for_consent_to_text_messages_not_to_mail(twilio: Twilio) -> None:
    readers = a_selection()
    a_mobile("+31612345678", in_=readers, first_name="Hanna")
    a_mobile("+31687654321", in_=readers, first_name="Bob", agrees=False)
    a_mobile("+31611111111", in_=readers, first_name="Stan")
    readers.people.add(Person.objects.create(first_name="Carl"))
    suppressions.add("sms", "+31611111111", SuppressionReason.UNSUBSCRIBED, evidence={}, actor="self", now=NOON)

    mailing = sent(a_text(to=readers), twilio)

    assert states(mailing) == {
        "Hanna": ("sent", ""),
        "Bob": ("held", "no_consent"),
        "Stan": ("held", "unsubscribed"),
        "Carl": ("held", "no_mobile"),
    }
    assert [text.to for text in twilio.taken] == ["+31612345678"]


@pytest.mark.parametrize(
    ("ends_on", "state", "reason"),
    [
        ("21211", "failed", "dead_address"),
        ("21610", "failed", "opted_out"),
        ("21408", "failed", "config"),
        ("00429", "deferred", "temporary"),
        ("00500", "unknown", "no_answer"),
        ("00499", "unknown", "no_answer"),
    ],
)
def test_what_twilio_answers_becomes_a_state_and_a_reason(
    twilio: Twilio, ends_on: str, state: str, reason: str
) -> None:
    readers = a_selection()
    a_mobile(f"+3161{ends_on}00"[:7] + ends_on, in_=readers, first_name="Hanna")

    mailing = sent(a_text(to=readers), twilio)

    assert states(mailing) == {"Hanna": (state, reason)}


def test_a_text_that_was_taken_while_the_answer_never_came_is_unknown_and_sent_once(twilio: Twilio) -> None:
    readers = a_selection()
    a_mobile("+31612300408", in_=readers, first_name="Hanna")

    mailing = sent(a_text(to=readers), twilio, timeout=0.5)

    assert states(mailing) == {"Hanna": ("unknown", "no_answer")}
    assert len(twilio.taken) == 1


def test_a_landline_is_not_tried(twilio: Twilio) -> None:
    readers = a_selection()
    a_mobile("+31201234567", in_=readers, first_name="Hanna")

    mailing = sent(a_text(to=readers), twilio)

    assert states(mailing) == {"Hanna": ("failed", "not_mobile")}
    assert twilio.taken == []


def test_marketing_keeps_the_quiet_hours_of_whoever_gets_it(twilio: Twilio) -> None:
    readers = a_selection()
    a_mobile("+31612345678", in_=readers, first_name="Hanna")
    a_mobile("+12025550123", in_=readers, first_name="Grace", country="US")

    mailing = sent(a_text(to=readers), twilio, at=EVENING)

    assert states(mailing)["Hanna"] == ("pending", "")
    assert Message.objects.get(mailing=mailing, address="+31612345678").not_before == dt.datetime(
        2026, 11, 17, 8, tzinfo=dt.UTC
    )


def test_what_is_no_marketing_goes_at_any_hour(twilio: Twilio) -> None:
    readers = a_selection()
    a_mobile("+31612345678", in_=readers, first_name="Hanna", agrees=False)

    mailing = sent(a_text("Your order is ready", to=readers, message_class="transactional"), twilio, at=EVENING)

    assert states(mailing) == {"Hanna": ("sent", "")}


def test_a_survey_counts_the_parts_and_the_price_of_everybody() -> None:
    readers = a_selection()
    a_mobile("+31612345678", in_=readers, first_name="Hanna")
    a_mobile("+31687654321", in_=readers, first_name="Zoë")
    a_mobile("+32470123456", in_=readers, first_name="Luc")
    TextPrice.objects.create(country="NL", price=Decimal("0.08"))
    text = "[[customer.firstname]] " + "a" * 80

    found = texts.survey(a_text(text, to=readers), now=NOON)

    assert (found.people, found.segments, found.unicode, found.most) == (3, 4, 1, 2)
    assert found.longest == Person.objects.get(first_name="Zoë").pk
    assert found.cost == Decimal("0.24")
    assert [one.country for one in found.unpriced] == ["BE"]


def test_names_too_can_be_written_in_plain_letters() -> None:
    readers = a_selection()
    a_mobile("+31687654321", in_=readers, first_name="Zoë")
    text = "[[customer.firstname]] " + "a" * 80

    found = texts.survey(a_text(text, to=readers, content={"plain": True}), now=NOON)

    assert (found.segments, found.unicode) == (1, 0)


def test_two_people_do_not_overwrite_each_other() -> None:
    mailing = a_text(to=a_selection())
    other = Mailing.objects.get(pk=mailing.pk)
    texts.save(mailing, "One\r\n", plain=False, version=0, window="", now=NOON)

    with pytest.raises(content.Changed):
        texts.save(other, "Two", plain=False, version=0, window="", now=NOON)

    mailing.refresh_from_db()
    assert texts.text_of(mailing) == "One"


def test_one_window_does_not_refuse_itself() -> None:
    mailing = a_text(to=a_selection())
    texts.save(mailing, "One", plain=False, version=0, window="a", now=NOON)

    texts.save(mailing, "One two", plain=False, version=0, window="a", now=NOON)
    with pytest.raises(content.Changed):
        texts.save(mailing, "Other", plain=False, version=0, window="b", now=NOON)

    assert texts.text_of(mailing) == "One two"


@pytest.mark.parametrize(
    ("sender", "text", "codes"),
    [
        ("+3197010000000", "Come and see", {"no_way_out"}),
        ("+3197010000000", "Come and see. Stop? Answer STOP", set()),
        ("Werkbank", "Come and see. Stop? Answer STOP", {"no_way_out"}),
        ("Werkbank", "Come and see. [[link.unsubscribe]]", set()),
        ("+3197010000000", "Hi [[customer.nobody]] STOP", {"text_mistake"}),
        ("+3197010000000", "", {"content_missing"}),
    ],
)
def test_the_check_asks_for_a_way_out_that_works_from_this_sender(sender: str, text: str, codes: set[str]) -> None:
    readers = a_selection()
    a_mobile("+31612345678", in_=readers)
    a_text_account(sender)

    found = preflight.check(a_text(text, to=readers), now=NOON)

    assert {finding.code for finding in found if finding.is_error} == codes


def test_without_an_account_for_text_messages_nothing_goes() -> None:
    readers = a_selection()
    a_mobile("+31612345678", in_=readers)

    found = preflight.check(a_text(to=readers), now=NOON)

    assert "account_missing" in {finding.code for finding in found if finding.is_error}


def test_quiet_hours_can_be_turned_off(twilio: Twilio) -> None:
    SendingPolicy.objects.create(pk=1, texts_from=dt.time(0), texts_until=dt.time(0))
    readers = a_selection()
    a_mobile("+31612345678", in_=readers, first_name="Hanna")

    mailing = sent(a_text(to=readers), twilio, at=EVENING)

    assert states(mailing) == {"Hanna": ("sent", "")}


def test_the_audience_of_a_text_is_paged_by_the_number_of_each() -> None:
    readers = a_selection()
    a_mobile("+31612345678", in_=readers, first_name="Hanna")
    a_mobile("+31612345678", in_=readers, first_name="Her brother", agrees=False)

    page = audience.people(a_text(to=readers), audience.Asked(), now=NOON)

    assert [(one.name, one.address, one.reason) for one in page.recipients] == [
        ("Hanna", "+31612345678", ""),
        ("Her brother", "+31612345678", "duplicate"),
    ]
    assert not Event.objects.exists()


# what became of those whose answer never came -----------------------------------------------------------------------------


def test_what_twilio_has_after_all_was_sent_and_is_not_sent_again(twilio: Twilio) -> None:
    readers = a_selection()
    a_mobile("+31612300499", in_=readers, first_name="Hanna")
    a_mobile("+31612300500", in_=readers, first_name="Bob")
    mailing = sent(a_text("Hi [[customer.firstname]] https://example.org/x STOP", to=readers), twilio)
    assert states(mailing) == {"Hanna": ("unknown", "no_answer"), "Bob": ("unknown", "no_answer")}

    lookups.look_up(now=NOON + dt.timedelta(minutes=2))

    assert states(mailing) == {"Hanna": ("sent", ""), "Bob": ("unknown", "no_answer")}
    assert [text.to for text in twilio.taken] == ["+31612300499"]


def test_what_twilio_knows_nothing_of_an_hour_later_has_failed(twilio: Twilio) -> None:
    readers = a_selection()
    a_mobile("+31612300500", in_=readers, first_name="Bob")
    mailing = sent(a_text(to=readers), twilio)

    lookups.look_up(now=NOON + dt.timedelta(hours=2))
    lookups.look_up(now=NOON + dt.timedelta(hours=2))

    assert states(mailing) == {"Bob": ("failed", "never_arrived")}
    totals = [
        sum(getattr(one, name) for one in Tally.objects.filter(mailing=mailing)) for name in ("unknown", "failed")
    ]
    assert totals == [0, 1]


def test_while_twilio_is_away_nobody_knows_more(twilio: Twilio) -> None:
    readers = a_selection()
    a_mobile("+31612300500", in_=readers, first_name="Bob")
    mailing = sent(a_text(to=readers), twilio)
    SendingAccount.objects.update(options={"user": "AC0", "sender": "+3197010000000", "api_url": "http://127.0.0.1:9"})

    assert lookups.look_up(now=NOON + dt.timedelta(hours=2)) == 0

    assert states(mailing) == {"Bob": ("unknown", "no_answer")}


def test_without_twilio_the_mailing_waits_and_nothing_is_lost() -> None:
    readers = a_selection()
    a_mobile("+31612345678", in_=readers, first_name="Hanna")
    account = a_text_account(api_url="http://127.0.0.1:9")
    mailing = a_text(to=readers, account=account)
    lifecycle.start(mailing, by=an_author(), now=NOON)
    channel = accounts.channel(account)

    for chunk in Chunk.objects.filter(mailing=mailing).values_list("pk", flat=True):
        worker.work(chunk, channel=channel, clock=lambda: NOON)

    assert states(mailing) == {"Hanna": ("pending", "")}


COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)


def test_the_example_numbers_of_every_country_can_be_priced_and_told_from_landlines() -> None:
    kinds = phonenumbers.PhoneNumberType
    for region in COUNTRIES:
        for kind, takes in ((kinds.MOBILE, True), (kinds.PREMIUM_RATE, False)):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            assert phones.takes_texts(number) is takes, (region, number)
            assert len(phones.country(number)) == 2, (region, number)
