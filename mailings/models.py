"""What we send: the mailing, its sources, its frozen audience (the message table is the queue) and its chunks."""

import datetime as dt

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.models import SubscriptionType
from mailings.letters.models import LetterFile, PrintRun  # noqa: F401 Django looks for tables here
from mailings.material.models import Brand, Picture, SavedBlock, Template  # noqa: F401 Django looks for tables here
from recipients.models import Import, Person, Project, Selection


class WholeMailings(models.Manager["Mailing"]):
    """Mailings as everybody knows them: their editions are parts of them."""

    def get_queryset(self) -> models.QuerySet["Mailing"]:
        return super().get_queryset().filter(edition_of=None)


class Mailing(models.Model):
    class Type(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("SMS")
        DOCUMENT = "document", _("Letters")
        RESPONSE = "response", _("Form response")

    class Both(models.TextChoices):
        """Who are recipients when a selection and a project are linked."""

        SELECTION = "selection", _("the people of the selection")
        UNION = "union", _("everybody in one of them")
        INTERSECTION = "intersection", _("only who is in both")

    class Status(models.TextChoices):
        """What we did. Moves only in mailings.lifecycle."""

        DRAFT = "draft", _("Draft")
        APPROVAL = "approval", _("Needs approval")
        SCHEDULED = "scheduled", _("Scheduled")
        SENDING = "sending", pgettext_lazy("mailing", "Sending")
        PAUSED = "paused", _("Paused")
        SENT = "sent", _("Sent")
        CANCELLED = "cancelled", _("Cancelled")

    class Whose(models.TextChoices):
        """Whose name and address stand in From or Reply-To."""

        ALWAYS = "always", _("always these")
        SALES = "sales", _("of their sales contact among us")
        SUPPORT = "support", _("of their support contact among us")

    type = models.CharField(_("type"), max_length=13, choices=Type, default=Type.EMAIL)
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT)
    name = models.CharField(_("name of mailing"), max_length=200)
    folder = models.CharField(_("folder"), max_length=100, blank=True, default="", db_default="")
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    preheader = models.CharField(_("preheader"), max_length=250, blank=True)
    from_name = models.CharField(_("from, name"), max_length=100, blank=True)
    from_address = models.CharField(_("from, address"), max_length=320, blank=True)
    reply_to = models.CharField(_("reply to"), max_length=320, blank=True)
    # for whom has no such contact, or one whose address is not at the From domain: the address above
    from_whose = models.CharField(max_length=7, choices=Whose, default=Whose.ALWAYS, db_default="always")
    reply_whose = models.CharField(max_length=7, choices=Whose, default=Whose.ALWAYS, db_default="always")
    subscription_type = models.ForeignKey(
        SubscriptionType,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("subscription type"),
    )
    # where it is filed: listed with the selection and the project, whose members become recipients
    selection = models.ForeignKey(
        Selection,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="mailings",
        verbose_name=_("selection"),
    )
    project = models.ForeignKey(
        Project, on_delete=models.SET_NULL, null=True, blank=True, related_name="mailings", verbose_name=_("project")
    )
    message_class = models.CharField(
        _("kind of message"),
        max_length=13,
        choices=[
            ("marketing", _("Marketing")),
            ("transactional", _("About an order, an account or an agreement")),
            ("form_response", _("Answer to a form they just sent")),
        ],
        default="marketing",
        db_default="marketing",
    )  # consent.verdict.MessageClass: whether consent is asked for at all
    track_opens = models.BooleanField(_("count opens"), default=True)
    track_clicks = models.BooleanField(_("count clicks"), default=True)
    # campaign parameters, put behind every link for the site's own statistics; empty ones are left out
    utm_source = models.CharField(_("campaign source"), max_length=100, blank=True)
    utm_medium = models.CharField(_("campaign medium"), max_length=100, blank=True)
    utm_campaign = models.CharField(_("campaign name"), max_length=100, blank=True)
    utm_content = models.CharField(_("campaign content"), max_length=100, blank=True)
    utm_term = models.CharField(_("campaign term"), max_length=100, blank=True)
    # {"template": code, "language": "en", "blocks": [{"id": "…", "kind": "text", …}]}: mailings.rendering.blocks
    content = models.JSONField(default=dict)
    content_version = models.PositiveIntegerField(default=0)  # two people do not overwrite each other
    aside = models.JSONField(null=True)  # the content that a template took the place of, until somebody lets it go
    letter = models.JSONField(default=dict, blank=True, db_default={})  # the frame of a letter: mailings.letters.sheet
    posted_at = models.DateTimeField(null=True)  # letters: when somebody said they went into the post
    one_per_address = models.BooleanField(_("one message per address"), default=True)
    refresh_at_start = models.BooleanField(_("read the sources again when sending starts"), default=True)
    both_links = models.CharField(
        _("with a selection and a project"), max_length=12, choices=Both, default=Both.SELECTION
    )
    include_companies = models.BooleanField(_("include companies"), default=False)
    prefer_company = models.BooleanField(_("prefer company"), default=False)
    evergreen = models.BooleanField(_("later joiners get it too"), default=False)
    # {"days": [0, 1, 2, 3, 4], "opens": "09:00", "closes": "17:00", "whose": "ours"}: mailings.windows; {}: always
    window = models.JSONField(default=dict, blank=True)
    account = models.ForeignKey(  # none: chosen by the From address when it starts
        "SendingAccount",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mailings",
        verbose_name=_("sending account"),
    )
    compiled = models.JSONField(null=True)  # segments and slots, once frozen: mailings.rendering.compiled
    # the same without the picture that counts opens, for those whom the law asks about it first; null: for nobody
    compiled_unseen = models.JSONField(null=True)
    send_at = models.DateTimeField(_("send at"), null=True, blank=True)
    # nothing is handed over before this moment, and why: mailings.resting
    rests_until = models.DateTimeField(null=True)
    rests_because = models.CharField(max_length=12, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True)
    tripped = models.JSONField(default=list)  # breakers that stopped it and whose words somebody has read
    frozen_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    summary_mailed_at = models.DateTimeField(null=True)  # when its author was told what became of it: mailings.dayafter
    archived_at = models.DateTimeField(null=True)  # out of sight, not gone
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    # other words of the same mailing, for a language or for a test: a row that lends everything else (mailings.editions)
    edition_of = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="+")
    edition = models.PositiveSmallIntegerField(default=0, db_default=0)  # as in Message.edition; 0: the mailing itself
    edition_language = models.CharField(max_length=10, blank=True, default="", db_default="")  # empty: of a test

    # another channel for whom that mailing does not reach; starts with it (mailings.cascade)
    then_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="companions")

    objects = WholeMailings()
    with_editions = models.Manager()

    CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")

    class Meta:
        indexes = [
            models.Index("status", "id", name="mailing_by_status"),  # the tabs of the Mailings page
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["edition_of", "edition"],
                condition=models.Q(edition_of__isnull=False),
                name="one_edition_per_number",
            ),
        ]
        permissions = [
            ("send_mailing", "Can send, schedule, pause and cancel mailings"),
            ("approve_mailing", "Can approve a large mailing of somebody else"),
            ("send_transactional", "Can make a mailing transactional: sent without asking for consent"),
            ("override_consent", "Can ask for and approve sending without consent"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_text(self) -> bool:
        """Whether it is a text message: words only, and nothing that can be opened."""
        return self.type == self.Type.SMS

    @property
    def shown_status(self) -> str:
        """The word for its state: a form response that was started answers, whoever it is sending to."""
        answers = self.type == self.Type.RESPONSE and self.status in (self.Status.SENDING, self.Status.SENT)
        return "answering" if answers else self.status


class Trial(models.Model):
    """An A/B test of a mailing: what differs, for how many, and how it is decided. Moves: mailings.trials."""

    class About(models.TextChoices):
        SUBJECT = "subject", _("the subject")
        SENDER = "sender", _("the sender")
        CONTENT = "content", _("the content")

    class Judge(models.TextChoices):
        CLICKS = "clicks", _("who gets more people to click")
        OPENS = "opens", _("who gets more people to open")
        NOBODY = "nobody", _("nobody: everybody gets one of them, and the report compares")

    class Otherwise(models.TextChoices):
        EVEN = "even", _("send each of them to an equal part")
        ASK = "ask", _("wait until somebody chooses")

    mailing = models.OneToOneField(Mailing, on_delete=models.CASCADE, primary_key=True, related_name="trial")
    about = models.CharField(_("what differs"), max_length=7, choices=About, default=About.SUBJECT)
    share = models.PositiveSmallIntegerField(_("percent that get the test"), default=20)
    hours = models.PositiveSmallIntegerField(_("hours to wait"), default=4)
    judge = models.CharField(_("who wins"), max_length=7, choices=Judge, default=Judge.CLICKS)
    otherwise = models.CharField(_("when nobody wins"), max_length=4, choices=Otherwise, default=Otherwise.EVEN)
    seed = models.BigIntegerField()  # the same people in the same part, whenever it is frozen
    ends_at = models.DateTimeField(null=True)  # the earliest moment of a decision; null: not started
    judged_at = models.DateTimeField(null=True)  # when the figures were looked at, once
    scores = models.JSONField(default=dict)  # {"0": [people, who clicked or opened], …} at that moment
    decided_at = models.DateTimeField(null=True)
    winner = models.PositiveSmallIntegerField(null=True)  # Message.edition; null when decided: each to an equal part
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(share__gte=1, share__lte=100), name="trial_share_is_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.about}"


class Attachment(models.Model):
    """A file that goes along with a mailing; its bytes lie under their fingerprint: mailings.attachments."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=100)  # MIME type
    size = models.PositiveIntegerField()  # bytes
    digest = models.CharField(max_length=64)  # SHA-256
    scanned_at = models.DateTimeField(null=True)  # null: there was no scanner
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailing", "name"], name="one_attachment_per_name")]
        indexes = [models.Index("digest", name="attachment_by_digest")]  # whether anybody has the file still

    def __str__(self) -> str:
        return self.name


class SendingAccount(models.Model):
    """A mail server or a provider that mailings go through, with what it may take."""

    class Kind(models.TextChoices):
        SMTP = "smtp", _("Mail server (SMTP)")
        SES = "ses", "Amazon SES"
        BREVO = "brevo", "Brevo"
        MAILGUN = "mailgun", "Mailgun"
        MAILJET = "mailjet", "Mailjet"
        POSTMARK = "postmark", "Postmark"
        RESEND = "resend", "Resend"
        SCALEWAY = "scaleway", "Scaleway"
        SENDGRID = "sendgrid", "SendGrid"
        SPARKPOST = "sparkpost", "SparkPost"
        TWILIO = "twilio", _("Twilio (SMS)")

    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.SMTP)
    options = models.JSONField(default=dict)  # host, port, security, user, connections, region, domain, api_url, …
    secret = models.TextField(blank=True)  # sealed: mailings.vault
    from_domains = models.JSONField(default=list)  # ["example.org"]: mailings from there go through here
    is_default = models.BooleanField(_("default account"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)
    per_minute = models.PositiveIntegerField(_("messages per minute"), null=True, blank=True)
    per_day = models.PositiveIntegerField(_("messages per day"), null=True, blank=True)
    # the warm-up: so many on the first day, growing by a factor each day, until per_day
    warm_up_from = models.DateField(_("warm-up begins on"), null=True, blank=True)
    warm_up_first = models.PositiveIntegerField(_("messages on the first day"), null=True, blank=True)
    warm_up_growth = models.FloatField(_("growth per day"), default=1.5)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_account"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class GroupLimit(models.Model):
    """How much one group of receiving domains ("google") takes through one account, as set or as learned from it.

    `per_minute` is what somebody set. `learned` is what is left after the other side said "slow down"; it rises again.
    """

    account = models.ForeignKey(SendingAccount, on_delete=models.CASCADE, null=True, related_name="group_limits")
    group = models.CharField(max_length=253)  # empty: the account itself
    per_minute = models.PositiveIntegerField(null=True, blank=True)
    learned = models.FloatField(null=True)
    ceiling = models.FloatField(null=True)  # where the rise ends and what was learned is forgotten
    lowered_at = models.DateTimeField(null=True)
    raised_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)  # the words that lowered it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "group"], nulls_distinct=False, name="one_limit_per_group"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.group}"


class MailDomain(models.Model):
    """Whose mail servers a domain has, as its MX said when it was last asked."""

    domain = models.CharField(max_length=253, primary_key=True)
    group = models.CharField(max_length=253, blank=True)  # empty: not known (yet)
    looked_up_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("looked_up_at", name="domain_to_look_up"),  # who is asked next
        ]

    def __str__(self) -> str:
        return f"{self.domain}: {self.group}"


class SendingPolicy(models.Model):
    """The rules of the house for sending; one row."""

    undo_seconds = models.PositiveIntegerField(_("seconds to undo “Send now”"), default=60)
    late_minutes = models.PositiveIntegerField(_("ask again when a planned start is late by, minutes"), default=120)
    approval_from = models.PositiveIntegerField(
        _("a second person approves from so many recipients"), null=True, blank=True
    )
    per_minute = models.PositiveIntegerField(_("messages per minute, all accounts together"), null=True, blank=True)
    breaker_first = models.PositiveIntegerField(_("look at the first so many messages"), default=500)
    bounce_percent = models.FloatField(_("pause when more hard bounces than, percent"), default=5.0)
    complaint_percent = models.FloatField(_("pause when more complaints than, percent"), default=0.1)
    refused_percent = models.FloatField(_("pause when a domain refuses us for more than, percent"), default=20.0)
    # text messages ring: marketing goes between these hours of the recipient's own clock
    texts_from = models.TimeField(_("text messages from"), default=dt.time(9))
    texts_until = models.TimeField(_("text messages until"), default=dt.time(21))
    currency = models.CharField(_("currency of the price list"), max_length=3, default="EUR")

    def __str__(self) -> str:
        return f"undo {self.undo_seconds} s, approval from {self.approval_from}"


class TextPrice(models.Model):
    """What one part of a text message to a country costs, in the currency of the rules of the house."""

    country = models.CharField(_("country"), max_length=2, blank=True, unique=True)  # ISO 3166; empty: all others
    price = models.DecimalField(_("price of a part"), max_digits=8, decimal_places=4)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(price__gte=0), name="text_price_not_negative")]

    def __str__(self) -> str:
        return f"{self.country} {self.price}"


class TextError(models.Model):
    """What an error number of Twilio means here, whatever the table that came along says: mailings.texterrors."""

    code = models.CharField(_("error number"), max_length=5, unique=True)
    meaning = models.CharField(_("what it means"), max_length=20)  # tracking.vocabulary.Category

    def __str__(self) -> str:
        return f"{self.code} {self.meaning}"


class TextReply(models.Model):
    """A text message that somebody sent to one of our numbers. Kept once, however often the provider tells it."""

    class Meaning(models.TextChoices):
        STOP = "stop", _("Stop")
        START = "start", _("Start again")
        HELP = "help", _("Asks for help")
        OTHER = "", _("Something else")

    origin = models.CharField(max_length=60, unique=True)  # "twilio:SM…"
    account = models.ForeignKey("SendingAccount", on_delete=models.SET_NULL, null=True, related_name="+")
    number = models.CharField(max_length=30)  # E.164: who wrote
    to = models.CharField(max_length=60)
    body = models.TextField(blank=True)
    meaning = models.CharField(max_length=5, choices=Meaning, blank=True)
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="text_replies")
    message = models.BigIntegerField(null=True)  # the last one that this number had from us
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index("number", "id", name="reply_by_number"),  # a person's data
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.meaning}"


class ContentVersion(models.Model):
    """The content as somebody left it: one row per spell of writing (mailings.history)."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="versions")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    preheader = models.CharField(_("preheader"), max_length=250, blank=True)
    content = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["mailing", "-id"], name="versions_of_mailing")]  # the newest of one mailing

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.at:%Y-%m-%d %H:%M}"


