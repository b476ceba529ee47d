import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import override_settings


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
