"""The privacy confirmation: what we keep about somebody, told to them by mail."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from consent import confirmation_mail, dossier, double_opt_in, erasure, notices, privacy_mail, suppressions
from consent.models import PrivacyMail, PrivacyNotice
from tests.conftest import NOON
from tests.consent.factories import EVIDENCE, a_subscription_type, consents, withdraws

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"
A_DAY = dt.timedelta(days=1)


def a_notice(**more: Any) -> PrivacyNotice:
    words = {"version": "2026-1", "url": "", "text": "We keep it.", "controller": "De Werkbank", "contact": "Kade 4"}
    return notices.publish(**words | more, by=None, now=NOON)


def sent(language: str = "en", now: dt.datetime = NOON) -> mail.EmailMultiAlternatives:
    privacy_mail.ask(ADA, language=language, actor="user:7", now=now)
    assert privacy_mail.send_due(now=now) == 1
    letter = mail.outbox[-1]
    assert isinstance(letter, mail.EmailMultiAlternatives)
    return letter


def test_it_tells_what_they_agreed_to_who_keeps_it_and_how_to_end_it(client: Client) -> None:
    a_notice(url="https://example.org/privacy")
    consents(ADA, of=a_subscription_type("newsletter"), on=dt.date(2026, 3, 3))
    consents(ADA, of=a_subscription_type("events"), on=dt.date(2026, 3, 3))
    withdraws(ADA, of=a_subscription_type("events"), now=NOON + dt.timedelta(minutes=1))

    letter = sent(now=NOON + A_DAY)

    body = str(letter.body)
    assert letter.to == [ADA]
    assert "- Newsletter (3 March 2026, " in body
    assert "Events" not in body
    assert "De Werkbank" in body
    assert "https://example.org/privacy" in body
    (choices,) = re.findall(r"(/p/[^/\s]+/)", body)
    assert client.get(choices).status_code == 200
    assert "/data/?lang=en" in body
    assert letter.extra_headers["Auto-Submitted"] == "auto-generated"


def test_it_speaks_the_persons_language_and_escapes_what_others_wrote() -> None:
    a_notice(controller="<b>De Werkbank</b>", text="<script>")

    letter = sent("nl")

    page = str(letter.alternatives[0][0])
    assert "bewaart" in letter.subject
    assert "<script>" not in page
    assert "&lt;b&gt;De Werkbank" in page


@pytest.mark.parametrize("reason", ["erased", "hard_bounce", "manual"])
def test_who_must_not_be_written_to_gets_none(reason: str) -> None:
    a_notice()
    suppressions.add("email", ADA, reason, evidence={}, actor="system", now=NOON - A_DAY)

    with pytest.raises(privacy_mail.CannotSend):
        privacy_mail.ask(ADA, language="en", actor="user:7", now=NOON)


def test_at_most_one_a_day_and_none_without_a_notice() -> None:
    with pytest.raises(privacy_mail.CannotSend, match="notice"):
        privacy_mail.ask(ADA, language="en", actor="user:7", now=NOON)
    a_notice()
    sent()
    with pytest.raises(privacy_mail.CannotSend, match="day"):
        privacy_mail.ask(ADA, language="en", actor="user:7", now=NOON + dt.timedelta(hours=23))

    sent(now=NOON + A_DAY + dt.timedelta(minutes=1))


def confirms(now: dt.datetime) -> None:
    request = double_opt_in.Request(
        address=ADA, subscription_types=[a_subscription_type()], source="own_form", evidence=EVIDENCE["own_form"]
    )
    double_opt_in.ask(request, now=now)
    confirmation_mail.send_due(now=now)
    double_opt_in.confirm(double_opt_in.Confirmation.objects.latest("pk"), now=now)


@pytest.mark.parametrize(("mails_new", "mails"), [(True, 1), (False, 0)])
def test_who_signs_up_gets_it_once_if_the_notice_says_so(mails_new: bool, mails: int) -> None:
    a_notice(mails_new=mails_new)

    confirms(NOON)
    confirms(NOON + 2 * A_DAY)

    assert privacy_mail.send_due(now=NOON + 2 * A_DAY) == mails


def test_a_mail_server_that_is_away_is_tried_again(settings: Settings) -> None:
    a_notice()
    settings.MAILERS = {"default": {"BACKEND": "tests.consent.factories.NobodyHome"}}
    privacy_mail.ask(ADA, language="en", actor="user:7", now=NOON)
    privacy_mail.send_due(now=NOON)
    row = PrivacyMail.objects.get()
    assert (row.sent_at, row.problem) == (None, "ConnectionRefusedError")

    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    assert privacy_mail.send_due(now=NOON) == 0
    assert privacy_mail.send_due(now=NOON + A_DAY) == 1
    assert privacy_mail.send_due(now=NOON + A_DAY) == 0


def test_an_erasure_forgets_it_and_the_copy_shows_it(settings: Settings, tmp_path: Path) -> None:
    settings.ERASURE_LOG, settings.MEDIA_ROOT = tmp_path / "erasures.log", tmp_path / "media"
    a_notice()
    sent()

    assert len(dossier.tables(dossier.of(ADA))["privacy_mails"]) == 1
    erasure.erase(ADA, actor="self", now=NOON)
    assert not PrivacyMail.objects.exists()


def test_staff_send_it_from_the_panel_and_the_panel_says_when(client: Client) -> None:
    a_notice()
    marieke = User.objects.create_user("marieke", "m@example.org")
    client.force_login(marieke)
    assert client.post("/consent/address/tell/", {"address": ADA}).status_code == 403
    assert "/consent/address/tell/" not in client.get("/consent/address/", {"address": ADA}).content.decode()
    marieke.user_permissions.add(Permission.objects.get(codename="add_privacymail"))

    told = client.post("/consent/address/tell/", {"address": ADA}, follow=True).content.decode()
    again = client.post("/consent/address/tell/", {"address": ADA}, follow=True).content.decode()
    privacy_mail.send_due(now=timezone.now())
    panel = client.get("/consent/address/", {"address": ADA}).content.decode()

    assert "gets the privacy confirmation in a moment" in told
    assert "It was sent within a day already" in again
    assert "Privacy confirmation sent on" in panel
    assert PrivacyMail.objects.get().actor == f"user:{marieke.pk}"


def test_whether_it_goes_by_itself_is_said_with_the_notice(client: Client) -> None:
    client.force_login(User.objects.create_superuser("joost", "joost@example.org", "a long enough one"))
    words = {"version": "1", "controller": "De Werkbank", "contact": "Kade 4", "text": "We keep it."}
    client.post("/consent/notices/new/", words)
    client.post("/consent/notices/new/", {**words, "mails_new": "on"})

    assert list(PrivacyNotice.objects.order_by("pk").values_list("mails_new", flat=True)) == [False, True]
