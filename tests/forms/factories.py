"""Forms in stories: what one asks, and what somebody filled in."""

from typing import Any

from django.test import Client
from django.utils import timezone

from forms import agreeing, publishing
from forms.definition import Definition, Field, Option, new_id
from forms.models import Form
from tests.consent.factories import a_subscription_type


def a_field(kind: str, name: str = "", **more: Any) -> Field:
    """A field with a label; options as words, types as codes."""
    options = tuple(Option(value, {"en": value.capitalize()}) for value in more.pop("options", ()))
    types = tuple(a_subscription_type(code).pk for code in more.pop("types", ()))
    label = more.pop("label", {"en": (name or kind).capitalize()})
    return Field(
        id=new_id(), kind=kind, name=name or kind.replace("_", ""), label=label, options=options, types=types, **more
    )


def email(**more: Any) -> Field:
    return a_field("email", required=True, label={"en": "E-mail"}, **more)


def consent(**more: Any) -> Field:
    words = {"en": "Yes, send me the newsletter", "nl": "Ja, stuur mij de nieuwsbrief"}
    return a_field("consent", types=more.pop("types", ("newsletter",)), label=words, **more)


def a_form(*fields: Field, is_open: bool = True, languages: tuple[str, ...] = ("en",), **more: Any) -> Form:
    """A form that visitors can answer: by default an address and a box for the newsletter."""
    words = {name: more.pop(name) for name in ("thanks", "closed", "redirect", "title") if name in more}
    definition = Definition(languages=languages, fields=fields or (email(), consent()), **words)
    values = {"name": "Open day", "asks_confirmation": False, "asks_proof_of_work": False, **more}
    form = Form.objects.create(draft=definition.to_json(), **values)
    if is_open:
        publishing.publish(form, by=None, now=timezone.now())
    return form


def a_visitor(**more: Any) -> Client:
    return Client(enforce_csrf_checks=True, headers={"accept-language": "en", **more})


def filled(form: Form, visitor: Client, **answers: Any) -> dict[str, Any]:
    """What a browser sends: the page's own ticket, and what was typed."""
    page = visitor.get(f"/f/{form.key}/")
    return {"ticket": page.context["ticket"], "embed": "page", **answers}


def send(form: Form, visitor: Client | None = None, **answers: Any) -> Any:
    """Open the page and send it; a second passes."""
    somebody = visitor or a_visitor()
    response = somebody.post(f"/f/{form.key}/", filled(form, somebody, **answers))
    agreeing.record(now=timezone.now())
    return response
