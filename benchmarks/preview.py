"""The editor: from a change to its preview, server side: what was typed is kept, and the mail is rendered for one reader."""

from collections.abc import Iterator

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from benchmarks.frame import Figure, Scale, seconds
from benchmarks.render import a_long_mail
from consent.models import SubscriptionType
from mailings import blocks_forms
from mailings.models import Mailing


def figures(scale: Scale) -> Iterator[Figure]:
    mailing = a_draft()
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(User.objects.create_superuser("marieke", "marieke@example.org", "a long enough one"))
    change(browser, mailing)  # the first of a process loads templates and words
    times = sorted(seconds(lambda: change(browser, mailing)) * 1000 for _ in range(scale.pick(200, 20)))
    yield Figure("preview.update", times[int(len(times) * 0.95)], "ms")


def change(browser: Client, mailing: Mailing) -> None:
    """What a browser sends a moment after somebody typed, and the frame it then asks for."""
    saved = browser.post(reverse("mailings:content", args=[mailing.pk]), page(mailing), headers={"X-Autosave": "1"})
    shown = browser.get(reverse("mailings:preview", args=[mailing.pk]))
    if (saved.status_code, shown.status_code) != (200, 200):
        raise SystemExit(f"the editor answered {saved.status_code} and {shown.status_code}")
    mailing.refresh_from_db()


def page(mailing: Mailing) -> dict[str, object]:
    """The whole form of 40 blocks."""
    sheet = blocks_forms.shown(a_long_mail().document, mailing.subject, mailing.preheader)
    data: dict[str, object] = {"version": mailing.content_version, "block": [card.block.id for card in sheet.cards]}
    data |= {"inbox-subject": f"Letter {mailing.content_version}", "inbox-preheader": "Come and see"}
    for card in sheet.cards:
        data[f"{card.block.id}-kind"] = card.block.kind
        data |= {field.html_name: field.value() or "" for field in card.form}
    return data


def a_draft() -> Mailing:
    return Mailing.objects.create(
        name="Open day",
        subject="See the workshop",
        from_address="hello@example.org",
        subscription_type=SubscriptionType.objects.order_by("pk").first(),
        content=a_long_mail().document.to_json(),
    )
