"""What the card of a person or a company shows, as words."""

from recipients import choices, custom, phones
from recipients.models import Company, Person


def shown(which: Person | Company) -> dict[str, object]:
    """Give what every part of the card needs."""
    home = which.home
    numbers = [
        (phones.said(row.number, home), row.number, row.get_kind_display()) for row in which.phones.order_by("rank")
    ]
    is_person = isinstance(which, Person)
    return {
        "card": which,
        "person" if is_person else "company": which,
        "is_person": is_person,
        "addresses": list(which.email_addresses.order_by("rank")),
        "mobile": phones.said(getattr(which, "mobile", ""), home),
        "phone": phones.said(which.phone, home),
        "numbers": numbers,
        "interests": which.interests.order_by("name"),
        "custom": custom.filled(which, custom.of("person" if is_person else "company")),
        "language_name": dict(choices.LANGUAGES).get(which.language, which.language) if which.language else "",
        "country_name": dict(choices.COUNTRIES).get(which.country, which.country) if which.country else "",
        "zone_name": which.time_zone.replace("_", " "),
        "may_change": f"recipients.change_{'person' if is_person else 'company'}",
    }
