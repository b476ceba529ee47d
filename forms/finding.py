"""What the search box finds of forms."""

from collections.abc import Iterable

from django.urls import reverse

from forms.models import Form
from recipients import finding


def found(words: str, alike: bool) -> Iterable[finding.Hit]:  # noqa: FBT001 - the shape of a finder
    """Give the forms with such a name."""
    for form in finding.named(Form.objects.all(), words, alike=alike).order_by("-pk")[:5]:
        yield finding.Hit(form.name, "", reverse("webforms:form", args=[form.pk]))
