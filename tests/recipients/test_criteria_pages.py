"""The builder over HTTP: every change is kept, what is wrong is explained, saving makes it count."""

import re

import pytest
from django.test import Client

from recipients.criteria import tree
from recipients.models import Selection
from tests.recipients.criteria.stories import (
    a_combined_selection,
    a_dynamic_selection,
    all_of,
    any_of,
    ask,
    people_in,
)
from tests.recipients.factories import a_person, a_selection

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(admin_client: Client) -> Client:
    return admin_client


def fields_of(html: str) -> dict[str, list[str]]:
    """What a browser would send of the builder's form."""
    form = html[html.index('id="builder"') :]
    form = form[: form.index("</form>")]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        if 'type="submit"' in tag or (('type="checkbox"' in tag or 'type="radio"' in tag) and " checked" not in tag):
            continue
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name:
            found.setdefault(name[1], []).append(value[1].replace("&quot;", '"') if value else "")
    for name, options in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.findall(r'<option value="([^"]*)" selected', options) or re.findall(r'value="([^"]*)"', options)
        found.setdefault(name, []).append(chosen[0])
    return found


def drafted(selection: Selection) -> tree.Group:
    selection.refresh_from_db()
    return tree.read(selection.draft)


def test_a_new_selection_by_criteria_opens_in_the_builder(page: Client) -> None:
    answer = page.post("/selections/new/", {"name": "Dutch", "description": "", "kind": "dynamic"})

    selection = Selection.objects.get()
    assert answer.headers["Location"] == f"/selections/{selection.pk}/criteria/"
    assert "Look at" in page.get(answer.headers["Location"]).text


def test_criteria_are_built_step_by_step_and_saved(page: Client) -> None:
    ada, bob = a_person("Ada", language="nl"), a_person("Bob", language="en")
    selection = Selection.objects.create(name="Dutch", kind="dynamic")
    url = f"/selections/{selection.pk}/criteria/"

    form = fields_of(page.get(url).text)
    form = fields_of(page.post(url, form | {"c-0.field": ["person.language"]}).text)
    assert drafted(selection) == all_of(ask("person.language", "is"))
    html = page.post(url, form | {"c-0.w.codes": ["nl"]}).text
    assert "Language is <b>Dutch</b>" in html
    form = fields_of(html)
    form = fields_of(page.post(url, form | {"do": ["group:"]}).text)
    form = fields_of(page.post(url, form | {"c-1-0.field": ["person.name"], "c-1-0.is": ["has"]}).text)
    form = fields_of(page.post(url, form | {"c-1-0.w.text": ["ad"], "do": ["done"]}).text)
    assert drafted(selection) == all_of(
        ask("person.language", codes="nl"), any_of(ask("person.name", "has", text="ad"))
    )
    assert ">1</span>" in page.get(f"{url}count/").text
    assert not people_in(selection)

    answer = page.post(url, form | {"do": ["save"]})

    assert answer.headers["Location"] == f"/selections/{selection.pk}/"
    assert people_in(selection) == {ada}
    assert bob not in people_in(selection)


def test_what_was_taken_away_can_be_put_back(page: Client) -> None:
    selection = a_dynamic_selection(ask("person.name", text="Ada"), any_of(ask("person.phone", "filled")))
    url = f"/selections/{selection.pk}/criteria/"

    html = page.post(url, fields_of(page.get(url).text) | {"do": ["remove:1"]}).text
    assert drafted(selection) == all_of(ask("person.name", text="Ada"))
    page.post(url, fields_of(html) | {"do": ["undo"]})

    assert drafted(selection) == tree.read(selection.criteria)


def test_an_incomplete_draft_is_kept_but_not_saved(page: Client) -> None:
    selection = a_dynamic_selection(ask("person.name", text="Ada"))
    url = f"/selections/{selection.pk}/criteria/"
    form = fields_of(page.get(url).text)
    form = fields_of(page.post(url, form | {"do": ["add:"]}).text)

    answer = page.post(url, form | {"do": ["save"]})

    assert answer.status_code == 422
    assert "Choose what to look at" in answer.text
    assert len(drafted(selection).parts) == 2
    assert len(selection.criteria["parts"]) == 1


