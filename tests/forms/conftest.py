import pytest
from django.utils import translation
from pytest_django.fixtures import Settings

from tests.conftest import empty_cache


@pytest.fixture(autouse=True)
def patient(settings: Settings) -> None:
    """Tests type faster than people."""
    settings.FORMS_LEAST_SECONDS = 0
    empty_cache()
    translation.activate("en")
