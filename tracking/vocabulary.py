"""What mail servers say, as data: words, statuses and the codes of single providers, each with the category it means.

Sources: RFC 3463 with 5248, 6710, 7372, 7504, 7505 and 8616 for the statuses; Microsoft's list of non-delivery reports,
Google's SMTP error reference, and the postmaster pages of Yahoo, Apple, Orange/La Poste, GoDaddy, Cox and Tencent for their own codes; the
messages of Postfix, Exim, Sendmail, qmail, Courier, Exchange, Domino and others for the words, with the phrase tables of
Sisimai (BSD-2-Clause) as a check list. A new phrase goes here, with a row in the tests.
"""

import re
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
    OPTED_OUT = "opted_out"
    AUTO_REPLY = "auto_reply"
    CHALLENGE = "challenge"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    UNKNOWN = "unknown"


# No effect at all on the message: it was not returned.
NOT_A_BOUNCE = {Category.AUTO_REPLY, Category.CHALLENGE, Category.DELAYED, Category.DELIVERED}
# About the sender or the letter, never about the address: never suppress anybody for these.
SENDERS_FAULT = {Category.BLOCK_SENDER, Category.AUTH, Category.CONTENT, Category.CONFIG}


def _words(*alternatives: str) -> re.Pattern[str]:
    """A pattern for words in lower case: looking without regard to case would take four times as long."""
    return re.compile("|".join(alternatives))


# Said of an address that does not exist, whatever the step: there is no host, the person moved, the directory has no entry.
DEAD_WHEREVER_SAID = _words(
    r"\b(?:domain|host)(?: ?names?)?\b[^:;\[]{0,40}?(?:not found|un ?known|(?:does|do)(?:n'?t| not) exist|cannot be found|"
    r"could not be found|nxdomain|has no mail exchangers?|must exist)",
    r"(?:unknown|no such|non-?exist\w*|unroutable|unrouteable) (?:mail )?(?:domain|host|address)|un-?route?able",
    r"name or service not known|nxdomain|null mx|nullmx|does(?:n't| not) accept (?:any )?(?:mail|e-?mail)(?: \(|\.|$)",
    r"couldn't find any host|no mx record found|lookups? failed permanently|mx records point to non-existent|"
    r"indicated no smtp service|dns error: (?:domain name not found|dns server returned answer with no data)",
    r"(?:has|have) (?:moved|changed) .{0,40}(?:address|new|to)|new (?:e-?mail )?address is|has been replaced by|"
    r"(?:has|have) left (?:the|our)|no longer (?:works?|employed|with us|on (?:the |our |this )?server)",
    r"not listed in (?:the )?(?:\w+ )?(?:directory|public name|name & address)|ディレクトリ(?:のリストにありません|には見つかりません)",
    r"recip(?:ient)?notfound|resolver\.adr\.|smtp address not found|no valid recipients for this mm|user not exist",
    r"no mailbox here by that name|recipient address rejected: access denied|this user doesn't have a \S+ account.{0,60}mta\d",
)


