"""Sending accounts: which one a mailing goes through, and the channel that an account is.

Without any, SMTP_URL is the account. A secret is sealed in the database, opened only to make a channel of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from consent import sealed
from mailings import medium
from mailings.channels import Channel, DeliveryError, Outcome, Outgoing, Receipt, archives
from mailings.channels.email import EmailChannel
from mailings.channels.parallel import ParallelChannel, Post
from mailings.channels.providers import AT_ONCE, ProviderPost
from mailings.channels.ses import SesPost
from mailings.channels.smtp import Account, Patience
from mailings.channels.twilio import AT_ONCE as TEXTS_AT_ONCE
from mailings.channels.twilio import TwilioPost
from mailings.models import Mailing, SendingAccount
from tracking import tokens

Kind = SendingAccount.Kind
TEXTS_PATIENCE = 20.0  # seconds for one request
QUICK = Patience(connect=10, command=15, data=15, block=15, final_dot=30)  # somebody waits for the answer

API_ADDRESS = gettext_lazy("Address of the API, when it is not the usual one")
REGION = gettext_lazy("Region")


@dataclass(frozen=True)
class Asked:
    """What a kind of account asks for besides its secret: {our name: label}, and which of them it cannot do without."""

    secret: str | Promise
    options: Mapping[str, str | Promise]
    needed: frozenset[str] = field(default_factory=frozenset)
    is_secret_needed: bool = True


ASKED: Mapping[str, Asked] = {
    Kind.SMTP: Asked(
        gettext_lazy("Password"),
        {
            "host": gettext_lazy("Host"),
            "port": gettext_lazy("Port"),
            "security": gettext_lazy("Encryption"),
            "user": gettext_lazy("User name"),
            "connections": gettext_lazy("Connections per worker"),
            "most": gettext_lazy("Messages per connection, when the server asks for a limit"),
        },
        frozenset({"host"}),
        is_secret_needed=False,
    ),
    Kind.SES: Asked(
        gettext_lazy("Secret access key"),
        {
            "user": gettext_lazy("Access key ID"),
            "region": REGION,
            "configuration_set": gettext_lazy("Configuration set"),
            "api_url": API_ADDRESS,
        },
        frozenset({"user", "region"}),
    ),
    Kind.BREVO: Asked(gettext_lazy("API key"), {"api_url": API_ADDRESS}),
    Kind.MAILGUN: Asked(
        gettext_lazy("API key"),
        {"domain": pgettext_lazy("of a provider", "Sending domain"), "api_url": API_ADDRESS},
        frozenset({"domain"}),
    ),
    Kind.MAILJET: Asked(
        gettext_lazy("Secret key"), {"user": gettext_lazy("API key"), "api_url": API_ADDRESS}, frozenset({"user"})
    ),
    Kind.POSTMARK: Asked(
        gettext_lazy("Server token"), {"stream": gettext_lazy("Message stream"), "api_url": API_ADDRESS}
    ),
    Kind.RESEND: Asked(gettext_lazy("API key"), {"api_url": API_ADDRESS}),
    Kind.SCALEWAY: Asked(
        gettext_lazy("Secret key"),
        {"project": gettext_lazy("Project ID"), "region": REGION, "api_url": API_ADDRESS},
        frozenset({"project"}),
    ),
    Kind.SENDGRID: Asked(gettext_lazy("API key"), {"api_url": API_ADDRESS}),
    Kind.SPARKPOST: Asked(gettext_lazy("API key"), {"api_url": API_ADDRESS}),
    Kind.TWILIO: Asked(
        gettext_lazy("Auth token"),
        {
            "user": gettext_lazy("Account SID"),
            "sender": pgettext_lazy("of text messages", "From"),
            "at_once": gettext_lazy("Requests at once"),
            "api_url": API_ADDRESS,
        },
        frozenset({"user", "sender"}),
    ),
}
# who takes text messages; all other accounts are for e-mail
TEXT_POSTS: Mapping[str, type[TwilioPost]] = {Kind.TWILIO: TwilioPost}
CHANNELS: Mapping[str, str] = dict.fromkeys(TEXT_POSTS, "sms")


def serving(channel: str) -> QuerySet[SendingAccount]:
    """Give the accounts in use for a channel."""
    kinds = [kind for kind in Kind.values if CHANNELS.get(kind, "email") == channel]
    return SendingAccount.objects.filter(is_active=True, kind__in=kinds)


class Unusable(Exception):
    """The account cannot be used as it stands; the sentence is fit to show."""


def choose(mailing: Mailing) -> SendingAccount | None:
    """The account of a mailing: its own, else the one that serves its From domain, else the default; None is SMTP_URL.

    Raises Unusable when somebody chose one that is not in use any more.
    """
    if mailing.account is not None:
        if not mailing.account.is_active:
            raise Unusable(_("The sending account “%(name)s” is not in use any more.") % {"name": mailing.account.name})
        return mailing.account
    channel = medium.of(mailing).channel
    active = serving(channel)
    if channel == "sms":
        account = active.order_by("-is_default", "pk").first()
        if account is None:
            raise Unusable(_("There is no sending account for text messages. An administrator makes one in Settings."))
        return account
    domain = mailing.from_address.rpartition("@")[2].lower()
    of_domain = active.filter(from_domains__contains=[domain]).order_by("pk").first() if domain else None
    return of_domain or active.filter(is_default=True).first()


def channel(account: SendingAccount | None, *, patience: Patience | None = None) -> Channel:
    """Make the channel of an account; None is SMTP_URL. Raises Unusable when its secret cannot be opened."""
    if account is None or account.kind == Kind.SMTP:
        return EmailChannel(smtp(account), hello=settings.BOUNCE_DOMAIN, patience=patience)
    secret = _secret(account)
    post: Post
    options = {name: str(value) for name, value in account.options.items()}
    if account.kind in TEXT_POSTS:
        post = text_post(account, timeout=QUICK.final_dot if patience else TEXTS_PATIENCE)
        return ParallelChannel(post, at_once=int(options.get("at_once") or TEXTS_AT_ONCE))
    post = SesPost(options, secret) if account.kind == Kind.SES else ProviderPost(account.kind, options, secret)
    return _parallel(post)


def text_post(account: SendingAccount, *, timeout: float = TEXTS_PATIENCE) -> TwilioPost:
    """Make what hands text messages to an account's provider. Raises Unusable when its secret cannot be opened."""
    options = {name: str(value) for name, value in account.options.items()}
    callback = settings.BASE_URL + status_path(account)
    return TEXT_POSTS[account.kind](options, _secret(account), callback=callback, timeout=timeout)


