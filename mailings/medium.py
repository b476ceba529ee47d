"""What differs per type of mailing, in one table: the channel that consent is asked for, the address, the steps, the content.

A new type is a row here, a form for its content, and a way out (mailings.channels, or files to print).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailings.letters import addresses as letter_addresses
from mailings.models import Mailing


class Content(StrEnum):
    """What a writer writes, and so which page step 3 is."""

    BLOCKS = "blocks"
    TEXT = "text"
    LETTER = "letter"  # blocks, too, in the frame of a letter


@dataclass(frozen=True, kw_only=True)
class Medium:
    """How a type of mailing reaches people. The SQL is our own text and takes no parameters."""

    channel: str  # consent.models.Channel: of the gate, of suppressions, of message rows
    addresses: str  # SQL of a table (person_id, address): where a message goes, one row per person at most
    all_addresses: str  # the same with every address a person has: consent holds while it is one of theirs
    company_addresses: str = ""  # SQL of a table (company_id, address); empty: companies are not written to
    lacking: str  # the hurdle of who has no such address: mailings.candidates.HURDLES
    refused: str = "false"  # SQL over p (person): objected elsewhere, and so is not written to here either
    content: Content
    rings: bool = False  # it makes a sound: marketing keeps the quiet hours of who gets it
    without: frozenset[str] = frozenset()  # steps of the wizard that it does not have


# Who objected to direct marketing (GDPR 21(2)) at an address of theirs gets no letters instead.
OBJECTED = """%(gate_is_marketing)s AND EXISTS (
        SELECT FROM recipients_emailaddress own JOIN consent_suppression s ON s.address = own.address
         WHERE own.person_id = p.id AND s.channel = 'email' AND s.reason = 'objection' AND s.released_at IS NULL)"""
EMAIL = Medium(
    channel="email",
    addresses="(SELECT person_id, address FROM recipients_emailaddress WHERE rank = 1)",
    all_addresses="(SELECT person_id, address FROM recipients_emailaddress)",
    company_addresses="(SELECT company_id, address FROM recipients_companyaddress WHERE rank = 1)",
    lacking="no_address",
    content=Content.BLOCKS,
)
RESPONSE = Medium(
    channel="email",
    addresses=EMAIL.addresses,
    all_addresses=EMAIL.all_addresses,
    lacking="no_address",
    content=Content.BLOCKS,
    without=frozenset({"recipients", "confirm"}),  # it has no list, and nothing to confirm
)
SMS = Medium(
    channel="sms",
    addresses="(SELECT id AS person_id, mobile AS address FROM recipients_person WHERE mobile <> '')",
    all_addresses="""(SELECT id AS person_id, mobile AS address FROM recipients_person
                       UNION ALL SELECT person_id, number FROM recipients_personphone)""",
    lacking="no_mobile",
    content=Content.TEXT,
    rings=True,
    without=frozenset({"template"}),
)
LETTER = Medium(
    channel="letter",
    addresses=letter_addresses.OF_PEOPLE,
    all_addresses=letter_addresses.OF_PEOPLE,
    company_addresses=letter_addresses.OF_COMPANIES,
    lacking="no_postal_address",
    refused=OBJECTED,
    content=Content.LETTER,
)
MEDIA: Mapping[str, Medium] = {
    Mailing.Type.EMAIL: EMAIL,
    Mailing.Type.SMS: SMS,
    Mailing.Type.DOCUMENT: LETTER,
    Mailing.Type.RESPONSE: RESPONSE,
}


def of(mailing: Mailing) -> Medium:
    """Give the row of this mailing's type."""
    return MEDIA[mailing.type]
