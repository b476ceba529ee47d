"""What a mail server means when it says no: its code, status and words into one category with one effect.

Sources: RFC 3463 and its successors 5248, 7372, 7505 for the statuses; servers' own words for the rest. The words overrule
the code: of real bounces with a status 5.x.x only four in ten are about a dead address (reference, section 4). When in doubt
it is not the address's fault: a living reader is worth more than one mail too many.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    DEAD_ADDRESS = "dead_address"
    INACTIVE = "inactive"
    FULL = "full"
    TRANSIENT = "transient"
    BLOCK_SENDER = "block_sender"
    AUTH = "auth"
    CONTENT = "content"
    CONFIG = "config"
    AUTO_REPLY = "auto_reply"
    CHALLENGE = "challenge"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    UNKNOWN = "unknown"


# No effect at all on the message: it was not returned.
NOT_A_BOUNCE = {Category.AUTO_REPLY, Category.CHALLENGE, Category.DELAYED, Category.DELIVERED}
# About the sender or the letter, never about the address: never suppress anybody for these.
SENDERS_FAULT = {Category.BLOCK_SENDER, Category.AUTH, Category.CONTENT, Category.CONFIG}


@dataclass(frozen=True, slots=True)
class Refusal:
    category: Category
    status: str  # enhanced status "5.1.1", or "" when none was said
    code: str  # SMTP reply code "550", or ""


# "User unknown" once the letter itself was read is a filter in disguise: so answer the Japanese carriers, and many others.
AFTER_DATA = re.compile(
    r"end of data|end of message|reply to (?:end of )?data|(?:after|in response to) data|>>> (?:data|\.)(?!\w)",
    re.IGNORECASE,
)
STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
CODE = re.compile(r"(?:^|[\s:;(<\"'])#?([245][0-5]\d)(?=[\s\-#:;,.)]|$)")


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


# The first match wins: what is about the sender comes before what is about the mailbox, because blocked mail is often
# refused with "user unknown" codes; a full or sleeping mailbox comes before a dead one for the same reason.
SAID: list[tuple[Category, re.Pattern[str]]] = [
    (Category.CONFIG, _words(r"relay\w* (?:access )?(?:was |is )?(?:denied|not permitted|prohibited)|unable to relay")),
    (
        Category.TRANSIENT,  # a name that could not be looked up today is not a name that does not exist
        _words(r"not found, try again|name service error.{0,80}try again|tempor\w+ (?:dns|lookup|name|resol)"),
    ),
    (
        Category.AUTH,
        _words(
            r"\bdmarc\b",
            r"\bdkim\b",
            r"\bspf\b",
            r"sender policy framework",
            r"domainkeys",
            r"unauthenticated (?:e-?mail|senders?)",
            r"(?:does not|doesn't|fail\w*) (?:pass )?(?:meet )?(?:the )?(?:required )?authentication",
            r"email (?:is|was) (?:rejected|refused) per \w+ policy",
            r"lacks? (?:valid )?authentication",
        ),
    ),
    (
        Category.CONTENT,
        _words(
            r"\bvir(?:us|uses|ii)\b",
            r"malware",
            r"\bphish",
            r"(?:identified|detected|classified|regarded|considered|looks like|marked|tagged|rejected|scored?) "
            r"(?:it )?(?:as |to be |like |by |for )?(?:an? )?(?:possible |probable |potential )?(?:spam|junk|unsolicited)",
            r"\bspam\b.{0,30}(?:detect|content|score|filter|message|reject|found|assassin)",
            r"(?:detect|score|reject)\w*.{0,20}\bspam\b",
            r"message (?:content|contains|body)\b.{0,40}(?:reject|refus|block|not (?:allowed|accept)|prohibit|violat|spam)",
            r"content (?:reject|block|filter|violat|denied|is not)",
            r"(?:message|mail|body|header|letter|size)\b.{0,40}(?:too (?:big|large|long)|exceed\w* .{0,30}(?:size|limit))",
            r"exceed\w* .{0,40}(?:message|mail) size|size limit|maximum (?:message |allowed )?size|over ?size",
            r"(?:attachment|file type|extension).{0,40}(?:not allowed|block|reject|prohibit|forbidden)",
            r"suspicious (?:content|url|link|attachment)",
            r"unsolicited (?:bulk |mass )?(?:e-?mail|messages?|content)",
            r"improper(?:ly)? (?:format|use)|malformed|non-?ascii|8-?bit|headers? (?:is|are) (?:missing|invalid|not)",
            r"RFC ?\d{3,4}.{0,20}(?:complian|violat|conform)|\b(?:missing|duplicate|multiple) .{0,20}headers?\b",
        ),
    ),
    (
        Category.BLOCK_SENDER,
        _words(
            r"black ?list|block ?list|\brbl\b|\bdnsbl\b|\bbl[ao]cked (?:by|using|for|due|because|from|at|see|since)",
            r"spamhaus|spamcop|sorbs|barracudacentral|proofpoint|cloudmark|senderbase|abuseat|mail-abuse|\bcbl\b|uceprotect",
            r"invalid ip\b|reputation|senderscore|(?<!not )listed (?:in|on|at|by) ",
            r"(?:reverse|inverse) (?:dns|lookup|mapping|hostname|address)|\br?dns ptr|\bptr\b|no (?:valid )?host ?name",
            r"(?:cannot|unable to|could not|couldn't|does not|failed to|can't) (?:find|resolve) (?:your |the )?"
            r"(?:reverse |sender |sender's |client |connecting )?(?:hostname|host name|ip|rdns)",
            r"helo|ehlo|dynamic (?:ip|address|pool|host)|residential",
            r"(?:too many|rate|limit|excessive|max\w*).{0,30}(?:connections?|messages?|mails?|sessions?|recipients|"
            r"from your|concurren|throttl|requests?)",
            r"(?:your|sending|client|this|sender|source|connecting|originating) (?:ip|server|host|network|"
            r"mail ?server|system|domain|e-?mail)\b.{0,60}(?:block|refus|reject|den|ban|restrict|not allowed|prohibit|listed|"
            r"suspici|spam|temporarily)",
            r"(?:access|connection|relaying|client host|sender|mail|message|transaction)s? (?:was |has been |were |is )?"
            r"(?:denied|refused|rejected|banned|prohibited|blocked|restricted|not permitted)(?! (?:recipient|user|: user))"
            r".{0,40}(?:polic|block|ip\b|ban|spam|administrat|your|client|host|sender|site|local)",
            r"throttl|deferred.{0,30}(?:user complaints|polic)|user complaints|unusual (?:rate|traffic)|suspicious",
            r"(?:not|isn't|n't) (?:allowed|permitted|authori[sz]ed|accept\w*)(?: mail)? .{0,20}(?:from|send)",
            r"polic(?:y|ies)|administrative(?:ly)? (?:prohibit|reject|den|block)|security (?:reasons?|violation)",
            r"is not allowed to send|restricted (?:address|recipient|group)|only accepts? (?:mail|messages) from",
            r"banned|refused by (?:recipient|user|filter|rule)|bounce filter|you are not welcome",
            r"bad (?:sender|reverse)|sender (?:address )?(?:rejected|refused|denied|unknown|not (?:exist|found))|"
            r"domain of sender|envelope sender|invalid sender|mail from\b.{0,30}(?:reject|refus|den|invalid)",
            r"we (?:do not|don't) accept mail|open (?:proxy|relay)",
            r"(?:mail|message|connection|service|access|request) (?:was |is |has been )?(?:refused|denied|rejected|blocked|"
            r"not accepted) ?(?:\.|$|-|,|\()",
        ),
    ),
    (
        Category.INACTIVE,
        _words(
            r"(?:account|mailbox|user|address|recipient|maildrop|inbox|customer|e-?mail)\b.{0,50}(?:disabled|suspend|"
            r"inactive|deactivated|locked|frozen|dormant|discontinued|not active|temporarily unavailable|expired|"
            r"is closed|over ?due|on hold)",
            r"(?:disabled|suspended|inactive|deactivated|locked|dormant|expired) (?:account|mailbox|user|address|recipient)",
            r"out of storage space and inactive",
        ),
    ),
    (
        Category.FULL,
        _words(
            r"(?:mail ?box|mail ?drop|inbox|account|user|recipient|storage|folder|disk|mail ?dir\w*|space|incoming|message"
            r" ?store)\b.{0,60}(?:full\b|quota|exceed\w*|over ?(?:its )?limit|over ?(?:stuffed|flow|drawn)|no (?:more )?"
            r"(?:space|room)|too many messages|maximum size|capacity|allotment|out of)",
            r"quota|over ?quota|(?:not enough|insufficient|no|out of) (?:storage|disk|mail ?box|system)? ?"
            r"(?:space|storage)\b|too much mail|is full\b|size .{0,20}mailbox",
        ),
    ),
    (
        Category.DEAD_ADDRESS,
        _words(
            r"(?:user|mail ?box|account|recipient|address\w*|e-?mail(?: address)?|name|alias|local ?part|rcpt|customer|"
            r"destination|maildrop|person|member|login|id|entry)\b[^.\n]{0,50}?\b(?:un ?known|not (?:be )?(?:found|exist\w*|"
            r"known|valid|listed|registered|recogni[sz]ed|a valid|in (?:directory|our|the)|local|here|our|handled|present|"
            r"available here|assigned|defined|configured|match\w*|associat\w*)|(?:does|do|did)(?:n't| not)(?: \w+)? exist|"
            r"no longer (?:valid|exist\w*|active|available|in use|with|at|a\b|works?|here|accept\w*|has|on|employ\w*)|"
            r"invalid|inval|nonexist\w*|non-exist\w*|isn't|undeliverable|illegal|bad|deleted|removed|terminated|cancell?ed|"
            r"unrecogni[sz]ed|incorrect|doesn't have|does not have|has no|obsolete|left|gone)",
            r"(?:unknown|no such|invalid|non-?exist\w*|bad|illegal|incorrect|unrecogni[sz]ed|undefined|unroutable|undeliverable|"
            r"no (?:valid |matching |local |known )?|not a valid|not our|wrong|un-?routeable|couldn't find|could not find|"
            r"cannot find|can't find|deleted|not found|closed|bogus) (?:local |virtual |remote |destination |e-?mail |"
            r"intended |final |mail |or illegal |active )*(?:alias|user|mail ?box|account|recipient|address(?:ee)?|name|person|"
            r"customer|member|id\b|local-?part|rcpt|maildrop|entry)s?\b",
            r"no such (?:user|person|address|mailbox|account|recipient|domain|host|customer|alias|member|local|addr|virtual)",
            r"does(?:n't| not) (?:have|like) (?:an? )?(?:account|mailbox|user|\w+ recipient|recipient)",
            r"no (?:mail ?box|account|user|one|recipient|address|person|mail ?drop) (?:here|by|with|of|for|under|found|at|"
            r"there|matching|name)",
            r"(?:there is|i have|we have) no .{0,20}(?:such|user|mail ?box|account|one|person|entry|recipient)",
            r"this user doesn't have an? \S+ account|no valid recipients|not listed in public name|ディレクトリのリストにありません|not our user",
            r"recipient address rejected: access denied",  # Microsoft 365 for somebody who does not exist (5.4.1)
            r"5\.1\.10|recipientnotfound|recipnotfound|nosuchuser|addressee unknown|adresse? (?:inconnue?|non valide|inexist)",
            r"(?:has|have) (?:moved|changed) .{0,40}(?:address|new|to)|new (?:e-?mail )?address is|(?:has|have) left (?:the|our)|"
            r"no longer (?:works?|employed|with us|on (?:the )?server)",
            r"(?:domain|host ?(?:name)?)\b.{0,60}(?:not found|un ?known|(?:does|do)(?:n't| not) exist|invalid|no(?:n|t) ?"
            r"exist\w*|cannot be found|could not be found|nxdomain|has no mail exchangers|no mail servers?)",
            r"(?:unknown|no such|invalid|non-?exist\w*|bad|illegal|unrouteable|unroutable) (?:mail )?(?:domain|host)",
            r"name or service not known|nxdomain|domain name (?:lookup|system).{0,30}(?:fail|no|not)|null mx|nullmx|"
            r"does(?:n't| not) accept (?:any )?(?:mail|e-?mail)(?: \(|\.|$)|couldn't find any host|"
            r"host or domain name not found(?!.{0,60}try again)",
            r"inconnu|unbekannt|desconocid[oa]|sconosciut[oa]|onbekend|bestaat niet|existiert nicht|n'existe pas|"
            r"no existe|nao existe|nepieejam|non esiste|ismeretlen|okänd|ukendt|neznám",
            r"宛先不明|存在しません|見つかりません|不存在|不明なユーザ",
        ),
    ),
    (
        Category.CONFIG,
        _words(
            r"relay\w* .{0,20}(?:denied|not|prohibit|refus|reject)|(?:not|unable to|cannot|won't) (?:permit\w* to )?relay|"
            r"relay access|(?:mail|routing) loop|loops? back|too many hops|hop count|hops exceeded|syntax error|"
            r"command (?:not|un)|bad sequence|not implemented|local configuration|config\w* error|mailer error|"
            r"rcpthosts|loop detected|system config",
        ),
    ),
    (
        Category.TRANSIENT,
        _words(
            r"gr[ea]ylist|try (?:again|later)|tempor(?:ar\w+|y)|later|timed? ?out|time-?out|connection (?:refused|reset|lost|"
            r"dropped|closed|failed)|no route|unreachable|too busy|resources|not available|unavailable|lookup fail|"
            r"queue\w* (?:too long|lifetime|expired)|delivery (?:time )?expired|too old|couldn't be delivered for|servfail|"
            r"retry|network|overload|down\b|not respond|4\.4\.|expired|in progress|I/O error|cannot append|disk|"
            r"unable to (?:connect|contact)|retries exceeded|giving up|not able to (?:connect|establish)",
        ),
    ),
]

# What the status says when the words say nothing. Class 4 with none of these is transient.
BY_STATUS: dict[str, Category] = {
    "1.1": Category.DEAD_ADDRESS,
    "1.2": Category.DEAD_ADDRESS,
    "1.3": Category.DEAD_ADDRESS,
    "1.4": Category.UNKNOWN,
    "1.6": Category.DEAD_ADDRESS,
    "1.7": Category.CONFIG,
    "1.8": Category.CONFIG,
    "1.9": Category.CONFIG,
    "1.10": Category.DEAD_ADDRESS,
    "2.1": Category.INACTIVE,
    "2.2": Category.FULL,
    "2.3": Category.CONTENT,
    "3.1": Category.FULL,
    "3.4": Category.CONTENT,
    "4.6": Category.CONFIG,
    "4.7": Category.TRANSIENT,
    "7.9": Category.AUTH,
    "7.515": Category.AUTH,
    "7.25": Category.BLOCK_SENDER,
    "7.27": Category.AUTH,
    "7.30": Category.AUTH,
    "7.32": Category.AUTH,
    **{f"7.{detail}": Category.AUTH for detail in (20, 21, 22, 23, 24, 26)},
}
BY_SUBJECT: dict[str, Category] = {  # the second figure, where no pair is listed
    "3": Category.TRANSIENT,
    "4": Category.TRANSIENT,
    "5": Category.CONFIG,
    "6": Category.CONTENT,
    "7": Category.BLOCK_SENDER,
}
# A class-4 answer never calls an address dead, but it may say full, inactive, blocked or unauthenticated.
TEMPORARY_MAY_SAY = {Category.FULL, Category.INACTIVE, Category.BLOCK_SENDER, Category.AUTH}


def classify(text: str, *, status: str = "", code: str = "") -> Refusal:
    """Say what a server's answer means. `text` are its words, at most a few lines; status and code override what it holds."""
    text = " ".join(text[:4000].split())
    status = status or _first(STATUS, text)
    code = code or _first(CODE, text)
    return Refusal(_category(text, status, code), status, code)


