"""The wizard over HTTP: what is typed is kept, steps can be jumped to, people are looked at."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from mailings import wizard
from mailings.models import Mailing
from tests.mailings.factories import a_mailing, a_person, a_project, a_selection, an_author, an_import

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_postal_address(settings: Any) -> None:
    settings.POSTAL_ADDRESS = "De Werkbank, Havenstraat 14, 3024 SC Rotterdam"


@pytest.fixture
def marketer(client: Client) -> Client:
    client.force_login(an_author())
    return client


def setup_values(mailing: Mailing, **changed: Any) -> dict[str, Any]:
    kept = {
        "name": mailing.name,
        "subject": mailing.subject,
        "preheader": mailing.preheader,
        "from_name": mailing.from_name,
        "from_address": mailing.from_address,
        "reply_to": mailing.reply_to,
        "subscription_type": mailing.subscription_type_id or "",
        "selection": mailing.selection_id or "",
        "project": mailing.project_id or "",
        "track_opens": "on",
        "track_clicks": "on",
    }
    return kept | changed


def save(marketer: Client, mailing: Mailing, *, by_itself: bool = True, **changed: Any) -> Any:
    headers = {"HX-Request": "true"} if by_itself else {}
    url = reverse("mailings:setup", args=[mailing.pk])
    answer = marketer.post(url, setup_values(mailing, **changed), headers=headers)
    mailing.refresh_from_db()
    return answer


def states(mailing: Mailing, here: str = "setup") -> dict[str, str]:
    return {step.code: step.state for step in wizard.frame(mailing, here).steps}


def test_what_is_typed_is_kept_by_itself(marketer: Client) -> None:
    mailing = a_mailing()

    answer = save(marketer, mailing, subject="  Come   and see ", from_address="Hello@EXAMPLE.org", track_opens="")

    assert (mailing.subject, mailing.from_address, mailing.track_opens) == ("Come and see", "hello@example.org", False)
    assert 'id="saved"' in answer.content.decode()


@pytest.mark.parametrize("of_type", Mailing.Type.values)
def test_every_type_keeps_what_is_typed_by_itself(marketer: Client, of_type: str) -> None:
    mailing = a_mailing(type=of_type)

    answer = save(marketer, mailing, name="Fair")

    assert (answer.status_code, mailing.name) == (200, "Fair")
    assert 'id="saved"' in answer.content.decode()


def test_one_wrong_field_does_not_lose_the_others(marketer: Client) -> None:
    mailing = a_mailing()

    answer = save(marketer, mailing, subject="Come and see", from_address="a@b@c", name="")

    assert (mailing.subject, mailing.from_address, mailing.name) == ("Come and see", "hello@example.org", "Open day")
    assert 'id="said_from_address"' in answer.content.decode()


def test_a_mistake_in_a_variable_is_kept_and_remarked_upon(marketer: Client) -> None:
    mailing = a_mailing()

    answer = save(marketer, mailing, subject="Hello [[customer.fistname]]")

    assert mailing.subject == "Hello [[customer.fistname]]"
    assert "At character 7" in answer.content.decode()
    assert states(mailing)["setup"] == "open"


def test_a_line_break_never_gets_into_a_header(marketer: Client) -> None:
    mailing = a_mailing()

    save(marketer, mailing, subject="Hello\r\nBcc: all@example.org", from_name="De\nWerkbank")

    assert (mailing.subject, mailing.from_name) == ("Hello Bcc: all@example.org", "De Werkbank")


def test_a_plain_save_leads_to_the_next_step_or_says_what_is_wrong(marketer: Client) -> None:
    mailing = a_mailing()

    good = save(marketer, mailing, by_itself=False)
    bad = save(marketer, mailing, by_itself=False, reply_to="nobody")

    assert good["Location"] == reverse("mailings:template", args=[mailing.pk])
    assert bad.status_code == 422
    assert 'value="nobody"' in bad.content.decode()


def test_linking_makes_the_people_recipients_and_a_selection_goes_before_a_project(marketer: Client) -> None:
    readers, visitors, by_hand = a_selection("Readers"), a_project("Open day"), a_selection("By hand")
    mailing = a_mailing(to=by_hand)

    def sources() -> set[str]:
        return {str(s.selection or s.project) for s in mailing.sources.select_related("selection", "project")}

    save(marketer, mailing, project=visitors.pk)
    with_project = sources()
    save(marketer, mailing, selection=readers.pk)
    with_both = sources()
    save(marketer, mailing, selection="", project="")

    assert with_project == {"By hand", "Open day"}
    assert with_both == {"By hand", "Readers"}
    assert sources() == {"By hand"}


def test_steps_tell_what_is_complete_and_what_has_something_to_say() -> None:
    draft = a_mailing(subject="", content={}, subscription_type=None)
    good = a_mailing(to=a_person("ada@example.org", consents_to="newsletter"), from_name="")

    assert set(states(draft).values()) == {"open"}
    assert states(good) == {
        "setup": "warning",
        "template": "complete",
        "content": "complete",
        "recipients": "complete",
        "confirm": "open",
    }


@pytest.mark.parametrize("step", ["setup", "recipients", "confirm"])
def test_every_step_opens_at_any_time(marketer: Client, step: str) -> None:
    assert marketer.get(reverse(f"mailings:{step}", args=[a_mailing(content={}, subject="").pk])).status_code == 200


@pytest.mark.parametrize("status", ["scheduled", "sending", "paused", "sent", "cancelled"])
def test_what_is_planned_or_sent_is_looked_at_and_not_changed(marketer: Client, status: str) -> None:
    mailing = a_mailing(status=status)

    answer = save(marketer, mailing, subject="Something else")

    assert answer["Location"] == reverse("mailings:detail", args=[mailing.pk])
    assert mailing.subject == "See the workshop from the inside"


def test_sources_are_found_added_once_and_removed(marketer: Client) -> None:
    mailing, came = a_mailing(), a_selection("Stand")
    person = a_person("ada@example.org")
    for kind, number in (
        ("selection", came.pk),
        ("project", a_project().pk),
        ("importing", an_import(came).pk),
        ("person", person.pk),
        ("person", person.pk),
    ):
        marketer.post(reverse("mailings:source_add", args=[mailing.pk]), {"kind": kind, "number": number})

    offered = marketer.get(reverse("mailings:source_choices", args=[mailing.pk]), {"q": "ada"}).content.decode()
    added = mailing.sources.count()
    marketer.post(reverse("mailings:source_remove", args=[mailing.pk]), {"number": mailing.sources.first().pk})

    assert added == 4
    assert "Nothing found" in offered
    assert mailing.sources.count() == 3


@pytest.mark.parametrize(("kind", "number"), [("selection", "999999"), ("spell", "1"), ("person", "x"), ("", "")])
def test_a_source_that_is_not_there_changes_nothing(marketer: Client, kind: str, number: str) -> None:
    mailing = a_mailing()

    answer = marketer.post(
        reverse("mailings:source_add", args=[mailing.pk]), {"kind": kind, "number": number}, follow=True
    )

    assert "That source is not there any more" in answer.content.decode()
    assert not mailing.sources.exists()


def test_the_recipients_page_shows_everybody_with_the_reason(marketer: Client) -> None:
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    a_person("bob@example.org", in_=readers)
    mailing = a_mailing(to=readers)

    page = marketer.get(reverse("mailings:recipients", args=[mailing.pk])).content.decode()
    held = marketer.get(reverse("mailings:recipients", args=[mailing.pk]), {"show": "held"}).content.decode()

    assert "1 get it + 1 held = 2" in page
    assert "Signed up for the newsletter" in page
    assert "ada@example.org" not in held
    assert "bob@example.org" in held


def test_pages_of_recipients_lead_on_and_back(marketer: Client) -> None:
    readers = a_selection()
    for number in range(120):
        a_person(f"ada{number:03}@example.org", in_=readers)
    url = reverse("mailings:recipients", args=[a_mailing(to=readers).pk])

    first = marketer.get(url, {"show": "held"})
    second = marketer.get(url + first.context["next"])
    third = marketer.get(url + second.context["next"])

    assert [(p.context["first"], p.context["last"]) for p in (first, second, third)] == [(1, 50), (51, 100), (101, 120)]
    assert third.context["next"] == ""
    assert marketer.get(url + third.context["previous"]).context["rows"] == second.context["rows"]


@pytest.mark.parametrize("asked", [{"trail": "x,y"}, {"show": "?"}, {"reason": "'"}, {"empty": "p.id"}, {"q": "%_\\"}])
def test_a_strange_address_shows_the_page_all_the_same(marketer: Client, asked: dict[str, str]) -> None:
    assert marketer.get(reverse("mailings:recipients", args=[a_mailing().pk]), asked).status_code < 500


def test_looking_at_recipients_costs_the_same_for_many_as_for_few(
    marketer: Client, django_assert_max_num_queries: Any
) -> None:
    readers = a_selection()
    for number in range(60):
        a_person(f"ada{number}@example.org", in_=readers, consents_to="newsletter" if number % 2 else None)
    mailing = a_mailing(to=[readers, a_project(), a_person("x@example.org")])

    with django_assert_max_num_queries(38):  # override and frequency cap are asked for the count and for the list
        marketer.get(reverse("mailings:recipients", args=[mailing.pk]))


def test_confirm_says_the_sentence_and_blocks_what_must_be_mended(marketer: Client) -> None:
    readers = a_selection()
    a_person("ada@example.org", in_=readers, consents_to="newsletter")
    a_person("bob@example.org", in_=readers)
    good, bad = a_mailing(to=readers), a_mailing(to=readers, subject="")

    page = marketer.get(reverse("mailings:confirm", args=[good.pk])).content.decode()
    refused = marketer.get(reverse("mailings:confirm", args=[bad.pk])).content.decode()

    assert "person will get it." in page
    assert "is held back." in page
    assert "disabled" not in page
    assert "The mailing has no subject." in refused
    assert refused.count("disabled aria-describedby") == 2


def test_whoever_may_not_change_mailings_can_look_but_not_touch(client: Client) -> None:
    mailing = a_mailing()
    client.force_login(User.objects.create_user("joost"))

    looked = client.get(reverse("mailings:recipients", args=[mailing.pk]))
    touched = save(client, mailing, subject="Something else")
    added = client.post(reverse("mailings:source_add", args=[mailing.pk]), {"kind": "person", "number": a_person().pk})
    made = client.post(reverse("mailings:new"), {"name": "Mine", "type": "email"})

    assert [answer.status_code for answer in (looked, touched, added, made)] == [200, 403, 403, 403]
    assert mailing.subject == "See the workshop from the inside"


def test_strangers_see_nothing(client: Client) -> None:
    answer = client.get(reverse("mailings:setup", args=[a_mailing().pk]))

    assert answer.status_code == 302
    assert "/account/login/" in answer["Location"]
