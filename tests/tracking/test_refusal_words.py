"""Phrases of mail servers, each with what it says: that somebody does not exist, or anything else.

Servers' own words, as they stand in their sources, postmaster pages and reports; Sisimai's phrase tables (BSD-2-Clause) served as
the check list. A phrase that was judged wrongly in the wild goes in here.
"""

import pytest

from tracking import refusals
from tracking.dialogue import Step
from tracking.refusals import Category

NOBODY_THERE = """
#5.1.1 bad address
550 address invalid
5.1.0 address rejected.
address does not exist
address not present in directory
address unknown
can't accept user
destination addresses were unknown
destination server rejected recipients
email address does not exist
email address could not be found
invalid address
invalid mailbox
invalid mailbox path
invalid recipient
is not a known user
is not a valid mailbox
is not an active address at this host
mailbox does not exist
mailbox invalid
mailbox not present
mailbox not found
nessun utente simile in questo indirizzo
no account by that name here
no existe dicha persona
no existe ese usuario
no mail box available for this user
no mailbox by that name is currently available
no mailbox found
no such address here
no such mailbox
no such person at this address
no such recipient
no such user
no thank you rejected: account unavailable
no valid recipients, bye
not a valid recipient
not a valid user here
not a local address
not email addresses
recipient address rejected: invalid user
recipient address rejected: invalid-recipient
recipient address rejected: unknown user
recipient address rejected: userunknown
recipient does not exist
recipient is not local
recipient not exist
recipient not found
recipient not ok
recipient unknown
550 requested action not taken: mailbox unavailable
sorry, user unknown
sorry, badrcptto
sorry, no mailbox here by that name
that domain or user isn't in my list of allowed rcpthosts
the email account that you tried to reach does not exist
the following recipients was undeliverable
the user's email name is not found
there is no one at this address
this address no longer accepts mail
this email address is wrong or no longer valid
this recipient is in my badrecipientto list
this recipient is not in my validrcptto list
this spectator does not exist
unknown mailbox
unknown recipient
unknown user
user does not exist
user missing home directory
user not exist
user not found
user not known
user unknown
utilisateur inconnu !
vdeliver: invalid or unknown virtual user
<a@b.example> not found
account a@b does not exist at the organization
adresse d au moins un destinataire invalide. invalid recipient. OFR_416
bad recipient address
mailbox ada does not exist
no ada in name directory
rcpt <ada@b.example> does not exist
recipient ada was not found in the directory
said: 550-5.1.1 <a@b> user unknown
non existent user
this user doesn't have a yahoo.com account
unknown e-mail address
unknown local part ada in
user ada was not found
user (ada@b.example) unknown
recipient no longer on server: a@b
inactive email address 550 5.1.1
550 5.1.1 unknown or illegal alias: a@b
account does not exist
dd Requested mail action aborted, mailbox not found
domain does not exist
domain is not reachable
domain must exist
host or domain name not found
host unknown
mail domain mentioned in email address is unknown
name or service not known
no such domain
recipient address rejected: unknown domain name
recipient domain must exist
the account or domain may not exist
unknown host
unrouteable address
host/domain does not accept mail
host does not accept mail
no mx record found for domain=x
address a@b has been replaced by c@d
not listed in Domino Directory
As the remote domain doesnt exist
Domain does not exist: x
Invalid domain name
all relevant MX records point to non-existent hosts
an MX or SRV record indicated no SMTP service
550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
550 5.4.1 Recipient address rejected: Access denied. AS(201806281)
550 5.1.1 The email account that you tried to reach does not exist. Please try
550 #5.1.0 Address rejected a@b
501 5.1.3 Bad recipient address syntax
511 5.1.1 unknown address or alias
550 5.1.1 sorry, no mailbox here by that name. (#5.1.1)
550 Unrouteable address
550 Callout verification failed: 550 5.1.1 User unknown
550 Addressee unknown
550 RCPT TO:<a@b> User not known
550 5.1.1 unknown or illegal user: a@b
550 a@b... No such user
553 sorry, that domain isn't in my list of allowed rcpthosts
550 Verification failed for <a@b>: No Such User Here
5.1.1 smtp;550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found
550 Invalid recipient a@b (Mode: normal)
554 5.7.1 <a@b>: Recipient address rejected: User unknown
551 not our user
550 5.1.6 address no longer valid
""".strip().splitlines()