# The first match wins: what is about the sender comes before what is about the mailbox, because blocked mail is often
# refused with "user unknown" codes; a full or sleeping mailbox comes before a dead one for the same reason.
SAID: list[tuple[Category, re.Pattern[str]]] = [
    (  # so Microsoft 365 refuses somebody who is not in the directory (5.4.1), and qmail-toaster a bad recipient
        Category.DEAD_ADDRESS,
        _words(
            r"(?<!all )recipient address rejected: access denied|isn't in my (?:list of allowed rcpthosts|validrcptto)|"
            r"invalid recipient\b|unknown recipient|\bbadrcptto",
        ),
    ),
    (Category.CONFIG, _words(r"relay\w* (?:access )?(?:was |is )?(?:denied|not permitted|prohibited)|unable to relay")),
    (
        Category.TRANSIENT,  # a name that could not be looked up today is not a name that does not exist
        _words(
            r"receiving mail (?:at a rate|too quickly)|^connect to \S+: (?:connection|network|no route)|lost connection with|message expired|unexpected name server reply",
            r"not found, try again|name service error.{0,80}try again|tempor\w+ (?:dns|lookup|name|resol)",
        ),
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
            r"likely (?:unsolicited|spam|suspicious)",
            r"\bvir(?:us|uses|ii)\b",
            r"malware",
            r"\bphish",
            r"(?:identified|detected|classified|regarded|considered|looks like|marked|tagged|rejected|scored?) "
            r"(?:it )?(?:as |to be |like |by |for )?(?:an? )?(?:possible |probable |potential )?(?:spam|junk|unsolicited)",
            r"\bspam\b.{0,30}(?:detect|content|score|filter|message|reject|found|assassin)",
            r"(?:detect|score|reject)\w*.{0,20}\bspam\b",
            r"message (?:content|contains|body)\b.{0,40}(?:reject|refus|block|not (?:allowed|accept)|prohibit|violat|spam)",
            r"content (?:reject|block|filter|violat|denied|is not)",
            r"(?:message|mail|body|header|letter|size)\b(?! has been in the queue).{0,40}(?:too (?:big|large|long)|exceed\w* .{0,30}(?:size|limit))",
            r"exceed\w* .{0,40}(?:message|mail) size\b|(?<!mailbox )size limit|maximum (?:message |allowed )?size|over ?size",
            r"(?:attachment|file type|extension).{0,40}(?:not allowed|block|reject|prohibit|forbidden)",
            r"suspicious (?:content|url|link|attachment)",
            r"unsolicited (?:bulk |mass )?(?:e-?mail|messages?|content)",
            r"improper(?:ly)? (?:format|use)|malformed|non-?ascii|8-?bit|headers? (?:is|are) (?:missing|invalid|not)",
            r"rfc ?\d{3,4}.{0,20}(?:complian|violat|conform)|\b(?:missing|duplicate|multiple) .{0,20}headers?\b",
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
            r"(?:too many|\brate\b|limit|excessive|max\w*).{0,30}(?:connections?|messages?|mails?|sessions?|recipients|"
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
            r"(?:sender|from:?|mail from:?|originat\w+)\b[^.\n]{0,30}(?:domain|address)\b.{0,40}(?:not (?:exist|found|resolve|valid)|"
            r"invalid|empty|unknown|must exist|not be found|no mx)|mail from:? domain|invalid domain, see|no rdns|sender is |"
            r"sender (?:not|verify|verification|domain|is) |unrout\w+ sender|mail from not owned|bogus mail from|"
            r"(?:null|empty|blank)(?: envelope)? senders?|emetteur invalide|email address is not verified|fully qualified",
            r"\bbatv\b|backscatter|bouncedeny|third-party dsns|returned mail not accepted|unsigned dsn",
            r"permanently deferred|for (?:the )?sender domain|absender unbekannt|mx records for|rule imposed|recipient(?:'s)? preferences|only accepting mail from|not accepting any mail|"
            r"has restricted|bounced address|resolver\.rst\.|account is protected|(?:user|recipient)s? (?:rejects|refus|reject(?:ed)? (?:the|your|this))|:blocked\)|blocked senders?\b|"
            r"refuse to receive|blocked by (?:the )?(?:recipient|user)|banned sender|frequency limited|blocked ip|header error|not a member|members? only|"
            r"not allowed to post|permission to post|moderat|whitelist|allow ?list",
            r"(?:mail|message|connection|service|access|request) (?:was |is |has been )?(?:refused|denied|rejected|blocked|"
            r"not accepted) ?(?:\.|$|-|,|\()",
        ),
    ),
    (
        Category.INACTIVE,
        _words(
            r"(?:account|mailbox|user|address|recipient|maildrop|inbox|customer|e-?mail)\b.{0,50}(?:disabled|suspend|"
            r"inactive|deactivated|locked|frozen|dormant|discontinued|not active|temporarily unavailable|expired|"
            r"is closed|been closed|over ?due|on hold)",
            r"(?:disabled|suspended|inactive|deactivated|locked|dormant|expired) (?:account|mailbox|user|address|recipient)",
            r"out of storage space and inactive|due to extended inactivity|\bis currently suspended|destinataire (?:archivee|est bloque)",
        ),
    ),
    (
        Category.FULL,
        _words(
            r"(?:mail ?box|mail ?drop|inbox|account|user|recipient|storage|folder|disk|mail ?dir\w*|space|incoming|message"
            r" ?store)\b.{0,60}(?:full\b|quota|exceed\w*|over ?(?:its )?limit|over ?(?:stuffed|flow|drawn)|no (?:more )?"
            r"(?:space|room)|too many messages|maximum size|capacity|allotment|out of)",
            r"(?:postfach|mailbox|brievenbus|mailboks|postkasse)\b.{0,40}\b(?:voll|überfüllt|vol|fuld|fullt?)\b|"
            r"(?:boîte|boite|buz[oó]n|caixa|casella)\b.{0,40}\b(?:pleine|lleno|cheia|lotada|piena)\b|переполнен|邮箱已满|容量超過|"
            r"full mailbox|exceeded storage|enough space|space has been used|destinataire pleine|quota|over ?quota|(?:not enough|insufficient|no|out of) (?:storage|disk|mail ?box|system)? ?"
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
            r"(?:address|recipient)s? (?:was |were |is |are )?(?:rejected|undeliverable|not (?:ok|accepted))(?:\.|$| \S+@)|"
            r"can't accept user|server rejected recipients?|not (?:a |an )?(?:known|active|local|valid|registered) (?:user|address|recipient|"
            r"mail ?box)|not e-?mail addresses|no mail ?box available|account unavailable|missing home|bad ?rcpt ?to|"
            r"badrecipientto|in my validrcptto|spectator does not|rcpt <\S+> does not|user \(?\S+\)? (?:is )?un ?known|<\S+@\S+> not found|"
            r"no \S+ in name directory|non ?-?existent (?:user|address|recipient)|unknown local ?-?part|nessun utente|user ?unknown|"
            r"not listed in|as the remote domain|domain (?:is not reachable|must exist)|no mx (?:record )?found|replaced by|"
            r"no smtp service|allowed rcpthosts|requested action not taken: mailbox unavailable(?!.{0,40}(?:visit|access|free|ip))|"
            r"(?:recipient|mailbox|user|address)_(?:not_found|unknown|does_not_exist)|undeliverable address|smtp address not found|address (?:lookup|not) found",
            r"no such (?:user|person|address|mailbox|account|recipient|domain|host|customer|alias|member|local|addr|virtual)",
            r"does(?:n't| not) (?:have|like) (?:an? )?(?:account|mailbox|user|\w+ recipient|recipient)",
            r"no (?:mail ?box|account|user|one|recipient|address|person|mail ?drop) (?:here|by|with|of|for|under|found|at|"
            r"there|matching|name)",
            r"(?:there is|i have|we have) no .{0,20}(?:such|user|mail ?box|account|one|person|entry|recipient)",
            r"this user doesn't have an? \S+ account|no valid recipients|not listed in public name|ディレクトリのリストにありません|not our user",
            r"recipient address rejected(?:: access denied|\.? ?$|\. \()",
            r"5\.1\.10|recipientnotfound|recipnotfound|nosuchuser|addressee unknown|adresse? (?:inconnue?|non valide|inexist)",
            r"(?:has|have) (?:moved|changed) .{0,40}(?:address|new|to)|new (?:e-?mail )?address is|(?:has|have) left (?:the|our)|"
            r"no longer (?:works?|employed|with us|on (?:the )?server)",
            r"(?:domain|host ?(?:name)?)\b.{0,60}(?:not found|un ?known|(?:does|do)(?:n't| not) exist|invalid|no(?:n|t) ?"
            r"exist\w*|cannot be found|could not be found|nxdomain|has no mail exchangers|no mail servers?)",
            r"(?:unknown|no such|invalid|non-?exist\w*|bad|illegal|unrouteable|unroutable) (?:mail )?(?:domain|host)",
            r"name or service not known|nxdomain|domain name (?:lookup|system).{0,30}(?:fail|no|not)|null mx|nullmx|"
            r"does(?:n't| not) accept (?:any )?(?:mail|e-?mail)(?: \(|\.|$)|couldn't find any host|"
            r"host or domain name not found(?!.{0,60}try again)",
            r"inconnu|(?<!absender )unbekannt|descon?hecid[oa]|desconocid[oa]|sconosciut[oa]|onbekend|bestaat niet|existiert nicht|"
            r"nicht bekannt|niet bekend|n'existe pas|"
            r"no existe|n[aã]o existe|ine[sx]ist?ente|nepieejam|non esiste|ismeretlen|okänd|ukendt|ukjent|nezn[aá]m|neexistuje|"
            r"finns (?:inte|ej)|findes ikke|finnes ikke|nie (?:ma takiego|istnieje)|tuntematon|"
            r"не (?:найден|существует)|неизвестн|нет такого|не знайдено|bulunamadı|mevcut değil",
            r"宛先不明|存在しません|見つかりません|不存在|不明なユーザ|用户不存在|无此用户|查無此人",
        ),
    ),
    (
        Category.CONFIG,
        _words(
            r"relay\w* .{0,20}(?:denied|not|prohibit|refus|reject)|(?:not|unable to|cannot|won't) (?:permit\w* to )?relay|"
            r"relay access|(?:mail|routing) loop|loops? back|too many hops|hop count|hops exceeded|syntax error|"
            r"command (?:not|un)|bad sequence|not implemented|local configuration|config\w* error|mailer error|"
            r"loop detected|system config",
        ),
    ),
    (
        Category.TRANSIENT,
        _words(
            r"gr[ea]ylist|try (?:again|later)|tempor(?:ar\w+|y)|later|timed? ?out|time-?out|connection (?:refused|reset|lost|"
            r"dropped|closed|failed)|no route|unreachable|too busy|resources|not available|unavailable|lookup fail|"
            r"queue\w* (?:too long|lifetime|expired)|delivery (?:time )?expired|too old|couldn't be delivered for|servfail|"
            r"retry|network|overload|down\b|not respond|4\.4\.|expired|in progress|i/o error|cannot append|disk|"
            r"unable to (?:connect|contact)|retries exceeded|giving up|not able to (?:connect|establish)",
        ),
    ),
]