class Source(models.Model):
    """Where recipients come from: exactly one of selection, project, person, import."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="sources")
    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, null=True, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, related_name="+")
    importing = models.ForeignKey(Import, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Exact(
                    models.Func(
                        "selection",
                        "project",
                        "person",
                        "importing",
                        function="num_nonnulls",
                        output_field=models.IntegerField(),
                    ),
                    1,
                ),
                name="exactly_one_source",
            ),
            models.UniqueConstraint(
                fields=["mailing", "selection", "project", "person", "importing"],
                nulls_distinct=False,
                name="source_once_per_mailing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id}: selection {self.selection_id}, project {self.project_id}, person {self.person_id}"


class Guest(models.Model):
    """Somebody of a mailing's one-off list: known to this mailing by name and address, and to no list of people."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="guests", db_index=False)
    address = models.CharField(max_length=320)
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=151, blank=True)  # with what stands between

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing", "address"], name="one_guest_per_address"),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id}: {self.address}"


# the mail domain of a message's address
DOMAIN = models.Func(
    models.F("address"), models.Value("@"), models.Value(2), function="split_part", output_field=models.TextField()
)


class Message(models.Model):
    """One recipient of one mailing: address, state, reason, merge data. This table is the queue.

    No index names `state`, so that marking a chunk stays a HOT update (fillfactor 80, see the migration).
    Every row that is not sent carries a reason; the partial index on it serves the lists.
    """

    class State(models.TextChoices):
        """What we did with it. Moves: mailings.delivery. What others did are the timestamps below."""

        HELD = "held", _("Held")
        PENDING = "pending", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        DEFERRED = "deferred", _("Retrying")
        FAILED = "failed", _("Failed")
        UNKNOWN = "unknown", _("Unknown")
        CANCELLED = "cancelled", _("Cancelled")

    # no constraint: audience.freeze holds the mailing's row while it inserts, and checking a million rows takes seconds
    mailing = models.ForeignKey(
        Mailing, on_delete=models.CASCADE, related_name="messages", db_index=False, db_constraint=False
    )
    # no index of its own: message_by_person begins with it
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="messages", db_index=False)
    channel = models.CharField(max_length=6, default="email")
    address = models.CharField(max_length=320, blank=True)  # empty when there is none, or it is a duplicate
    # 0; the second person behind one address gets 1 where the mailing allows several messages per address
    copy = models.PositiveSmallIntegerField(default=0, db_default=0)
    state = models.CharField(max_length=9, choices=State)
    reason = models.CharField(max_length=30, blank=True)  # a code of the gate, or of delivery
    evidence = models.BigIntegerField(null=True)  # number of the consent event that allowed or refused
    # the reason that an override passed over: a code of the gate, empty for everybody else
    waived = models.CharField(max_length=30, blank=True, default="", db_default="")
    answer = models.TextField(blank=True)  # the server's words when it was deferred or failed
    data = models.JSONField(default=dict)  # {"customer.firstname": "Ada", …} as copied at freeze
    edition = models.PositiveSmallIntegerField(default=0, db_default=0)  # which words: mailings.editions
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)  # first open judged human
    clicked_at = models.DateTimeField(null=True)  # first click judged human
    bounced_at = models.DateTimeField(null=True)
    complained_at = models.DateTimeField(null=True)
    unsubscribed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # the promise: at most one hand-over per mailing, channel and address (copy is 0 unless the mailing asks)
            models.UniqueConstraint(
                fields=["mailing", "channel", "address", "copy"],
                condition=~models.Q(address=""),
                name="one_message_per_address",
            ),
        ]
        indexes = [
            models.Index("mailing", "id", name="message_by_mailing"),  # chunks, keyset pages
            models.Index("mailing", "reason", "id", condition=~models.Q(reason=""), name="message_by_reason"),
            # a report's list of one mail domain
            models.Index("mailing", DOMAIN, "id", condition=~models.Q(address=""), name="message_by_domain"),
            models.Index("person", "mailing", name="message_by_person"),  # a person's card; criteria about one mailing
            # lists of a report; with person and moment criteria are answered from the index alone
            models.Index(
                fields=["mailing", "id"],
                include=["person", "opened_at"],
                condition=models.Q(opened_at__isnull=False),
                name="message_opened",
            ),
            models.Index(
                fields=["mailing", "id"],
                include=["person", "clicked_at"],
                condition=models.Q(clicked_at__isnull=False),
                name="message_clicked",
            ),
            models.Index("mailing", "id", condition=models.Q(bounced_at__isnull=False), name="message_bounced"),
            models.Index("id", condition=models.Q(bounced_at__isnull=False), name="message_came_back"),  # all mailings
            models.Index("mailing", "id", condition=models.Q(complained_at__isnull=False), name="message_complained"),
            # whom an override reached: the report's numbers and their lists
            models.Index("mailing", "waived", "id", condition=~models.Q(waived=""), name="message_waived"),
            models.Index("mailing", "id", condition=models.Q(unsubscribed_at__isnull=False), name="message_left"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state} {self.address}"


class Chunk(models.Model):
    """A range of 1,000 message numbers that one worker sends under a lease."""

    class State(models.TextChoices):
        WAITING = "waiting"
        WORKING = "working"
        DONE = "done"

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="chunks")
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    is_retry = models.BooleanField(default=False)  # takes deferred rows of the range instead of pending ones
    owner = models.CharField(max_length=100, blank=True)  # node, process: names the journal
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    issued_at = models.DateTimeField(null=True)  # when its number was last given to the broker
    not_before = models.DateTimeField(null=True)  # the mail server was not there: try again then
    rows_left = models.PositiveIntegerField(default=0)  # what a page calls "sending" while the chunk is worked on
    # the sub-batch on its way: unknown if the node is lost together with its journal
    batch_first = models.BigIntegerField(null=True)
    batch_last = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            # what is due, and whose lease ran out
            models.Index("mailing", "id", condition=~models.Q(state="done"), name="chunk_to_do"),
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}, {self.state}"