SOMETHING_ELSE = """
suspend: a@b is currently suspended
account temporary locked
boite du destinataire archivee
email account that you tried to reach is disabled
invalid/inactive user
is a deactivated mailbox
mailbox currently suspended
mailbox is frozen
recipient rejected: temporarily inactive
recipient suspend the service
this account has been disabled or discontinued
this mailbox is disabled
user suspended
vdelivermail: account is locked email bounced
account disabled temporarly for exceeding receiving limits
account is exceeding their quota
account is temporarily over quota
boite du destinataire pleine
disc quota exceeded
does not have enough space
exceeded storage allocation
full mailbox
is over disk quota
mail file size exceeds the maximum size allowed for mail delivery
mailbox exceeded the local limit
mailbox has exceeded its disk space limit
maildir over quota
mailfolder is full
not enough storage space in
over the allowed quota
quota violation for a@b
recipient rejected: mailbox would exceed maximum allowed storage
the user's space has been used up
too much mail data
user has too many messages on the server
user over quota. (#5.1.1)
<> invalid sender
access denied (in reply to mail from command)
administrative prohibition
batv failed to verify
backscatter protection detected an invalid or expired email address
bogus mail from
connections not accepted from servers without a valid sender domain
denied [bouncedeny]
delivery not authorized, message refused
does not exist e2110 (in reply to MAIL FROM command)
domain of sender address a@b does not exist
emetteur invalide
empty envelope senders not allowed
error: no third-party dsns
from: domain is invalid. please provide a valid from:
fully qualified email address required
invalid domain, see <url:
mail from not owned by user
message rejected: email address is not verified
mx records for x violate
null sender is not allowed
returned mail not accepted here
rule imposed mailbox access for a@b
sender email address rejected
sender is spammer
sender not pre-approved
sender rejected
sender domain is empty
sender verify failed
the message has been rejected by batv defense
unroutable sender address
you are sending to/from an address that has been blacklisted
because the recipient is only accepting mail from specific email addresses
bounced address
due to extended inactivity new mail is not currently being accepted for this mailbox
has restricted sms e-mail
is not accepting any mail
refused due to recipient preferences
resolver.rst.notauthorized
this account is protected by
user reject
you have been blocked by the recipient
550 5.7.1 RESOLVER.RST.AuthRequired; authentication required
550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup
450 4.1.8 <a@b>: Sender address rejected: Domain not found
550 5.1.8 Sender address rejected: Domain not found
553 5.1.8 <x@y>... Domain of sender address x@y does not exist
553 From: Domain is invalid
501 5.1.7 Bad sender address syntax
554 5.7.1 Relay access denied
550 relay not permitted
454 4.7.1 Relaying denied. IP name lookup failed
550 5.7.1 Unable to relay for a@b
421 Service not available, closing transmission channel
554 5.7.1 The message was rejected because the domain of the sender could not be found
550 Sender verify failed: The mail server could not deliver mail to x@y. The account or domain may not exist, they may be blacklisted, or missing the proper dns entries.
550 5.2.1 The user you are trying to contact is receiving mail too quickly
553 sorry, your envelope sender domain must exist (#5.7.1)
550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)
550 5.7.1 Client host rejected: cannot find your hostname
554 The sender domain does not exist
550 5.7.1 Fix reverse DNS for 192.0.2.1
550 Reverse DNS lookup failed: host not found
552 5.7.0 This message was blocked because its content presents a potential security issue
550 Your host is not listed in our whitelist, unknown host
550 No RDNS entry: unknown host
451 4.4.3 DNS lookup failed, temporary
450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]
550 MAIL FROM: domain does not exist
550 5.1.1 mailbox temporarily disabled
550 Mailbox unavailable. Your IP address 192.0.2.1 is blacklisted
550 5.0.350 Remote server returned an error -> 550 Permanent Failure: banned
""".strip().splitlines()


@pytest.mark.parametrize("words", NOBODY_THERE)
def test_an_answer_to_the_recipient_that_says_nobody_is_there_means_a_dead_address(words):
    said = words if words[:1] in "45" else f"550 {words}"

    assert refusals.classify(said, step=Step.RECIPIENT).category is Category.DEAD_ADDRESS


@pytest.mark.parametrize("words", SOMETHING_ELSE)
def test_an_answer_about_anything_else_never_calls_an_address_dead(words):
    said = words if words[:1] in "45" else f"550 {words}"

    assert refusals.classify(said).category is not Category.DEAD_ADDRESS


@pytest.mark.parametrize("words", ["User unknown", "No such user here", "Unknown user ada@example.org"])
def test_user_unknown_depends_on_when_it_is_said(words):
    judged = {step: refusals.classify(f"550 {words}", step=step).category for step in Step}

    assert judged == {
        Step.RECIPIENT: Category.DEAD_ADDRESS,
        Step.LETTER: Category.UNKNOWN,  # read, then refused: a filter in disguise
        Step.UNTOLD: Category.UNKNOWN,
        Step.SENDER: Category.BLOCK_SENDER,  # the sender is unknown
        Step.CONNECT: Category.BLOCK_SENDER,
    }


@pytest.mark.parametrize(
    "words", ["550 Host unknown", "550 Unrouteable address", "550 5.1.1 User unknown", "not listed in Domino Directory"]
)
def test_some_words_mean_a_dead_address_whenever_they_are_said(words):
    assert refusals.classify(words, step=Step.UNTOLD).category is Category.DEAD_ADDRESS


@pytest.mark.parametrize(
    ("words", "category"),
    [
        ("550 5.2.0 Mail rejected. OFR_506 [506]", Category.CONTENT),
        ("550 5.1.1 Invalid recipient. OFR_416 [416]", Category.DEAD_ADDRESS),
        ("552 5.1.1 Recipient overquota. OFR_417", Category.FULL),
        ("550 5.5.0 Archived recipient. LPN007_420", Category.INACTIVE),
        ("421 mwinf5c77 Service refused, please try later. OFR_999", Category.BLOCK_SENDER),
        ("550 See http://mail.i.ua/err/2/", Category.DEAD_ADDRESS),
        ("550 5.1.1 RCP-P2 http://postmaster.facebook.com/", Category.BLOCK_SENDER),
        ("MSEXCH:IMS:ORG:SITE:SERVER 0 (000C05A6) Unknown Recipient", Category.DEAD_ADDRESS),
        ("521 mx.example.org does not", Category.DEAD_ADDRESS),  # RFC 7504
        ("550 5.3.2 System not accepting network messages", Category.DEAD_ADDRESS),
        ("450 5.3.2 not now", Category.TRANSIENT),
        ("550 5.4.4 Unable to route", Category.DEAD_ADDRESS),
    ],
)
def test_codes_of_one_provider_and_statuses_without_words_are_known(words, category):
    assert refusals.classify(words).category is category
