"""What one can ask about people by what they did with our mailings: fields of dynamic selections.

A person counts by the messages that were sent to them; opens and clicks are those judged human. "Did not open"
asks for somebody who got the mail, so it is not the same as a group of none of these.
"""

import datetime as dt
from collections.abc import Callable, Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from recipients.criteria.fields import Field, Operator, Terms, Values
from recipients.criteria.inputs import Days, Kind, Reference

BEHAVIOUR = _("Mailings")
MAILING = Kind(
    table="mailings_mailing",
    label=lambda: "name",
    gone=_("That mailing was deleted. Choose another one or take this line away."),
    where="started_at IS NOT NULL",
    order="started_at DESC, id DESC",
)
LINK = Kind(
    table="tracking_link",
    label=lambda: "coalesce(nullif(name, ''), url)",
    gone=_("That link is not there any more. Choose another one or take this line away."),
    within="mailing",
    order="number",
)
WHICH = Reference("mailing", _("Mailing"), kind=MAILING, any=_("any mailing"))
LINKED = Reference("link", _("Link"), kind=LINK, any=_("any link"), scope="mailing")
DAYS = Days("days", _("In the last … days"), may_be_empty=True)

# What is asked of a message `m`, and the moment at which it happened.
MOMENTS = {
    "opened": "m.opened_at",
    "clicked": "m.clicked_at",
    "bounced": "m.bounced_at",
    "unsubscribed": "m.unsubscribed_at",
    "complained": "m.complained_at",
}


def fields() -> Iterable[Field]:
    """Yield the fields in the order of the builder."""
    yield Field("mailing.sent", _("Was sent a mailing"), BEHAVIOUR, _sent())
    yield _did("opened", _("Opened a mailing"), _("opened"), _("Opened %(mailing)s %(days)s"), not_opened=True)
    yield Field("mailing.clicked", _("Clicked in a mailing"), BEHAVIOUR, _clicks())
    yield _did("bounced", _("Bounced"), _("bounced"), _("Bounced from %(mailing)s %(days)s"))
    yield _did("unsubscribed", _("Unsubscribed"), _("unsubscribed"), _("Unsubscribed from %(mailing)s %(days)s"))
    yield _did("complained", _("Complained"), _("complained"), _("Complained about %(mailing)s %(days)s"))


def _did(code: str, name: Promise, label: Promise, words: Promise, *, not_opened: bool = False) -> Field:
    operators = [Operator("did", label, words, _happened(code), (WHICH, DAYS))]
    if not_opened:
        text = _("Was sent %(mailing)s %(days)s and did not open")
        operators.append(Operator("did_not", _("did not open"), text, _did_not("opened"), (WHICH, DAYS)))
    return Field(f"mailing.{code}", name, BEHAVIOUR, tuple(operators))


def _sent() -> tuple[Operator, ...]:
    def sent(values: Values, terms: Terms) -> str:
        return _messages(f"m.state = 'sent'{_sent_since(values, terms)}", values, terms)

    def not_sent(values: Values, terms: Terms) -> str:
        return f"NOT ({sent(values, terms)})"

    return (
        Operator("did", _("was sent"), _("Was sent %(mailing)s %(days)s"), sent, (WHICH, DAYS)),
        Operator("did_not", _("was not sent"), _("Was not sent %(mailing)s %(days)s"), not_sent, (WHICH, DAYS)),
    )


def _clicks() -> tuple[Operator, ...]:
    def clicked(values: Values, terms: Terms) -> str:
        return _on_link(values, terms) if values["link"] else _happened("clicked")(values, terms)

    said = _("Clicked %(link)s in %(mailing)s %(days)s")
    said_not = _("Was sent %(mailing)s %(days)s and did not click")
    return (
        Operator("did", _("clicked"), said, clicked, (WHICH, LINKED, DAYS)),
        Operator("did_not", _("did not click"), said_not, _did_not("clicked"), (WHICH, DAYS)),
    )


def _happened(code: str) -> Callable[[Values, Terms], str]:
    moment = MOMENTS[code]

    def sql(values: Values, terms: Terms) -> str:
        return _messages(f"{moment} IS NOT NULL{_since(moment, values, terms)}", values, terms)

    return sql


def _did_not(code: str) -> Callable[[Values, Terms], str]:
    """Somebody who got such a mail, and did it with none of those; a mail counts by when it was sent."""

    def sql(values: Values, terms: Terms) -> str:
        since = _sent_since(values, terms)
        got = _messages(f"m.state = 'sent' AND m.bounced_at IS NULL{since}", values, terms)
        did = _messages(f"{MOMENTS[code]} IS NOT NULL{since}", values, terms)
        return f"{got} AND NOT ({did})"

    return sql


def _messages(asked: str, values: Values, terms: Terms) -> str:
    """Somebody with a message of this mailing, or any, of which this holds."""
    return f"""p.id IN (
        SELECT m.person_id FROM mailings_message m WHERE {asked}{_of(values, terms)} AND {_known(terms)})"""


def _on_link(values: Values, terms: Terms) -> str:
    """Somebody who clicked this very link: the journal knows, the message only knows that there was a click."""
    return f"""p.id IN (
        SELECT m.person_id FROM tracking_link l
          JOIN tracking_event e ON e.mailing = l.mailing AND e.kind = 'click' AND e.link = l.number AND NOT e.is_machine
          JOIN mailings_message m ON m.id = e.message
         WHERE l.id = ANY({terms.bind(values["link"])}) AND e.folded_at IS NOT NULL
           AND {_known(terms)}{_since("e.at", values, terms)})"""


def _known(terms: Terms) -> str:
    return f"m.person_id IS NOT NULL AND {terms.among('m.person_id')}"


def _of(values: Values, terms: Terms) -> str:
    return f" AND m.mailing_id = ANY({terms.bind(values['mailing'])})" if values["mailing"] else ""


def _since(moment: str, values: Values, terms: Terms) -> str:
    if values["days"] is None:
        return ""
    return f" AND {moment} >= {terms.bind(terms.now - dt.timedelta(days=values['days']))}"


def _sent_since(values: Values, terms: Terms) -> str:
    """Sent lately: by mailings that were not over before then, because no index knows when a message was sent."""
    if values["days"] is None:
        return ""
    since = terms.bind(terms.now - dt.timedelta(days=values["days"]))
    return f""" AND m.sent_at >= {since} AND m.mailing_id = ANY(ARRAY(
        SELECT id FROM mailings_mailing WHERE started_at IS NOT NULL AND coalesce(finished_at, 'infinity') >= {since}))"""