# Twilio's error numbers; an administrator's word about one stands above it (mailings.texterrors).
TWILIO: dict[str, Category] = {
    **dict.fromkeys(("21211", "21214", "21217", "21614", "21635", "30005", "30006"), Category.DEAD_ADDRESS),
    "21610": Category.OPTED_OUT,
    **dict.fromkeys(("30003", "30008", "30009", "30017", "30022", "30410"), Category.TRANSIENT),
    **dict.fromkeys(
        ("21612", "30004", "30007", "30018", "30023", "30024", "30032", "30034", "30038", "30454", "30485"),
        Category.BLOCK_SENDER,
    ),
    **dict.fromkeys(("21602", "21605", "21617", "21619", "30019", "30033"), Category.CONTENT),
    **dict.fromkeys(("21408", "21604", "30010", "30011", "30036"), Category.CONFIG),
}
# Codes of single providers, as their own pages explain them. None of them calls an address dead that the words do not.
DIALECTS: list[tuple[re.Pattern[str], dict[str, Category]]] = [
    (  # Twilio, of text messages: "550 Twilio 21211: The 'To' number is not a valid phone number". It changes them at times
        re.compile(r"\btwilio (\d{5})\b"),
        TWILIO,
    ),
    (  # Orange, Wanadoo and La Poste: "OFR_416", "LPN007_420", "OFR005_104"
        re.compile(r"\b(?:ofr|lpn|ouk|lpnaaa)\d*[-_ ]?(\d{3})\b"),
        {
            **dict.fromkeys(("101", "102", "103", "510", "999", "630"), Category.BLOCK_SENDER),
            **dict.fromkeys(("104", "105", "107", "108", "109", "201", "423", "424"), Category.BLOCK_SENDER),
            **dict.fromkeys(("305", "401", "402", "403", "405", "415", "421", "517"), Category.AUTH),
            "416": Category.DEAD_ADDRESS,
            "418": Category.DEAD_ADDRESS,
            "417": Category.FULL,
            "420": Category.INACTIVE,
            "426": Category.INACTIVE,
            "505": Category.TRANSIENT,
            "506": Category.CONTENT,
            "513": Category.CONTENT,
            "514": Category.CONTENT,
        },
    ),
    (  # i.ua: "See http://mail.i.ua/err/3/"
        re.compile(r"mail\.i\.ua/err/(\d+)"),
        {
            "1": Category.CONFIG,
            "2": Category.DEAD_ADDRESS,
            "3": Category.INACTIVE,
            "4": Category.FULL,
            "5": Category.BLOCK_SENDER,
            "6": Category.CONFIG,
            "7": Category.BLOCK_SENDER,
            "8": Category.BLOCK_SENDER,
            "9": Category.BLOCK_SENDER,
            "10": Category.BLOCK_SENDER,
        },
    ),
    (  # Facebook's mail hosts: "550 5.1.1 RCP-P1"
        re.compile(r"\b(rcp-p[123]|rcp-t4|int-p[134]|pol-[pt]\d|dns-[pt]\d|con-t\d|msg-p\d)\b"),
        {
            **dict.fromkeys(("RCP-P1", "INT-P1", "INT-P3", "INT-P4"), Category.DEAD_ADDRESS),
            **dict.fromkeys(("RCP-P2", "RCP-P3"), Category.BLOCK_SENDER),
            "RCP-T4": Category.INACTIVE,
            **{f"POL-{kind}{number}": Category.BLOCK_SENDER for kind in "PT" for number in range(1, 8)},
            **{f"DNS-{kind}{number}": Category.BLOCK_SENDER for kind in "PT" for number in range(1, 4)},
            **{f"CON-T{number}": Category.TRANSIENT for number in range(1, 5)},
            **{f"MSG-P{number}": Category.CONTENT for number in range(1, 4)},
        },
    ),
    (  # Exchange 4 to 2003: "MSEXCH:IMS:… (000C05A6) Unknown Recipient"
        re.compile(r"msexch:.{0,80}\(([0-9a-f]{8})\)"),
        {
            "000C05A6": Category.DEAD_ADDRESS,
            "000C0595": Category.UNKNOWN,  # ambiguous
            "00010256": Category.CONFIG,
            "000D06B5": Category.CONFIG,
            "00120270": Category.CONFIG,
            "00050311": Category.CONTENT,
            "000502CC": Category.CONTENT,
            "000B0981": Category.AUTH,
        },
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
    "3.2": Category.DEAD_ADDRESS,  # "system not accepting messages", for good: class 4 is answered before
    "3.4": Category.CONTENT,
    "4.4": Category.DEAD_ADDRESS,  # "unable to route": no such domain, when it is for good
    "4.6": Category.CONFIG,
    "4.7": Category.TRANSIENT,
    "7.9": Category.AUTH,
    "7.13": Category.INACTIVE,
    "7.17": Category.DEAD_ADDRESS,
    "7.18": Category.DEAD_ADDRESS,
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