def _category(text: str, status: str, code: str) -> Category:
    kind = (status or code)[:1]
    if kind == "2":
        return Category.DELIVERED
    said = _said(text)
    if kind == "4" and said not in TEMPORARY_MAY_SAY:
        return Category.TRANSIENT
    by_status = _by_status(status)
    if said is None:
        return by_status or (Category.TRANSIENT if kind == "4" else Category.UNKNOWN)
    if said is Category.TRANSIENT and by_status is Category.DEAD_ADDRESS:
        return by_status  # "550 5.1.1 mailbox unavailable"
    if said is Category.DEAD_ADDRESS and read_the_letter(text, status):
        return Category.UNKNOWN
    return said


def _said(text: str) -> Category | None:
    return next((category for category, words in SAID if words.search(text)), None)


def _by_status(status: str) -> Category | None:
    _, _, pair = status.partition(".")
    return BY_STATUS.get(pair) or BY_SUBJECT.get(pair.partition(".")[0])


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found.group(1) if found else ""


def read_the_letter(text: str, status: str) -> bool:
    """True when the server refused after it had the letter, with a status that does not name the address."""
    return bool(AFTER_DATA.search(text)) and _by_status(status) is not Category.DEAD_ADDRESS


def says_nothing(text: str) -> bool:
    """True when the words alone give no category, so that more words are welcome."""
    return _said(" ".join(text[:4000].split())) is None
