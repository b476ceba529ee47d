"""Sending without consent: two people, a reason, a report, and never past what is final."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from consent import suppressions
from mailings import audience, lifecycle, overriding
from mailings.delivery import writing
from mailings.models import Happening, Mailing, Message, Override
from tests.conftest import NOON
from tests.mailings.factories import a_mailing, a_person, a_selection, an_author

RECALL = "A recall: the saw can start by itself."
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _with_address(settings: Settings) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Kade 4, 3011 Rotterdam"


def an_overrider(email: str = "second@example.org") -> User:
    return an_author(email)


def a_recall() -> Mailing:
    """To one who agreed, one who did not, one who left this type, one who left everything, one who complained."""
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    a_person("bob@example.org", in_=readers)
    a_person("left@example.org", in_=readers, consents_to="newsletter")
    a_person("gone@example.org", in_=readers, consents_to="newsletter")
    a_person("angry@example.org", in_=readers, consents_to="newsletter")
    mailing = a_mailing(to=readers)
    for address, reason, of in (
        ("left@example.org", "unsubscribed", mailing.subscription_type),
        ("gone@example.org", "unsubscribed", None),
        ("angry@example.org", "complained", None),
    ):
        suppressions.add("email", address, reason, subscription_type=of, evidence={}, actor="self", now=NOON)
    return mailing


def approved(mailing: Mailing) -> Override:
    override = overriding.ask(mailing, RECALL, by=an_overrider("first@example.org"), now=NOON)
    overriding.approve(override, by=an_overrider(), now=NOON)
    return override


def outcomes(mailing: Mailing) -> dict[str, tuple[str, str, str]]:
    found = Message.objects.filter(mailing=mailing).order_by("pk")
    return {row.address: (row.state, row.reason, row.waived) for row in found}


def test_an_approved_override_reaches_people_without_consent_and_says_what_it_passed_over() -> None:
    mailing = a_recall()
    approved(mailing)

    lifecycle.start(mailing, by=an_overrider(), now=NOON)

    assert outcomes(mailing) == {
        "ada@example.org": ("pending", "", ""),
        "bob@example.org": ("pending", "", "no_consent"),
        "left@example.org": ("pending", "", "unsubscribed"),
        "gone@example.org": ("held", "unsubscribed", ""),
        "angry@example.org": ("held", "complained", ""),
    }
    assert overriding.report(mailing).people == 2


def test_the_gate_honours_it_again_at_hand_over() -> None:
    mailing = a_recall()
    approved(mailing)
    lifecycle.start(mailing, by=an_overrider(), now=NOON)

    letter = writing.letter_of(mailing.pk, mailing.frozen_at)

    assert letter.override


def test_nobody_approves_what_they_asked_for_themselves() -> None:
    first = an_overrider("first@example.org")
    override = overriding.ask(a_recall(), RECALL, by=first, now=NOON)

    with pytest.raises(overriding.CannotOverride, match="second person"):
        overriding.approve(override, by=first, now=NOON)

    assert not overriding.stands(override.mailing)


def test_without_the_right_nobody_asks_or_approves() -> None:
    anybody = User.objects.create(username="anybody")
    override = overriding.ask(a_recall(), RECALL, by=an_overrider("first@example.org"), now=NOON)

    for act in (
        lambda: overriding.ask(override.mailing, RECALL, by=anybody, now=NOON),
        lambda: overriding.approve(override, by=anybody, now=NOON),
        lambda: overriding.refuse(override, "", by=anybody, now=NOON),
        lambda: overriding.withdraw(override, by=anybody, now=NOON),
    ):
        with pytest.raises(overriding.CannotOverride, match="right"):
            act()


def test_an_approval_is_for_these_words_to_these_people() -> None:
    mailing = a_recall()
    approved(mailing)

    mailing.subject = "And by the way: 20 % off"
    mailing.save()

    assert not overriding.stands(mailing)
    assert audience.counts(mailing, now=NOON).held_by["no_consent"] == 1
    again = overriding.ask(mailing, RECALL, by=an_overrider("first@example.org"), now=NOON)
    assert again.state == "asked"


@pytest.mark.parametrize("reason", ["", "   ", "because"])
def test_a_reason_is_a_sentence(reason: str) -> None:
    with pytest.raises(overriding.CannotOverride, match="Say why"):
        overriding.ask(a_recall(), reason, by=an_overrider(), now=NOON)


def test_asked_twice_is_told_and_a_decision_counts_once() -> None:
    mailing, first, second = a_recall(), an_overrider("first@example.org"), an_overrider()
    override = overriding.ask(mailing, RECALL, by=first, now=NOON)

    with pytest.raises(overriding.CannotOverride, match="already"):
        overriding.ask(mailing, RECALL, by=second, now=NOON)
    overriding.refuse(override, "Ask them first", by=second, now=NOON)
    with pytest.raises(overriding.CannotOverride, match="decided already"):
        overriding.approve(override, by=second, now=NOON)

    assert list(Happening.objects.order_by("pk").values_list("kind", flat=True)) == [
        "override_asked",
        "override_refused",
    ]


def test_the_confirm_step_asks_and_a_colleague_approves(client: Client) -> None:
    mailing = a_recall()
    client.force_login(an_overrider("first@example.org"))
    client.post(reverse("mailings:override_ask", args=[mailing.pk]), {"reason": RECALL})
    page = client.get(reverse("mailings:confirm", args=[mailing.pk])).content.decode()
    assert "A second person with the right decides" in page
    assert 'value="approve"' not in page

    client.force_login(an_overrider())
    assert 'value="approve"' in client.get(reverse("mailings:confirm", args=[mailing.pk])).content.decode()
    decision = {"override": Override.objects.get().pk, "act": "approve"}
    client.post(reverse("mailings:override_decide", args=[mailing.pk]), decision)

    assert overriding.stands(mailing)


def test_who_lacks_the_right_sees_no_button_and_gets_403(client: Client) -> None:
    mailing, author = a_recall(), an_author()
    author.user_permissions.remove(Permission.objects.get(codename="override_consent"))
    client.force_login(author)

    assert "Send without consent" not in client.get(reverse("mailings:confirm", args=[mailing.pk])).content.decode()
    assert client.post(reverse("mailings:override_ask", args=[mailing.pk]), {"reason": RECALL}).status_code == 403


def test_the_report_says_how_many_by_what_reason_and_each_opens_the_people(client: Client) -> None:
    mailing = a_recall()
    approved(mailing)
    lifecycle.start(mailing, by=an_overrider(), now=NOON)
    Mailing.objects.filter(pk=mailing.pk).update(status="sent", finished_at=NOON)
    client.force_login(an_author())

    page = client.get(reverse("mailings:summary", args=[mailing.pk])).content.decode()
    people = client.get(reverse("mailings:messages", args=[mailing.pk]), {"waived": "no_consent"}).content.decode()

    assert RECALL in page
    assert "waived=any" in page
    assert "bob@example.org" in people
    assert "ada@example.org" not in people
