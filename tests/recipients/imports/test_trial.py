"""A trial of the whole file says beforehand what the import will say afterwards, and writes nothing."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from consent import suppressions
from recipients.imports import trial
from recipients.models import Import, Person
from tests.conftest import NOON
from tests.recipients.factories import a_person
from tests.recipients.imports.stories import WITHOUT_CONSENT, a_user, an_import, an_upload, choices_for

pytestmark = pytest.mark.django_db

ROWS = [
    ("ada@example.org", "Ada", "Lovelace", "Engines"),
    ("bob@example.org", "Bob", "Builder", "Bricks"),
    ("eve@example.org", "Eve", "", ""),
    ("no address", "Nobody", "", ""),
    ("ada@example.org", "Ada", "Lovelace", "Engines"),
]


@pytest.fixture(autouse=True)
def _media(tmp_path: Path, settings: object) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]


def tried(importing: Import, **more: object) -> trial.Tried:
    trial.ask(importing, choices_for(importing, WITHOUT_CONSENT, **more), token="t")
    trial.run(importing.pk, token="t", size=2)
    importing.refresh_from_db()
    found = trial.of(importing)
    assert found is not None
    return found


@pytest.mark.parametrize("overwrite", [False, True])
def test_it_foretells_what_the_import_does_and_writes_nothing(tmp_path: Path, overwrite: bool) -> None:
    a_person("Bob Builder", email="bob@example.org")
    a_person("Evelyn", email="eve@example.org")
    suppressions.add("email", "ada@example.org", "unsubscribed", evidence={}, actor="self", now=NOON)

    foretold = tried(an_upload(ROWS, tmp_path), overwrite=overwrite)

    assert Person.objects.count() == 2
    done = an_import(ROWS, tmp_path, WITHOUT_CONSENT, overwrite=overwrite)
    assert foretold.is_over
    for name in ("done", "created", "changed", "same", "rejected"):
        assert getattr(foretold, name) == getattr(done, name), name
    assert foretold.suppressed == 2
    assert foretold.warnings["repeated"] == 1


def test_a_trial_that_was_asked_anew_stops(tmp_path: Path) -> None:
    importing = an_upload(ROWS, tmp_path)
    trial.ask(importing, choices_for(importing, WITHOUT_CONSENT), token="second")

    trial.run(importing.pk, token="first")

    importing.refresh_from_db()
    assert importing.trial["tried"]["done"] == 0


def test_what_was_pasted_is_read_and_tried_on_the_page(client: Client) -> None:
    client.force_login(a_user())
    text = "E-mail\tVoornaam\r\nada@example.org\tAda\r\nbob@example.org\tBob\r\n"

    answer = client.post(reverse("recipients:import_new"), {"pasted": text})
    importing = Import.objects.get()
    assert answer.url == reverse("recipients:import", args=[importing.pk])
    assert (importing.total, importing.mapping) == (2, {"0": "email", "1": "first_name"})
    page = client.get(answer.url).content.decode()
    assert "Try out the whole file" in page
    client.post(reverse("recipients:import_try", args=[importing.pk]), {"column-0": "email", "column-1": "first_name"})
    importing.refresh_from_db()
    trial.run(importing.pk, token=importing.trial["token"])

    shown = client.get(reverse("recipients:import_tried", args=[importing.pk])).content.decode()

    assert "2 would be new, 0 changed, 0 the same, 0 rejected" in shown
