"""The wizard's frame in templates: `{% wizard_frame mailing step as frame %}`."""

from django import template

from mailings import wizard
from mailings.models import Mailing

register = template.Library()


@register.simple_tag
def wizard_frame(mailing: Mailing, here: str) -> wizard.Frame:
    """Give the step bar around a step of this mailing."""
    return wizard.frame(mailing, here)
