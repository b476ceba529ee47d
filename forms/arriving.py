"""Who comes to a form by a link in a mailing of ours: what their copy of the mailing was addressed to is filled in."""

from mailings.models import Message
from tracking import tokens


def known(token: str) -> dict[str, str]:
    """Give what we may fill in, by kind of field: name, address, company. Nothing for a forged token, a test or an
    erased person. A mailing that was passed on tells no more than it said already.
    """
    try:
        mailing, number = tokens.read("form", token)
    except tokens.BadToken:
        return {}
    message = Message.objects.filter(pk=number, mailing=mailing).select_related("person__company").first()
    if message is None or not message.address:
        return {}
    said = {"email": message.address} if message.channel == "email" else {}
    if (person := message.person) is not None:
        company = person.company.name if person.company else ""
        said |= {"first_name": person.first_name, "last_name": person.last_name, "company": company}
    return {kind: value for kind, value in said.items() if value}