def marks(account: SendingAccount, to: str, *, since: datetime) -> set[str]:
    """Ask an account's provider for the marks of the mail it took for an address. Raises DeliveryError, Unusable."""
    options = {name: str(value) for name, value in account.options.items()}
    return archives.marks(account.kind, options, _secret(account), to, since=since)


def status_path(account: SendingAccount) -> str:
    """Where a provider of text messages tells what became of one."""
    return reverse("mailings:text_status", args=[account.pk])


def replies_path(account: SendingAccount) -> str:
    """Where a provider of text messages brings the answers."""
    return reverse("mailings:text_reply", args=[account.pk])


def _parallel(post: Post) -> ParallelChannel:
    return ParallelChannel(post, at_once=AT_ONCE)


def smtp(account: SendingAccount | None) -> Account:
    """The mail server of an account; None is SMTP_URL."""
    if account is None:
        return Account.from_url(settings.SMTP_URL)
    given = account.options
    tls = given.get("security") == "tls"
    return Account(
        host=given["host"],
        port=int(given.get("port") or (465 if tls else 587)),
        user=given.get("user", ""),
        password=_secret(account),
        tls=tls,
        starttls=given.get("security") == "starttls",
        connections=int(given.get("connections") or 4),
        most=int(given.get("most") or 0),
    )


def _secret(account: SendingAccount) -> str:
    try:
        return sealed.unseal(account.secret)
    except sealed.CannotOpen:
        text = _("The password of “%(name)s” was sealed with another SECRET_KEY. Type it again.")
        raise Unusable(text % {"name": account.name}) from None


def where(account: SendingAccount | None) -> str:
    """Through what it goes, in a few words for a page."""
    if account is None or account.kind == Kind.SMTP:
        return smtp_host(account)
    if account.kind == Kind.TWILIO:
        return f"Twilio, {account.options.get('sender', '')}"
    return str(account.get_kind_display())


def smtp_host(account: SendingAccount | None) -> str:
    return Account.from_url(settings.SMTP_URL).host if account is None else str(account.options.get("host", ""))


def send_test(account: SendingAccount | None, to: str, *, now: datetime) -> Receipt:
    """Send one small message through an account and say what became of it. Raises Unusable when nothing could be sent."""
    if account is not None and CHANNELS.get(account.kind) == "sms":
        text = "This is a test of a sending account. It works."
        return _receipt(account, Outgoing(tokens.TEST, tokens.make("bounce", 0, tokens.TEST), to, text.encode()))
    body = "\r\n".join(
        [
            f"From: {settings.DEFAULT_FROM_EMAIL}",
            f"To: {to}",
            "Subject: Postduif: test",
            f"Date: {now:%a, %d %b %Y %H:%M:%S +0000}",
            f"Message-ID: <test.{now.timestamp():.0f}@{settings.BOUNCE_DOMAIN}>",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=us-ascii",
            "",
            "This is a test of a sending account. It works.",
            "",
        ]
    )
    return _receipt(account, Outgoing(tokens.TEST, tokens.return_path(0, tokens.TEST), to, body.encode()))


def _receipt(account: SendingAccount | None, letter: Outgoing) -> Receipt:
    made = channel(account, patience=QUICK)
    try:
        receipts = list(made.send([letter], on_wire=lambda number: None, meanwhile=lambda: None))
    except DeliveryError as error:
        raise Unusable(str(error)) from error
    finally:
        made.close()
    return receipts[0] if receipts else Receipt(0, Outcome.NOT_HANDED)
