"""From and Reply-To of the person among us who knows the recipient: copied into each message when the audience is frozen.

A contact of the person goes before that of the company. From is taken over only within the From domain of the mailing, whose
keys sign and whose account sends; for everybody else it stays what the mailing says.
"""

from collections.abc import Mapping

from mailings.models import Mailing

Whose = Mailing.Whose
_OF_PERSON: Mapping[str, str] = {Whose.SALES: "our_contact_id", Whose.SUPPORT: "support_contact_id"}


def kept_sql(mailing: Mailing, parameters: dict[str, object]) -> dict[str, str]:
    """Give the SQL over p (person) of what a message keeps: {key: expression}; nothing where it is always the same."""
    kept: dict[str, str] = {}
    if mailing.from_whose in _OF_PERSON:
        parameters["from_domain"] = mailing.from_address.rpartition("@")[2].lower()
        at_home = "AND split_part(lower(u.email), '@', 2) = %(from_domain)s"
        kept["_from"] = _of(mailing.from_whose, "u.email", at_home)
        kept["_from_name"] = _of(mailing.from_whose, _NAME, at_home)
    if mailing.reply_whose in _OF_PERSON:
        kept["_reply_to"] = _of(mailing.reply_whose, "u.email")
        kept["_reply_to_name"] = _of(mailing.reply_whose, _NAME)
    return kept


def missing_sql(whose: str) -> str:
    """Give the SQL over p that is empty for whom has no such contact."""
    return _of(whose, "u.email")


_NAME = "concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, ''))"


def _of(whose: str, what: str, also: str = "") -> str:
    column = _OF_PERSON[whose]
    company = f"(SELECT c.{column} FROM recipients_company c WHERE c.id = p.company_id)"  # noqa: S608
    return f"""coalesce((SELECT {what} FROM auth_user u
        WHERE u.id = coalesce(p.{column}, {company}) AND u.is_active AND u.email <> '' {also}), '')"""  # noqa: S608 our own words
