import pytest
from django.core.cache import cache
from django.utils import translation
from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def patient(settings: Settings) -> None:
    """Tests type faster than people."""
    settings.FORMS_LEAST_SECONDS = 0
    cache.clear()
    translation.activate("en")