class Tally(models.Model):
    """What one step changed: how many rows left and entered each state. Appended in the step's own transaction.

    The sum of a mailing's rows is its live progress, whatever its size; per second it is the speed.
    Never changed, so that workers do not wait for each other; a recount of the messages gives the same figures.
    """

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    at = models.DateTimeField()
    held = models.IntegerField(default=0)
    pending = models.IntegerField(default=0)
    sent = models.IntegerField(default=0)
    deferred = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)
    cancelled = models.IntegerField(default=0)
    reasons = models.JSONField(default=dict, db_default={})  # of those that failed: {"dead_address": 3}

    class Meta:
        indexes = [
            models.Index("mailing", "at", name="tally_by_mailing"),  # live progress, speed of the last minutes
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.at}"


class DomainTally(models.Model):
    """How far a mailing is with one of its largest domains; all the others together are the empty one.

    One row per slot, so that workers do not wait for each other; the sum over slots is the figure.
    """

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="domain_tallies", db_index=False)
    domain = models.CharField(max_length=253, blank=True)
    slot = models.PositiveSmallIntegerField()
    domains = models.PositiveIntegerField(default=1)  # how many are lumped together
    people = models.IntegerField(default=0)
    sent = models.IntegerField(default=0)
    deferred = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)  # of the failed: because of us (authentication, blocked)
    dead = models.IntegerField(default=0)  # of the failed: hard bounces
    other = models.IntegerField(default=0)  # unknown, held at hand-over, cancelled

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailing", "domain", "slot"], name="one_tally_per_domain_and_slot"),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.domain} {self.slot}"


