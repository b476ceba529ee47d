"""Mailings and their people in one line each."""

from typing import Any

from django.contrib.auth.models import Permission, User

from consent import sealed
from consent.models import SubscriptionType
from mailings.models import Mailing, SendingAccount, Source
from recipients.models import Company, EmailAddress, Import, Person, PersonSearch, Project, Selection
from tests.consent.factories import a_subscription_type, consents

HELLO = {
    "language": "en",
    "blocks": [
        {"id": "b1", "kind": "heading", "text": "See the workshop"},
        {"id": "b2", "kind": "text", "html": "<p>Dear [[customer.firstname|friend]], come and see.</p>"},
        {"id": "b3", "kind": "button", "text": "I am coming", "url": "https://example.org/open-day"},
    ],
}


def an_author(email: str = "marieke@example.org") -> User:
    """Somebody who may write and send mailings."""
    found, is_new = User.objects.get_or_create(username=email, email=email, defaults={"first_name": "Marieke"})
    if is_new:
        found.user_permissions.set(Permission.objects.filter(content_type__app_label="mailings"))
    return found


def a_selection(name: str = "Readers") -> Selection:
    return Selection.objects.create(name=name)


def a_project(name: str = "Open day") -> Project:
    return Project.objects.create(name=name)


def a_person(
    email: str = "",
    *,
    in_: Selection | Project | None = None,
    consents_to: SubscriptionType | str | None = None,
    company: str = "",
    **values: Any,
) -> Person:
    """A person, perhaps with an address, in a selection or project, who agreed to a type (or its code)."""
    values.setdefault("first_name", email.partition("@")[0].capitalize() or "Nobody")
    firm = Company.objects.get_or_create(name=company)[0] if company else None
    person = Person.objects.create(company=firm, **values)
    PersonSearch.objects.create(person=person, text=f"{values['first_name']} {email}".casefold())
    if email:
        EmailAddress.objects.create(person=person, address=email, rank=1)
    if in_:
        in_.people.add(person)
    if consents_to:
        kind = a_subscription_type(consents_to) if isinstance(consents_to, str) else consents_to
        consents(email, of=kind)
    return person


def an_import(into: Selection, name: str = "stand.xlsx") -> Import:
    return Import.objects.create(file_name=name, selection=into, state=Import.State.FINISHED)


def a_mailing(*, to: object = (), **values: Any) -> Mailing:
    """A draft that could be sent, to these selections, projects, persons or imports."""
    values.setdefault("subscription_type", a_subscription_type())
    given = {
        "name": "Open day",
        "subject": "See the workshop from the inside",
        "preheader": "Doors open at two",
        "from_name": "De Werkbank",
        "from_address": "hello@example.org",
        "content": HELLO,
    }
    mailing = Mailing.objects.create(**(given | values))
    for source in to if isinstance(to, (list, tuple)) else [to]:
        column = {Selection: "selection", Project: "project", Person: "person", Import: "importing"}[type(source)]
        Source.objects.create(mailing=mailing, **{column: source})
    return mailing


def a_text_account(sender: str = "+3197010000000", **options: Any) -> SendingAccount:
    """An account for text messages; its options lead to a fake Twilio."""
    given = {"user": "AC" + "0" * 32, "sender": sender, **options}
    secret = sealed.seal("demo-token-of-no-value")
    return SendingAccount.objects.create(name="Twilio", kind=SendingAccount.Kind.TWILIO, options=given, secret=secret)


def a_text(text: str = "Hi [[customer.firstname|friend]], come and see! Stop? Answer STOP", **values: Any) -> Mailing:
    """A draft of a text message that could be sent."""
    return a_mailing(type=Mailing.Type.SMS, subject="", content={"text": text} | values.pop("content", {}), **values)


def a_mobile(number: str, *, in_: Selection | None = None, agrees: bool = True, **values: Any) -> Person:
    """Somebody with a mobile number, who agreed to text messages."""
    person = a_person(in_=in_, mobile=number, **values)
    if agrees:
        consents(number, channel="sms", of=a_subscription_type())
    return person
