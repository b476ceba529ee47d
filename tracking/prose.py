"""Reading delivery reports that are written for people: whom they are about, and which of their words are about whom.

Mail systems each have their own form; what they share is few: a line with little more than the address, an address after
certain words, Sendmail's transcript lines, or the fields of RFC 3464 set as plain text. Pure.

Forms read for the tables: qmail-send, Exim `deliver.c`, Postfix, Sendmail 5 to 8, Courier, Exchange 5 to 2007, Domino,
Gmail, Yahoo, Zoho, MessagingServer/PMDF, IMail, MailMarshal, InterScan, McAfee, mFILTER, Biglobe, EZweb and KDDI, DragonFly.
"""

import re
from collections.abc import Iterator

MOST_RECIPIENTS = 50
# Where the returned letter begins in a report that is not MIME, or lies about it.
RETURNED = re.compile(
    r"^(?:[-=_*+> ]{2,}\s*(?:(?:this is a copy of|original|returned|begin of|unsent|the (?:original|header)|below this line|"
    r"included|copy|forwarded|body of|headers? of|message header|undelivered|enclosed)[^\n]{0,80})|"
    r"(?:original message(?: (?:follows|headers))?\b|the (?:message|header|text of your|original message)[^\n]{0,40}follows|"
    r"message headers? follows?|your original message headers|below is a copy|content-type: *(?:message/rfc822|text/rfc822-headers)|"
    r"return-path: |received: (?:from|by) )[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
LOCAL = r"(?:[\w.!#$%&'*+/=?^`{|}~-]{1,64}|\"[^\"\s@]{1,64}\")"
ADDRESS = re.compile(LOCAL + r"@(?:(?:[\w-]{1,63}\.)+[\w-]{2,63}|[\w-]{1,63}(?=>))", re.ASCII)
FAILED_LINE = re.compile(  # a line that holds little more than the failed address
    r"^\W{0,6}(?:(?:to|recipient|failed recipient|recipient address|address|user|rcpt to|unable to deliver to|delivery to|"
    r"mailbox)\b(?=[:\s]))?\W{0,6}(?:rfc822;|smtp:)?\W{0,3}(?P<address>" + ADDRESS.pattern + r")[>\])'\"]{0,2}"
    r"(?:[\s:.,;(\[-]|$)",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)
NAMED = re.compile(  # an address after words that say it failed
    r"(?:undeliverable to|could not be delivered to|not delivered to|error delivering your mail to|unable to deliver (?:to|mail to)|"
    r"not a member of this mailing list|delivery to|your (?:message|mail|e-mail) to|rejected your message to the following e-?mail "
    r"addresses|recipients? (?:were|was) affected|following (?:recipients?|address(?:es)?)[^\n<@]{0,60}):?"
    r"[\s<'\"*(]{1,12}(?P<address>" + ADDRESS.pattern + r")",
    re.IGNORECASE | re.ASCII,
)
TRANSCRIPT = re.compile(  # Sendmail: "550 5.1.1 <ada@example.org>... User unknown"
    r"^(?P<code>[245]\d\d)[ -](?:[245]\.\d+\.\d+ )?<?(?P<address>" + ADDRESS.pattern + r")>?\.\.\. (?P<said>[^\n]+)",
    re.MULTILINE | re.ASCII,
)
ASKED = re.compile(r"rcpt to:\W{0,3}(?P<address>" + ADDRESS.pattern + r")", re.IGNORECASE | re.ASCII)
REPLY = re.compile(r"(?<![\w.@-])(?:[45]\d\d[ -](?=\D|[45]\.)|[45]\.\d{1,3}\.\d{1,3}(?![.\d]))")
HEADER = re.compile(r"^[ \t]*(?:from|to|cc|reply-to|sender|subject|date|message-id)\s?:", re.IGNORECASE)
FIELD = re.compile(
    r"^[ \t>]{0,4}(original-recipient|final-recipient|action|status|diagnostic-code|x-actual-recipient):[ \t]*(.*)$",
    re.IGNORECASE,
)
INTENDED = re.compile(
    r"^to:[^\n@]{0,80}?(?P<address>" + ADDRESS.pattern + r")", re.IGNORECASE | re.MULTILINE | re.ASCII
)


def before_the_letter(text: str) -> str:
    """The report's own words, up to where the returned letter begins."""
    found = RETURNED.search(text)
    if not found or found.start() == 0:
        return text
    start = found.start()
    if found.group(0)[:1] in "rR":  # among headers: the letter begins with the first of them
        start = text.rfind("\n\n", 0, start) + 1 or start
    return text[:start]


def reply(words: str) -> str:
    """What the other server answered, as far as a report quotes it: from its code to the end of the paragraph."""
    found = REPLY.search(words)
    return words[found.start() :].partition("\n\n")[0] if found else ""


def fields(text: str) -> list[dict[str, str]]:
    """Blocks of RFC 3464 fields that stand in plain text, one per recipient."""
    if "-recipient" not in text.lower():
        return []
    blocks: list[dict[str, str]] = []
    last = ""
    for line in text.splitlines():
        if found := FIELD.match(line):
            last = found.group(1).lower()
            begins = last.endswith("-recipient") and (not blocks or blocks[-1].get("closed") or last in blocks[-1])
            if begins or not blocks:
                blocks.append({})
            blocks[-1].setdefault(last, found.group(2).strip())
        elif last == "diagnostic-code" and line[:1] in " \t" and line.strip():
            blocks[-1][last] += " " + line.strip()
        else:
            last = ""
            if blocks and not line.strip():
                blocks[-1]["closed"] = "yes"
    return [block for block in blocks if "final-recipient" in block or "original-recipient" in block][:MOST_RECIPIENTS]


def failures(words: str, *, known: list[str], not_: set[str]) -> list[tuple[str, str]]:
    """(address, words about it) for every recipient a report in prose names. `not_`: whoever the report was sent to."""
    if found := [(one["address"], f"{one['code']} {one['said']}") for one in TRANSCRIPT.finditer(words)]:
        return list(dict(found).items())[:MOST_RECIPIENTS]
    addresses = known or _addresses(words, not_)
    if len(addresses) == 1:
        return [(addresses[0], words)]
    return [(address, about(words, address)) for address in addresses[:MOST_RECIPIENTS]]


def named(words: str) -> str:
    """The first address that the words call failed."""
    found = NAMED.search(words) or FAILED_LINE.search(words) or ASKED.search(words)
    return found["address"] if found else ""


def intended(text: str) -> str:
    """Whom a returned letter was written to, when it was one person."""
    found = {match["address"] for match in INTENDED.finditer(text)}
    return found.pop() if len(found) == 1 else ""


def about(words: str, address: str) -> str:
    """The lines after the address, up to the next line that names another."""
    start = words.find(address) if address else -1
    if start < 0:
        return words
    following = words[start + len(address) :]
    other = next((found for found in FAILED_LINE.finditer(following) if found["address"] != address), None)
    return following[: other.start()] if other else following


def _addresses(words: str, not_: set[str]) -> list[str]:
    lines = (found for found in FAILED_LINE.finditer(words) if not HEADER.match(found.group(0).lstrip("\n")))
    for finds in (lines, NAMED.finditer(words), ASKED.finditer(words), FAILED_LINE.finditer(words)):
        if addresses := _of(finds, not_):
            return addresses
    others = _of(ADDRESS.finditer(words), not_)[:1]
    return others or (_addresses(words, set()) if not_ else [])  # or it was sent to oneself


def _of(finds: Iterator[re.Match[str]], not_: set[str]) -> list[str]:
    addresses = (found.groupdict().get("address") or found.group(0) for found in finds)
    return list(dict.fromkeys(address for address in addresses if address.lower() not in not_))