class Happening(models.Model):
    """A line of "What happened" on the mailing's page: started, paused, slowed down, finished."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="happenings")
    at = models.DateTimeField()
    kind = models.CharField(max_length=30)
    detail = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.kind} {self.at}"


class Counts(models.Model):
    """A mailing's figures in one row, written by the fold; rebuildable from messages and events."""

    mailing = models.OneToOneField(Mailing, on_delete=models.CASCADE, primary_key=True, related_name="counts")
    states = models.JSONField(default=dict)  # {"sent": 12, "held": 3, …}
    reasons = models.JSONField(default=dict)  # {"held": {"no_consent": 3, …}, …}
    returned = models.JSONField(default=dict)  # what came back, by reason: {"full": 3, …}
    delivered = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)  # people
    clicked = models.PositiveIntegerField(default=0)
    bounced = models.PositiveIntegerField(default=0)
    complained = models.PositiveIntegerField(default=0)
    unsubscribed = models.PositiveIntegerField(default=0)
    # {"open": {"human": 9, "machine": 4, "only_machine": 2, "apple_privacy": 1}, "click": {…}}: mailings.outcome
    hits = models.JSONField(default=dict)
    pruned_at = models.DateTimeField(null=True)  # when its raw events went: the figures are final (mailings.retention)
    refreshed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.pk}: {self.states}"


