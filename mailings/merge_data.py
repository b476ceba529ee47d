"""Which merge data a mailing needs, and where in the database each value stands. Values are copied as text at freeze."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mailings import contacts, editions
from mailings.models import Mailing
from mailings.rendering import variables

FULL_NAME = "concat_ws(' ', nullif(p.first_name, ''), nullif(p.middle_name, ''), nullif(p.last_name, ''))"
_CONTACT_NAME = "concat_ws(' ', nullif(contact.first_name, ''), nullif(contact.last_name, ''))"

# key in the data → SQL over p (person), company, contact (our user) and audience (address)
EXPRESSIONS: Mapping[str, str] = {
    "customer.firstname": "p.first_name",
    "customer.middlename": "p.middle_name",
    "customer.lastname": "p.last_name",
    "customer.name": FULL_NAME,
    "customer.salutation": f"coalesce(nullif({FULL_NAME}, ''), audience.address)",
    "customer.title": "p.title",
    "customer.email": "audience.address",
    "customer.phone": "coalesce(nullif(p.phone, ''), p.mobile)",
    "customer.cellphone": "p.mobile",
    "customer.street": "p.street",
    "customer.postcode": "p.postcode",
    "customer.city": "p.city",
    "customer.region": "p.region",
    "customer.note": "p.notes",
    "customer.language": "p.language",
    "customer.country": "p.country",
    "customer.id": "p.id::text",
    "company.name": "coalesce(company.name, '')",
    "company.city": "coalesce(company.city, '')",
    "company.country": "coalesce(company.country, '')",
    "company.website": "coalesce(company.website, '')",
    "company.adr": "coalesce(company.street, '')",
    "company.postcode": "coalesce(company.postcode, '')",
    "company.phone": "coalesce(company.phone, '')",
    "company.email": """coalesce((SELECT own.address FROM recipients_companyaddress own
        WHERE own.company_id = p.company_id ORDER BY own.rank LIMIT 1), '')""",
    "company.note": "coalesce(company.notes, '')",
    "company.id": "coalesce(p.company_id::text, '')",
    "company.ourContact.name": "concat_ws(' ', nullif(theirs.first_name, ''), nullif(theirs.last_name, ''))",
    "company.ourContact.email": "coalesce(theirs.email, '')",
    "ourContact.name": f"coalesce({_CONTACT_NAME}, '')",
    "ourContact.email": "coalesce(contact.email, '')",
    "supportContact.name": "concat_ws(' ', nullif(support.first_name, ''), nullif(support.last_name, ''))",
    "supportContact.email": "coalesce(support.email, '')",
    "sender.sales": contacts.missing_sql("sales"),  # no variables: counted by the last check
    "sender.support": contacts.missing_sql("support"),
    variables.ONLINE: "''::text",  # only the online version has it
    # of a form response: mailings.responses writes them; everybody else has none
    "form.name": "''::text",
    "form.answers": "''::text",
}
OWN = re.compile(r"(?P<of>customer|company)\.x_(?P<key>[a-z0-9_]{1,40})")  # custom fields, by key
COMPANY = "LEFT JOIN recipients_company company ON company.id = p.company_id"
JOINS: Mapping[str, str] = {
    "company.": COMPANY,
    "company.ourContact.": "LEFT JOIN auth_user theirs ON theirs.id = company.our_contact_id",
    "ourContact.": "LEFT JOIN auth_user contact ON contact.id = p.our_contact_id",
    "supportContact.": "LEFT JOIN auth_user support ON support.id = p.support_contact_id",
}


@dataclass(frozen=True)
class MergeData:
    """The SQL of one mailing's merge data: the joins it needs, and a jsonb object over them."""

    keys: tuple[str, ...]

    @property
    def joins(self) -> str:
        return " ".join(join for group, join in JOINS.items() if any(key.startswith(group) for key in self.keys))

    def is_empty_sql(self, key: str) -> str:
        """Give the SQL that says whether this value is empty."""
        return f"{expression(key)} = ''"

    def object_sql(self, extra: Mapping[str, str]) -> str:
        """Give the SQL that builds the object; `extra` adds reserved keys with their expressions."""
        values = {key: expression(key) for key in self.keys} | dict(extra)
        return "jsonb_build_object({})".format(", ".join(f"'{key}', {sql}" for key, sql in values.items()))


def of(mailing: Mailing) -> MergeData:
    """Say which values this mailing's words ask for. A name that merely stands in a text costs a few bytes, no more."""
    words = " ".join(
        " ".join((subject, preheader, sender, json.dumps(content)))
        for subject, preheader, sender, content in editions.said(mailing)
    )
    words += json.dumps(mailing.letter)
    return MergeData(keys=(*used_keys(words, EXPRESSIONS), *own_keys(words)))


def own_keys(words: str) -> tuple[str, ...]:
    """Give the house's own fields whose variable stands in these words, whether or not there still is such a field."""
    return tuple(dict.fromkeys(match.group() for match in OWN.finditer(words)))


def is_known(key: str) -> bool:
    """Whether a value of this name can be looked up."""
    return key in EXPRESSIONS or OWN.fullmatch(key) is not None


def expression(key: str) -> str:
    """Give the SQL of a value; that of a custom field is said as its kind asks, in the person's language."""
    if key in EXPRESSIONS:
        return EXPRESSIONS[key]
    match = OWN.fullmatch(key)
    if match is None:
        raise KeyError(key)
    value = f"{'p' if match['of'] == 'customer' else 'company'}.custom -> '{match['key']}'"
    text = value.replace(" -> ", " ->> ")
    return f"""CASE
        WHEN jsonb_typeof({value}) = 'boolean' THEN CASE WHEN ({text})::boolean
            THEN CASE p.language WHEN 'nl' THEN 'ja' ELSE 'yes' END
            ELSE CASE p.language WHEN 'nl' THEN 'nee' ELSE 'no' END END
        WHEN ({text}) ~ '^\\d\\d\\d\\d-\\d\\d-\\d\\d$'
            THEN concat_ws('-', substr({text}, 9, 2), substr({text}, 6, 2), substr({text}, 1, 4))
        ELSE coalesce({text}, '') END"""


def used_keys(words: str, known: Collection[str]) -> tuple[str, ...]:
    """Give the keys whose variable, by our name or SuperOffice's, stands in these words."""
    names = {key: {key} for key in known}
    for alias, name in variables.ALIASES.items():
        if name in names:
            names[name].add(alias)
    return tuple(key for key in known if any(name in words for name in names[key]))
