"""Why a message is not sent, in words. Codes of the gate are explained by the gate."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEMPORARY = "temporary"
RENDER_ERROR = "render_error"
BAD_ADDRESS = "bad_address"
NO_ANSWER = "no_answer"
NODE_LOST = "node_lost"
GAVE_UP = "gave_up"
CANCELLED = "cancelled"
ERASED = "erased_since"
ADDRESS_CHANGED = "address_changed"
NOT_MOBILE = "not_mobile"
NEVER_ARRIVED = "never_arrived"

# the categories of tracking.refusals, as reasons of a failed message
REASONS: dict[str, str | Promise] = {
    TEMPORARY: _("The mail server said: not now. We try again by ourselves."),
    RENDER_ERROR: _("This person's details cannot be put into the mail."),
    BAD_ADDRESS: _("The address cannot be written on an envelope."),
    NO_ANSWER: _("Handed over, but the mail server's answer never came. We do not send it again by ourselves."),
    NODE_LOST: _("A machine stopped while this was on its way. We do not send it again by ourselves."),
    GAVE_UP: _("We tried for three days."),
    CANCELLED: _("The mailing was cancelled before its turn came."),
    ERASED: _("This person asked to be erased before their turn came."),
    ADDRESS_CHANGED: _("Their address changed before their turn came; consent was bound to the old one."),
    NEVER_ARRIVED: _("The answer never came, and the provider knows nothing of it: it was not handed over."),
    NOT_MOBILE: _("A landline, or a number that its owner pays for: it takes no text messages."),
    "resent": _("It failed, and was sent again since."),
    "dead_address": _("No such mailbox."),
    "inactive": _("The mailbox is not in use."),
    "full": _("The mailbox is full."),
    "transient": _("Refused for now, for good in the end."),
    "block_sender": _("The receiving side does not take mail from us."),
    "auth": _("The receiving side could not verify that the mail is ours."),
    "opted_out": _("They answered STOP to this number; the provider takes nothing for them until they answer START."),
    "content": _("The receiving side refused what the mail says, or its size."),
    "config": _("The receiving side is not set up to take this mail."),
    "unknown": _("Refused, for a reason we do not know."),
}
