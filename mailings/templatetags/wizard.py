"""The wizard's frame in templates, `{% wizard_frame mailing step as frame %}`, and texts with their variables as words."""

from collections.abc import Sequence

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from mailings import cascade, wizard
from mailings.models import Mailing
from mailings.rendering import variables
from mailings.rendering.variables import Fork, Piece

register = template.Library()


@register.simple_tag
def wizard_frame(mailing: Mailing, here: str) -> wizard.Frame:
    """Give the step bar around a step of this mailing."""
    return wizard.frame(mailing, here)


@register.simple_tag
def channels_of(mailing: Mailing) -> Sequence[cascade.Share]:
    """Give what each channel did where a mailing has other channels behind it."""
    return cascade.shares(mailing)


@register.filter
def in_words(text: str) -> SafeString:
    """Show a line with its variables as chips, never as brackets."""
    return format_html_join("", "{}", ((_piece(piece),) for piece in variables.parse(text).pieces))


def _piece(piece: Piece) -> str | SafeString:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Fork):
        return format_html('<span class="var">{}</span>', str(piece).strip("[]"))
    otherwise = (
        format_html("<small>{}</small>", _("or %(words)s") % {"words": piece.fallback}) if piece.fallback else ""
    )
    pattern = format_html("<small>{}</small>", piece.pattern) if piece.pattern else ""
    return format_html('<span class="var">{}{}{}</span>', piece.variable.label, pattern, otherwise)
