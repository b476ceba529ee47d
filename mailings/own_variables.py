"""The house's own fields as merge variables: `[[customer.x_shoe_size]]`, `[[company.x_fleet]]`."""

from collections.abc import Iterable

from mailings.rendering.variables import Variable
from recipients.models import CustomField

GROUPS = {CustomField.Of.PERSON: "customer", CustomField.Of.COMPANY: "company"}
EXAMPLES = {
    CustomField.Kind.TEXT: "Abc",
    CustomField.Kind.NUMBER: "42",
    CustomField.Kind.DATE: "23-11-2026",
    CustomField.Kind.YESNO: "ja",
}


def variables() -> Iterable[Variable]:
    """Yield a variable for each field."""
    for field in CustomField.objects.order_by("of", "position", "pk"):
        name = f"{GROUPS[CustomField.Of(field.of)]}.x_{field.key}"
        example = field.choices[0] if field.choices else EXAMPLES.get(CustomField.Kind(field.kind), "Abc")
        yield Variable(name, field.name, example, name)
