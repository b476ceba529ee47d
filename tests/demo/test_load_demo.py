from collections import Counter

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import override_settings

from forms import statistics
from forms.models import Form
from mailings.models import Mailing, TextReply
from tests.consent.factories import a_subscription_type


@pytest.mark.django_db
def test_a_database_with_people_of_its_own_gets_no_login_with_a_known_password(
    capsys: pytest.CaptureFixture[str],
) -> None:
    User.objects.create_user("ada", "ada@example.org", "something long")

    call_command("load_demo")

    assert User.objects.count() == 1
    assert "people of its own" in capsys.readouterr().out


@pytest.mark.django_db
def test_without_a_postal_address_it_says_what_to_set() -> None:
    with override_settings(POSTAL_ADDRESS=""), pytest.raises(CommandError, match="POSTAL_ADDRESS"):
        call_command("load_demo")

    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_demo_has_a_form_and_a_text_message_that_people_answered_and_some_wait_for_one_of_us() -> None:
    for code in ("newsletter", "events", "product-news"):
        a_subscription_type(code)
    with override_settings(POSTAL_ADDRESS="Havenstraat 14, 3024 SC Rotterdam"):
        call_command("load_demo")

    form = Form.objects.get()
    states = Counter(form.submissions.values_list("state", flat=True))
    assert states == {"processed": 39, "submitted": 7}  # six nobody knows, and an address that two people share
    assert not form.submissions.filter(state="processed", person=None).exists()
    traffic = statistics.traffic(form)
    assert traffic.views > traffic.starts > traffic.completions == 46
    assert set(form.submissions.values_list("campaign__source", flat=True)) == {"newsletter", "website", "linkedin"}

    mailing = Mailing.objects.get(type=Mailing.Type.SMS)
    counts = mailing.counts
    assert mailing.status == Mailing.Status.SENT
    assert counts.delivered > counts.clicked > 0
    assert counts.bounced > 0
    assert counts.states["held"] > 0
    assert set(TextReply.objects.values_list("meaning", flat=True)) == {"", "stop"}