class Breakdown(models.Model):
    """What a mailing's figures are made of, counted beside the pages: mailings.breakdowns."""

    mailing = models.OneToOneField(Mailing, on_delete=models.CASCADE, primary_key=True, related_name="breakdown")
    parts = models.JSONField(default=dict)  # {"domains": [[name, sent, …]], "devices": [[code, people]], …}
    counted_at = models.DateTimeField(null=True)
    is_old = models.BooleanField(default=True)

    class Meta:
        indexes = [models.Index("counted_at", condition=models.Q(is_old=True), name="breakdown_due")]

    def __str__(self) -> str:
        return f"{self.pk}, {self.counted_at}"


class Handling(models.Model):
    """What somebody did about an address whose mail came back. Rows stay; undoing one marks it."""

    class Act(models.TextChoices):
        CORRECTED = "corrected", _("Corrected")
        REMOVED = "removed", _("Removed")
        FORMER = "former", _("Former employee")
        CLEARED = "cleared", _("Cleared")

    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    act = models.CharField(max_length=9, choices=Act)
    address = models.CharField(max_length=320)
    new_address = models.CharField(max_length=320, blank=True)
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    message = models.BigIntegerField()  # the one that came back; mailings may go, this stays
    detail = models.JSONField(default=dict)  # what it takes to undo it
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.act} {self.address}"


