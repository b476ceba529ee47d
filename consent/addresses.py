"""E-mail addresses in the one form in which consent is bound to them.

The form: trimmed, NFC, the whole address in lower case, the domain as an A-label. Dots and plus tags stay:
`ada+news@example.org` and `ada@example.org` are two addresses.
"""

import re
import unicodedata
from collections.abc import Collection

import email_validator
from django.utils.translation import gettext_lazy as _

LONGEST_LOCAL = 64  # RFC 5321 4.5.3.1.1
LONGEST = 254  # a path is at most 256 octets with its angle brackets, RFC 5321 4.5.3.1.3

# Nearly every address is of this shape and is known to be good at once; everything else takes the slow way.
COMMON = re.compile(
    r"[a-z0-9_+\-]++(?:\.[a-z0-9_+\-]++)*+@(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}", re.ASCII
).fullmatch

AROUND = " \t\r\n\f\v\u00a0\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f"
TAG = re.compile(r"\+.*", re.DOTALL)

ROLES_IN_ENGLISH = """
info marketing sales support abuse noc security postmaster hostmaster usenet news webmaster www uucp ftp
admin administrator office contact help billing jobs hr team noreply no-reply
"""  # RFC 2142, and what it forgot
ROLES_IN_DUTCH = """
administratie boekhouding facturen directie inkoop verkoop klantenservice receptie secretariaat vacatures
redactie planning algemeen
"""
ROLES = frozenset((ROLES_IN_ENGLISH + ROLES_IN_DUTCH).split())


class InvalidAddress(ValueError):
    """The text is no address we can mail to; the message says what is wrong, fit to show a person."""


def normalise(text: str) -> str:
    """Give the address in the form consent is bound to, or say what is wrong with it (`InvalidAddress`).

    Local part at most 64, the whole at most 254 characters; a local part outside ASCII is refused because
    servers without SMTPUTF8 cannot be told it (RFC 6531).
    """
    address = text.strip(AROUND).lower()
    if COMMON(address) and len(address) <= LONGEST and address.index("@") <= LONGEST_LOCAL and "--" not in address:
        return address
    return _with_care(unicodedata.normalize("NFC", text.strip(AROUND)))


def of_any_channel(text: str) -> tuple[str, str]:
    """Give the channel and the one form of what was typed: what begins with + is a telephone number. Raises InvalidAddress."""
    if "@" in text or not text.strip().startswith("+"):
        return "email", normalise(text)
    number = text.translate(_MARKS)
    if NUMBER(number) is None:
        raise InvalidAddress(str(_("A telephone number is written as +31612345678")))
    return "sms", number


_MARKS = str.maketrans("", "", " -.()/")


def is_role(address: str, roles: Collection[str] = ROLES) -> bool:
    """Say whether a normalised address is a mailbox of a function ("info@"), not of a person.

    By list and after removing a plus tag; never by substring: `infodag@` is personal.
    """
    local = TAG.sub("", address.rpartition("@")[0]).lower()
    return local in roles or local.endswith("-request")


def has_shape(address: str, channel: str = "email") -> bool:
    """Say whether a stored text has the shape of an address: one @, something before it, a dot after it, no space.

    A number for SMS is written as E.164 has it; a postal address is any text. The gate asks this of every candidate,
    as a net below `normalise`; the same conditions stand there in SQL.
    """
    if channel == "sms":
        return NUMBER(address) is not None
    if channel == "letter":
        return address.strip(" ") != ""
    return SHAPE(address) is not None and address.count("@") == 1 and " " not in address


SHAPE = re.compile(r".@..*\..", re.DOTALL).search  # LIKE '%_@_%._%'
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII).fullmatch
PRINTABLE = re.compile(r"[!-~]+").fullmatch


def masked(address: str) -> str:
    """Show an address so that its owner knows it and nobody else does: h•••a@example.org, +31•••78."""
    if address.startswith("+"):
        return f"{address[:3]}•••{address[-2:]}"
    local, _at, domain = address.rpartition("@")
    return f"{local[:1]}•••{local[-1:] if len(local) > 2 else ''}@{domain}"


def _with_care(text: str) -> str:
    """Check an uncommon address step by step, so that the first mistake gets its own sentence."""
    if mistake := _shape_mistake(text):
        raise InvalidAddress(mistake)
    local, _at, domain = text.rpartition("@")
    if mistake := _local_mistake(local) or _domain_mistake(domain):
        raise InvalidAddress(mistake)
    try:
        checked = email_validator.validate_email(
            f"{local}@{domain}", allow_smtputf8=False, check_deliverability=False, globally_deliverable=False
        )
    except email_validator.EmailNotValidError as error:
        raise InvalidAddress(str(_unknown_mistake(error))) from error
    address = f"{checked.local_part}@{checked.ascii_domain}".lower()
    if len(address) > LONGEST:
        raise InvalidAddress(str(_("The address is longer than 254 characters")))
    if not has_shape(address) or not PRINTABLE(address):
        raise InvalidAddress(str(_("This is not an e-mail address")))
    return address


def _unknown_mistake(error: email_validator.EmailNotValidError) -> str:
    if isinstance(error, email_validator.EmailSyntaxError) and "after the @" in str(error):
        return str(_("The part after the @ is not a domain name"))
    return str(_("This is not an e-mail address"))


def _shape_mistake(text: str) -> str:
    """Name what is wrong with the whole: nothing there, a name with it, two addresses, no @."""
    if not text:
        return str(_("There is no address"))
    if len(text) > (LONGEST if text.isascii() else 4 * LONGEST):
        return str(_("The address is longer than 254 characters"))
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") for character in text):
        return str(_("There is a line break or an invisible character in the address"))
    if "<" in text or ">" in text:
        return str(_("Give only the address, without a name and without < >"))
    if text.lower().startswith("mailto:"):
        return str(_("Give only the address, without “mailto:”"))
    if "@" not in text:
        return str(_("There is no @ in it"))
    if re.search(r"@[^@]*[,;\s]+[^@]*@", text):
        return str(_("There are two addresses here; give one"))
    if text.count("@") > 1:
        return str(_("There is more than one @ in it"))
    if re.search(r"\s", text):
        return str(_("There is a space in the address"))
    return ""


def _local_mistake(local: str) -> str:
    if not local:
        return str(_("The part before the @ is missing"))
    if not local.isascii():
        strange = next(character for character in local if not character.isascii())
        return str(_("Mail servers refuse the letter “%s” before the @")) % strange
    if len(local) > LONGEST_LOCAL:
        return str(_("The part before the @ is longer than 64 characters"))
    if local.startswith(".") or local.endswith(".") or ".." in local:
        return str(_("A dot stands in the wrong place before the @"))
    return ""


def _domain_mistake(domain: str) -> str:
    if not domain:
        return str(_("The part after the @ is missing"))
    if domain.startswith("["):
        return str(_("A number is no mail domain; give its name"))
    dotted = re.sub("[。．｡]", ".", domain)  # the dots of IDNA, UTS 46
    if "." not in dotted:
        return str(_("A dot is missing after the @"))
    if dotted.startswith(".") or dotted.endswith(".") or ".." in dotted:
        return str(_("A dot stands in the wrong place after the @"))
    if dotted.rpartition(".")[2].isdigit():
        return str(_("A number is no mail domain; give its name"))
    return ""
