"""On which legal basis an entry rests when nobody says so: plain data. GDPR Art. 6(1), and HubSpot's values for it."""

from consent.rules import Kind

CONSENT = "consent"
BY_SOURCE = {
    "purchase": "legitimate-interest-customer",
    "contract": "legitimate-interest-customer",
    "active_member": "legitimate-interest-customer",
    "own_form": "legitimate-interest-prospect",
    "ad_response": "legitimate-interest-prospect",
    "event_own_contact": "legitimate-interest-prospect",
    "donation_volunteer": "legitimate-interest-other",
}


def of(source: str, kind: Kind) -> str:
    """Give the code of the basis: an explicit yes is consent; what was only given for some business is an interest."""
    if kind is Kind.EXPLICIT:
        return CONSENT
    return BY_SOURCE.get(source, "") if kind is Kind.IMPLICIT else ""
