"""The pages of text messages, and what a provider tells them."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from consent import gate
from consent.models import Suppression
from demo.twilio import Twilio
from mailings import accounts, audience, handling, incoming, statistics
from mailings.models import Handling, Mailing, Message, SendingAccount, TextPrice, TextReply
from tests.conftest import NOON
from tests.consent.factories import a_subscription_type
from tests.mailings.factories import a_mobile, a_selection, a_text, a_text_account, an_author
from tests.mailings.test_texts import sent
from tracking import tokens
from tracking.models import Event, SoftBounce

pytestmark = pytest.mark.django_db


@pytest.fixture
def author(client: Client) -> User:
    author = an_author()
    client.force_login(author)
    return author


@pytest.fixture
def twilio() -> Iterator[Twilio]:
    with Twilio(tells=False) as twilio:
        yield twilio


def a_ready_text(text: str = "Hi [[customer.firstname|friend]]. Stop? Answer STOP") -> Mailing:
    readers = a_selection()
    a_mobile("+31612345678", in_=readers, first_name="Zoë")
    a_text_account()
    return a_text(text, to=readers)


STEPS = ("setup", "content", "recipients", "confirm", "text_survey", "test", "preview", "preview_people")
AFTER = ("detail", "summary", "messages", "links", "bounces", "breakdown", "as_sent", "text_survey", "text_cost")


@pytest.mark.usefixtures("author")
@pytest.mark.parametrize("page", STEPS)
def test_every_step_of_a_text_message_has_its_page(client: Client, page: str) -> None:
    mailing = a_ready_text()

    answer = client.get(f"/mailings/{mailing.pk}/{ADDRESSES.get(page, page)}/")

    assert answer.status_code == 200


ADDRESSES = {"text_survey": "texts", "preview_people": "preview/people", "text_cost": "cost", "breakdown": "reports", "as_sent": "as-sent", "detail": ""}  # fmt: skip


@pytest.mark.usefixtures("author")
@pytest.mark.parametrize("page", AFTER)
def test_every_page_of_a_text_message_that_was_sent(client: Client, twilio: Twilio, page: str) -> None:
    readers = a_selection()
    a_mobile("+31612345678", in_=readers, first_name="Zoë")
    mailing = sent(a_text(to=readers), twilio)
    statistics.refresh(mailing, now=NOON)

    answer = client.get(f"/mailings/{mailing.pk}/{ADDRESSES.get(page, page)}/".replace("//", "/"))

    assert answer.status_code == 200


@pytest.mark.usefixtures("author")
def test_writing_is_saved_and_counted_at_once(client: Client) -> None:
    mailing = a_ready_text()

    answer = client.post(f"/mailings/{mailing.pk}/content/", {"text": "Bel ons: één keer… Stop? STOP", "version": 0, "as": ""}, headers={"HX-Request": "true"})  # fmt: skip

    mailing.refresh_from_db()
    said = answer.content.decode()
    assert mailing.content["text"] == "Bel ons: één keer… Stop? STOP"
    assert "UCS-2" in said
    assert "…" in said
    assert 'name="version" value="1"' in said


@pytest.mark.usefixtures("author")
def test_one_click_writes_the_dear_characters_plainly(client: Client) -> None:
    mailing = a_ready_text()

    client.post(f"/mailings/{mailing.pk}/content/", {"text": "“Één” – ok…", "version": 0, "do": "plain"})

    mailing.refresh_from_db()
    assert mailing.content["text"] == '"Één" - ok...'


@pytest.mark.usefixtures("author")
def test_two_windows_do_not_overwrite_each_other(client: Client) -> None:
    mailing = a_ready_text()
    client.post(f"/mailings/{mailing.pk}/content/", {"text": "One", "version": 0})

    answer = client.post(
        f"/mailings/{mailing.pk}/content/", {"text": "Two", "version": 0}, headers={"HX-Request": "true"}
    )

    mailing.refresh_from_db()
    assert (answer.status_code, mailing.content["text"]) == (409, "One")


@pytest.mark.usefixtures("author")
def test_a_test_goes_to_a_number_and_its_links_count_for_nobody(client: Client, twilio: Twilio) -> None:
    mailing = a_text("Come: https://example.org/x [[link.unsubscribe]]", to=a_selection())
    a_text_account(**twilio.options())

    answer = client.post(f"/mailings/{mailing.pk}/test/", {"to": "06 12345678; nonsense"})
    assert "nonsense" in answer.content.decode()
    answer = client.post(f"/mailings/{mailing.pk}/test/", {"to": "06 12345678"})

    assert "On its way" in answer.content.decode()
    (text,) = twilio.taken
    assert text.to == "+31612345678"
    assert tokens.read_short(text.body.split("/s/")[1][:16]) == (mailing.pk, tokens.TEST, 1)


@pytest.mark.usefixtures("author")
def test_the_price_list_is_kept_by_who_sets_the_rules(client: Client) -> None:
    client.post("/settings/texts/", {"country": "nl", "price": "0.0780"})
    client.post("/settings/texts/", {"country": "NL", "price": "0.0800"})
    refused = client.post("/settings/texts/", {"country": "XX", "price": "0.1"})

    assert [(one.country, str(one.price)) for one in TextPrice.objects.all()] == [("NL", "0.0800")]
    assert refused.status_code == 422


@pytest.mark.usefixtures("author")
def test_an_account_for_text_messages_is_made_in_the_browser(client: Client) -> None:
    given = {
        "name": "Texts",
        "option_user": "AC1",
        "option_sender": "+31 97 0100",
        "secret": "key",
        "is_active": "on",
        "warm_up_growth": "1.5",
    }
    wrong = client.post("/settings/accounts/new/?kind=twilio", given | {"option_sender": "A name that is long"})

    client.post("/settings/accounts/new/?kind=twilio", given)

    account = SendingAccount.objects.get()
    assert wrong.status_code == 422
    assert account.options["sender"] == "+31970100"
    page = client.get(f"/settings/accounts/{account.pk}/").content.decode()
    assert f"/hooks/texts/{account.pk}/reply/" in page


# what Twilio tells --------------------------------------------------------------------------------------------------------


def told(client: Client, twilio: Twilio, path: str, values: dict[str, str], *, signature: str | None = None) -> int:
    signed = twilio.signature(settings.BASE_URL + path, values) if signature is None else signature
    return client.post(path, values, headers={"X-Twilio-Signature": signed}).status_code


def a_sent_text(twilio: Twilio, number: str = "+31612345678") -> tuple[Mailing, Message, str]:
    readers = a_selection()
    a_mobile(number, in_=readers, first_name="Hanna")
    mailing = sent(a_text(to=readers), twilio)
    path = twilio.taken[0].callback.removeprefix(settings.BASE_URL)
    return mailing, Message.objects.get(mailing=mailing), path


def test_a_signed_report_says_that_it_arrived_however_often_and_late_it_comes(client: Client, twilio: Twilio) -> None:
    mailing, message, path = a_sent_text(twilio)
    sid = twilio.taken[0].sid

    for state in ("delivered", "sent", "delivered", "queued"):
        assert told(client, twilio, path, {"MessageSid": sid, "MessageStatus": state}) == 204
    statistics.fold(now=NOON + dt.timedelta(minutes=1))

    message.refresh_from_db()
    assert message.delivered_at is not None
    assert Event.objects.filter(mailing=mailing.pk).count() == 1
    assert statistics.refresh(mailing, now=NOON).delivered == 1


@pytest.mark.parametrize(("code", "category", "blocks"), [("30005", "dead_address", ["hard_bounce"]), ("30003", "transient", []), ("30007", "block_sender", [])])  # fmt: skip
def test_a_report_of_failure_blocks_the_number_only_when_it_is_the_number(
    client: Client, twilio: Twilio, code: str, category: str, blocks: list[str]
) -> None:
    _mailing, message, path = a_sent_text(twilio)

    told(client, twilio, path, {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": code})
    statistics.fold(now=NOON + dt.timedelta(minutes=1))

    message.refresh_from_db()
    assert message.reason == category
    assert list(Suppression.objects.filter(channel="sms").values_list("reason", flat=True)) == blocks


def test_a_report_settles_what_was_unknown(client: Client, twilio: Twilio) -> None:
    _mailing, message, path = a_sent_text(twilio, "+31612300499")
    assert message.state == "unknown"

    told(client, twilio, path, {"MessageSid": "SM1", "MessageStatus": "delivered"})
    statistics.fold(now=NOON + dt.timedelta(minutes=1))

    message.refresh_from_db()
    assert message.state == "sent"


@pytest.mark.parametrize("signature", ["", "bm9uc2Vuc2U=", "\u0161"])
def test_a_forged_report_changes_nothing(client: Client, twilio: Twilio, signature: str) -> None:
    _mailing, _message, path = a_sent_text(twilio)

    assert told(client, twilio, path, {"MessageSid": "SM1", "MessageStatus": "delivered"}, signature=signature) == 403
    assert told(client, twilio, path.partition("?")[0] + "?m=b%2B00", {"MessageSid": "SM1", "MessageStatus": "delivered"}) == 404  # fmt: skip
    assert not Event.objects.exists()


def answered(client: Client, twilio: Twilio, body: str, *, sid: str = "SM9", **more: str) -> str:
    account = SendingAccount.objects.get()
    values = {"MessageSid": sid, "From": "+31612345678", "To": "+3197010000000", "Body": body, **more}
    path = accounts.replies_path(account)
    answer = client.post(
        path, values, headers={"X-Twilio-Signature": twilio.signature(settings.BASE_URL + path, values)}
    )
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("word", ["STOP", "afmelden aub", "Kunt u mij uitschrijven?", "stop please", "Opt out", "Arrêt", "Meld af!", "quit"])  # fmt: skip
def test_stop_in_a_short_answer_ends_all_text_messages(client: Client, twilio: Twilio, word: str) -> None:
    a_sent_text(twilio)

    said = answered(client, twilio, word)

    block = Suppression.objects.get(channel="sms", address="+31612345678")
    assert (block.reason, block.subscription_type, block.released_at) == ("unsubscribed", None, None)
    assert "<Message>" in said
    assert TextReply.objects.get().meaning == "stop"


@pytest.mark.parametrize("words", ["Thanks, see you at the end of the week", "I will not stop telling everybody about how good it was", "", "ok"])  # fmt: skip
def test_any_other_answer_is_kept_and_ends_nothing(client: Client, twilio: Twilio, words: str) -> None:
    _mailing, message, _path = a_sent_text(twilio)

    said = answered(client, twilio, words)

    kept = TextReply.objects.get()
    assert (kept.body, kept.meaning, kept.person_id, kept.message) == (words, "", message.person_id, message.pk)
    assert not Suppression.objects.exists()
    assert "<Message>" not in said


def test_start_takes_stop_back_and_told_twice_it_is_done_once(client: Client, twilio: Twilio) -> None:
    a_sent_text(twilio)
    answered(client, twilio, "stop", sid="SM1")
    answered(client, twilio, "START", sid="SM2")

    answered(client, twilio, "stop", sid="SM1")

    assert not Suppression.objects.filter(released_at=None).exists()
    assert TextReply.objects.count() == 2


def test_help_names_the_house_and_where_twilio_answered_nothing_is_said_twice(client: Client, twilio: Twilio) -> None:
    a_sent_text(twilio)

    assert settings.SENDER_NAME in answered(client, twilio, "HELP", sid="SM1")
    assert "<Message>" not in answered(client, twilio, "stop", sid="SM2", OptOutType="STOP")


def test_a_forged_answer_is_not_kept(client: Client, twilio: Twilio) -> None:
    a_sent_text(twilio)
    path = accounts.replies_path(SendingAccount.objects.get())

    answer = client.post(path, {"MessageSid": "SM1", "From": "+31612345678", "Body": "STOP"})

    assert answer.status_code == 403
    assert not TextReply.objects.exists()


# the short links ----------------------------------------------------------------------------------------------------------


def test_the_short_link_leads_to_the_page_to_unsubscribe_and_a_press_leaves(client: Client, twilio: Twilio) -> None:
    mailing, message, _path = a_sent_text(twilio)
    token = tokens.short_maker()(mailing.pk, message.pk, 0)

    page = client.get(f"/s/{token}", follow=True)
    assert page.status_code == 200
    assert not Suppression.objects.exists()
    client.post(page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"], {"action": "leave"})

    block = Suppression.objects.get()
    assert (block.channel, block.address, block.reason) == ("sms", "+31612345678", "unsubscribed")


@pytest.mark.parametrize("token", ["x" * 16, "0" * 16, "short", "A" * 15, "z" * 16])
def test_a_guessed_short_link_leads_nowhere(client: Client, token: str) -> None:
    assert client.get(f"/s/{token}").status_code == 404


@pytest.mark.usefixtures("author")
def test_replies_have_a_page(client: Client, twilio: Twilio) -> None:
    a_sent_text(twilio)
    answered(client, twilio, "Tot morgen!")

    assert "Tot morgen!" in client.get("/replies/").content.decode()


# strangers' bytes ---------------------------------------------------------------------------------------------------------


@given(st.text(max_size=300))
def test_whatever_somebody_answers_has_a_meaning(text: str) -> None:
    assert incoming.meaning(text) in TextReply.Meaning.values


@settings_of(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.sampled_from(["MessageSid", "MessageStatus", "From", "To", "Body", "ErrorCode", "OptOutType", "Other"]), st.text(max_size=80)))  # fmt: skip
def test_whatever_a_provider_signs_is_taken_or_refused_and_never_breaks(client: Client, values: dict[str, str]) -> None:
    account = SendingAccount.objects.first() or a_text_account()
    twilio = Twilio()
    token = quote(tokens.make("bounce", 1, 1))
    for path in (accounts.replies_path(account), f"{accounts.status_path(account)}?m={token}"):
        signature = twilio.signature(settings.BASE_URL + path, values)
        assert client.post(path, values, headers={"X-Twilio-Signature": signature}).status_code in (200, 204, 403)


@pytest.mark.usefixtures("author")
def test_a_number_that_came_back_can_be_cleared_and_that_undone(client: Client, twilio: Twilio) -> None:
    _mailing, message, path = a_sent_text(twilio)
    told(client, twilio, path, {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005"})
    statistics.fold(now=NOON + dt.timedelta(minutes=1))

    assert "person&#x27;s card" in client.get(f"/bounces/{message.pk}/").content.decode()
    handling.clear(message, by=an_author(), now=NOON + dt.timedelta(minutes=2))
    assert not Suppression.objects.filter(released_at=None).exists()
    handling.undo(Handling.objects.get(), now=NOON + dt.timedelta(minutes=3))

    block = Suppression.objects.get(released_at=None)
    assert (block.channel, block.address, block.reason) == ("sms", "+31612345678", "hard_bounce")


def test_a_number_that_is_never_reached_is_left_alone_for_a_while(client: Client, twilio: Twilio) -> None:
    for number in range(5):
        mailing, message, _path = a_sent_text(twilio, f"+3161234560{number}")
        Message.objects.filter(pk=message.pk).update(address="+31612345678")
        at = NOON + dt.timedelta(days=5 * number)
        Message.objects.filter(pk=message.pk).update(sent_at=at)
        token = tokens.make("bounce", mailing.pk, message.pk)
        incoming.status(
            {"MessageSid": f"SM{number}", "MessageStatus": "undelivered", "ErrorCode": "30003"}, token, now=at
        )
        statistics.fold(now=at + dt.timedelta(minutes=1))

    assert SoftBounce.objects.filter(channel="sms", address="+31612345678").count() == 5
    assert list(Suppression.objects.values_list("channel", "reason")) == [("sms", "soft_bounces")]


@pytest.mark.usefixtures("author")
def test_the_consent_of_a_number_is_explained_and_written_down_like_that_of_an_address(client: Client) -> None:
    staff = User.objects.get()
    staff.user_permissions.add(*Permission.objects.filter(codename="add_consentevent"))
    a_mobile("+31612345678", agrees=False)
    of_type = a_subscription_type()

    page = client.get("/consent/address/?address=%2B31%206%2012345678").content.decode()
    assert "May I text this person?" in page
    given = {"address": "+31 6 12345678", "subscription_type": of_type.pk, "source": "newsletter_signup", "evidence_on": "2026-03-03", "evidence_form": "Counter", "evidence_wording": "Text me"}  # fmt: skip
    client.post("/consent/record/", given)

    assert gate.recheck("sms", of_type.pk, ["+31612345678"], at=NOON) == {}


@pytest.mark.usefixtures("author")
def test_a_persons_time_line_shows_the_text_and_their_answer(client: Client, twilio: Twilio) -> None:
    staff = User.objects.get()
    staff.user_permissions.add(*Permission.objects.filter(content_type__app_label="recipients"))
    _mailing, message, _path = a_sent_text(twilio)
    answered(client, twilio, "Tot morgen!")

    page = client.get(f"/people/{message.person_id}/").content.decode()
    assert "May I text this person?" in page
    shown = client.get(reverse("recipients:person_history", args=[message.person_id])).content.decode()
    assert "Tot morgen!" in shown
    assert "Was sent Open day" in shown


@pytest.mark.usefixtures("author")
def test_who_did_not_click_can_be_followed_up_with_another_text(client: Client, twilio: Twilio) -> None:
    mailing, _message, path = a_sent_text(twilio)
    told(client, twilio, path, {"MessageSid": "SM1", "MessageStatus": "delivered"})
    statistics.fold(now=NOON + dt.timedelta(minutes=1))

    listed = client.get(f"/mailings/{mailing.pk}/messages/?did=not_clicked").content.decode()
    assert "+31612345678" in listed
    client.post(f"/mailings/{mailing.pk}/follow-up/draft/?did=not_clicked")

    draft = Mailing.objects.get(status=Mailing.Status.DRAFT)
    assert (draft.type, draft.content["text"]) == (mailing.type, mailing.content["text"])
    assert [one.address for one in audience.people(draft, audience.Asked(), now=NOON).recipients] == ["+31612345678"]