@pytest.mark.parametrize(
    "nonsense",
    [
        {"c.how": "sideways"},
        {"do": "add:9-9-9-9-9-9-9-9"},
        {"do": "remove:4"},
        {"do": "edit:x"},
        {"do": "undo", "back": "[[["},
        {"do": "undo", "back": '{"how": "all", "parts": [{"parts": 3}]}'},
        {"version": "a" * 50},
        {f"c{'-0' * depth}.how": "all" for depth in range(30)},
        {"c.how": "all", **{f"c-{n}.field": "person.name" for n in range(300)}},
        {"c.how": "all", "c-0.field": "\x00" * 9000, "c-0.w.x": "y" * 9000},
    ],
)
def test_nonsense_is_answered_and_loses_nothing(page: Client, nonsense: dict[str, str]) -> None:
    selection = a_dynamic_selection(ask("person.name", text="Ada"))

    answer = page.post(f"/selections/{selection.pk}/criteria/", nonsense)

    assert answer.status_code == 200
    selection.refresh_from_db()
    assert len(selection.criteria["parts"]) == 1


def test_only_values_changed_so_only_words_come_back(page: Client) -> None:
    selection = a_dynamic_selection(ask("person.name", text="Ada"))
    url = f"/selections/{selection.pk}/criteria/"
    form = fields_of(page.post(url, fields_of(page.get(url).text) | {"do": ["edit:0"]}).text)

    answer = page.post(url, form | {"c-0.w.text": ["Bob"]}, headers={"HX-Request": "true"})

    assert "Name is <b>“Bob”</b>" in answer.text
    assert 'id="builder"' not in answer.text


def test_selections_are_combined_on_the_page(page: Client) -> None:
    ada, bob = a_person("Ada"), a_person("Bob")
    one, other = a_selection("One", of=(ada, bob)), a_selection("Other", of=(bob,))
    combined = a_combined_selection("union", one)
    url = f"/selections/{combined.pk}/criteria/"
    form = fields_of(page.get(url).text)
    form = fields_of(page.post(url, form | {"do": ["add"]}).text)

    answer = page.post(
        url, form | {"combine": ["difference"], "selection": [str(one.pk), str(other.pk)], "do": ["save"]}
    )

    assert answer.status_code == 302
    assert people_in(combined) == {ada}


def test_a_selection_that_became_a_circle_says_so_in_the_builder(page: Client) -> None:
    one = a_dynamic_selection(ask("person.name", text="Ada"), name="One")
    two = a_combined_selection("union", one, one, name="Two")
    form = fields_of(page.get(f"/selections/{one.pk}/criteria/").text)
    form |= {"c-0.field": ["lists.selection"], "c-0.is": ["in"], "c-0.w.selection": [str(two.pk)]}

    answer = page.post(f"/selections/{one.pk}/criteria/", form | {"do": ["save"]})

    assert "itself made of this selection" in answer.text


def test_the_card_says_when_it_was_evaluated_and_why(page: Client) -> None:
    ada = a_person("Ada", language="nl")
    selection = a_dynamic_selection(ask("person.language", codes="nl"), ask("lists.project", "out", project=99999))
    card = f"/selections/{selection.pk}/"
    assert "Not evaluated yet" in page.get(card).text
    page.post(f"{card}evaluate/")

    html = page.get(f"{card}?tab=criteria").text
    assert "Evaluated" in html
    assert "That project was deleted" in html
    why = page.get(f"{card}why/?person={ada.pk}").text
    assert "a criterion cannot be read" in why
    assert "Ada Lovelace" in page.get(f"{card}why/?why=ada").text or "Ada" in page.get(f"{card}why/?why=ada").text


def test_nobody_is_added_by_hand_to_a_selection_by_criteria(page: Client) -> None:
    ada = a_person("Ada")
    selection = a_dynamic_selection(ask("person.language", codes="nl"))

    assert page.post(f"/selections/{selection.pk}/add/", {"person": ada.pk}).status_code == 404
    page.post("/people/add/", {"person": ada.pk, "selection": selection.pk})

    assert not people_in(selection)
