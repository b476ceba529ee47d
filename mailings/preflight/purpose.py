"""What a mailing is for: whether consent is asked for, and for which type."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from consent.gate import MessageClass
from mailings.models import Mailing
from mailings.preflight.findings import Finding, error, warning


def check(mailing: Mailing) -> Iterator[Finding]:
    """Say what is to be said of the kind of message and its subscription type."""
    if mailing.message_class != MessageClass.MARKETING:
        text = _(
            "This mailing goes out without asking for consent, also to who unsubscribed. Only what people must know about "
            "an order, an account or an agreement may; one line of promotion makes it marketing."
        )
        yield warning("transactional", text, "setup", "message_class")
    elif mailing.subscription_type_id is None:
        text = _("Choose a subscription type: without it we cannot tell who agreed to this mailing.")
        yield error("type_missing", text, "setup", "subscription_type")