class LinkCount(models.Model):
    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="link_counts")
    number = models.PositiveSmallIntegerField()
    human = models.PositiveIntegerField(default=0)
    machine = models.PositiveIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailing", "number"], name="one_count_per_link")]

    def __str__(self) -> str:
        return f"{self.mailing_id}, link {self.number}"


class HourCount(models.Model):
    """The hits of one hour: the chart of the first 48."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="hour_counts")
    kind = models.CharField(max_length=11)  # open or click
    hour = models.DateTimeField()
    human = models.PositiveIntegerField(default=0)
    machine = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailing", "kind", "hour"], name="one_count_per_hour")]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.hour}"


class SendingDomain(models.Model):
    """A domain we write from, and what its DNS said when we last looked."""

    name = models.CharField(max_length=253, unique=True)  # small letters, A-label
    created_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True)
    findings = models.JSONField(default=list)  # mailings.dns_checks

    def __str__(self) -> str:
        return self.name


class DkimKey(models.Model):
    """A key that signs for a domain. The private half is sealed (consent.sealed) and shown nowhere."""

    class Algorithm(models.TextChoices):
        RSA = "rsa", "RSA 2048"
        ED25519 = "ed25519", "Ed25519"

    class Status(models.TextChoices):
        """Moves only in mailings.domains."""

        WAITING = "waiting", _("Put it in the DNS")
        SIGNING = "signing", _("Signs")
        RETIRED = "retired", _("Retired")

    domain = models.ForeignKey(SendingDomain, on_delete=models.CASCADE, related_name="keys")
    selector = models.CharField(max_length=63)
    algorithm = models.CharField(max_length=7, choices=Algorithm)
    public = models.TextField()  # p= of the DNS record
    private = models.TextField()  # sealed
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    signs_since = models.DateTimeField(null=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "selector"], name="selector_once_per_domain")]

    def __str__(self) -> str:
        return self.record_name

    @property
    def record_name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain.name}"

    @property
    def record(self) -> str:
        """The TXT record that publishes the public half (RFC 6376 §3.6.1)."""
        return f"v=DKIM1; k={self.algorithm}; p={self.public}"


class Override(models.Model):
    """Somebody's wish to send a mailing without consent, and what a second person made of it. Moves: mailings.overriding.

    It stands for what was approved and nothing else: `fingerprint` names the words and the sources.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for a second person")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", pgettext_lazy("override", "Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="overrides")
    state = models.CharField(max_length=9, choices=State, default=State.ASKED)
    reason = models.TextField()
    fingerprint = models.CharField(max_length=64)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["mailing"], condition=models.Q(state__in=["asked", "approved"]), name="one_override_at_a_time"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="override_has_a_reason"),
            models.CheckConstraint(
                condition=~models.Q(state="approved") | ~models.Q(decided_by=models.F("asked_by")),
                name="override_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id} {self.state}"


class Restraint(models.Model):
    """How much is enough: the frequency cap and the sunset, as administrators set them. The latest row counts.

    Never changed, never removed: the history says by which rule somebody was held back, and who made it so.
    """

    most = models.PositiveSmallIntegerField(_("at most so many"), null=True, blank=True)  # null: no cap
    days = models.PositiveSmallIntegerField(_("in so many days"), default=7)
    sunset = models.BooleanField(_("leave alone who never opens or clicks"), default=False)
    never = models.PositiveSmallIntegerField(_("never engaged: after so many mails"), default=11)
    since = models.PositiveSmallIntegerField(_("engaged once: after so many mails without"), default=16)
    note = models.TextField(_("why"))
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(note=""), name="restraint_has_a_note")]
        triggers = [pgtrigger.Protect(name="restraints_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.most} in {self.days}, sunset {self.sunset}"


class Unengaged(models.Model):
    """Who did not open or click for so long that the sunset holds them back; worked out anew: mailings.restraint."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.pk)


class PersonalMail(models.Model):
    """A mail that a named user wrote and sent to one person: no campaign, no tracking. Moves: mailings.personal."""

    class State(models.TextChoices):
        SENDING = "sending", pgettext_lazy("mail", "Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    key = models.UUIDField(unique=True)  # of the form: pressed twice, sent once
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="personal_mails")
    address = models.CharField(max_length=320)
    subject = models.CharField(max_length=250)
    body = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    from_name = models.CharField(max_length=200)
    reply_to = models.CharField(max_length=320)
    state = models.CharField(max_length=7, choices=State, default=State.SENDING)
    problem = models.TextField(blank=True)
    message_id = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("person", "id", name="personal_by_person"),  # a person's card
            models.Index("address", name="personal_by_address"),  # a person's data
            models.Index("by", "created_at", name="personal_by_author"),  # how many somebody wrote lately
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.state}"
