"""What came back: tracked links and the append-only journal of events. A message is known by its number only."""

from django.conf import settings
from django.db import models
from django.db.models.functions import MD5
from django.utils.translation import gettext_lazy as _


class Link(models.Model):
    """A counted link of one mailing; its target is looked up here, never taken from a request."""

    mailing = models.BigIntegerField()  # number of the mailing; tracking does not know the model
    number = models.PositiveSmallIntegerField()  # position in the mailing, the last part of the tracked address
    url = models.TextField()
    name = models.CharField(max_length=200, blank=True)
    # the link of the library that it is: counted over all mailings, perhaps with actions
    library = models.ForeignKey("LibraryLink", on_delete=models.SET_NULL, null=True, related_name="uses")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailing", "number"], name="link_number_once")]

    def __str__(self) -> str:
        return self.name or self.url


class LibraryLink(models.Model):
    """A link with a name that is used over several mailings, and what happens when somebody clicks it."""

    class Response(models.TextChoices):
        PAGE = "page", _("Go to a page")
        TEXT = "text", _("Show a text of ours")

    name = models.CharField(_("name"), max_length=200)
    response = models.CharField(_("a click leads to"), max_length=4, choices=Response, default=Response.PAGE)
    url = models.TextField(_("address of the page"), blank=True)
    text = models.TextField(_("text"), blank=True, max_length=5000)
    archived_at = models.DateTimeField(null=True)  # out of the list; its links work for ever
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(MD5("url"), name="library_by_url")]  # which link an address is

    def __str__(self) -> str:
        return self.name


class LinkAction(models.Model):
    """One thing that a click does. What each kind needs stands in `detail`: tracking.actions."""

    class Does(models.TextChoices):
        ADD_TO_SELECTION = "to_selection", _("Put on a selection")
        TAKE_OFF_SELECTION = "off_selection", _("Take off a selection")
        ADD_TO_PROJECT = "to_project", _("Put into a project")
        TAKE_OFF_PROJECT = "off_project", _("Take out of a project")
        ADD_INTEREST = "add_interest", _("Add an interest")
        REMOVE_INTEREST = "remove_interest", _("Remove an interest")
        SET_FIELD = "set_field", _("Fill in a field")
        CREATE_TASK = "create_task", _("Create a follow-up task")
        CALL = "call", _("Call another system (webhook)")
        SUBSCRIBE = "subscribe", _("Ask to subscribe")
        UNSUBSCRIBE = "unsubscribe", _("Ask to unsubscribe")

    link = models.ForeignKey(LibraryLink, on_delete=models.CASCADE, related_name="actions")
    does = models.CharField(_("what a click does"), max_length=15, choices=Does)
    detail = models.JSONField(default=dict)  # {"selection": 7}, {"field": "city", "value": "Gent"}, …
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.does} {self.detail}"


class Act(models.Model):
    """What one click does, or did: once per action and message, however often it is clicked. The row is the queue."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")  # until it is clear that no machine clicked
        CALLING = "calling", _("Calling")
        DONE = "done", _("Done")
        DROPPED = "dropped", _("A machine clicked")
        FAILED = "failed", _("Failed")

    action = models.ForeignKey(LinkAction, on_delete=models.CASCADE, related_name="acts", db_index=False)
    message = models.BigIntegerField()
    mailing = models.BigIntegerField()
    link = models.PositiveSmallIntegerField()
    person = models.ForeignKey(
        "recipients.Person", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    clicked_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["action", "message"], name="act_once_per_message")]
        indexes = [
            # what is due
            models.Index("not_before", "id", condition=models.Q(state__in=["waiting", "calling"]), name="act_due"),
            models.Index("person", condition=models.Q(person__isnull=False), name="act_by_person"),  # removing one
        ]

    def __str__(self) -> str:
        return f"{self.action_id} for {self.message}: {self.state}"


class Kind(models.TextChoices):
    OPEN = "open", _("Opened")
    CLICK = "click", _("Clicked")
    TRAP = "trap", _("Followed a link that nobody sees")
    DELIVERED = "delivered", _("Delivered")
    BOUNCE = "bounce", _("Bounced")
    COMPLAINT = "complaint", _("Complained")
    UNSUBSCRIBE = "unsubscribe", _("Unsubscribed")


class Event(models.Model):
    """One thing that happened to a message. Rows are appended in bulk and never changed, but for the fold's mark."""

    origin = models.CharField(max_length=100, unique=True)  # "node1/hits-17.log:4711", "mail:<id>": taken in once
    at = models.DateTimeField()
    kind = models.CharField(max_length=11, choices=Kind)
    mailing = models.BigIntegerField()
    message = models.BigIntegerField()
    link = models.PositiveSmallIntegerField(null=True)
    method = models.CharField(max_length=8, blank=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    referer = models.CharField(max_length=200, blank=True)
    fetched_for = models.CharField(max_length=20, blank=True)  # Sec-Purpose or Purpose: "prefetch"
    is_machine = models.BooleanField(default=False)
    reasons = models.JSONField(default=list)  # why it is judged a machine
    category = models.CharField(max_length=20, blank=True)  # of a bounce: dead_address, full, …
    detail = models.TextField(blank=True)  # the server's words
    folded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("message", "kind", name="event_by_message"),  # a person's card, the judge's neighbours
            models.Index("mailing", "kind", "at", name="event_by_mailing"),  # rebuilding a mailing's statistics
            models.Index("id", condition=models.Q(folded_at=None), name="event_to_fold"),  # the fold's queue
            # lists of a report: who clicked a link, whose mail only machines touched
            models.Index(
                "mailing",
                "link",
                "message",
                condition=models.Q(kind="click", is_machine=False),
                name="event_by_link",
            ),
            models.Index("mailing", "kind", "message", condition=models.Q(is_machine=True), name="event_by_machines"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.mailing}/{self.message}"


class Position(models.Model):
    """How far a file of hits has been taken into the journal; it moves in the transaction that takes the lines."""

    file = models.CharField(max_length=100, primary_key=True)  # "node1-4711-1795435200000000000.log"
    bytes = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.file}:{self.bytes}"


class SoftBounce(models.Model):
    """Mail to an address that came back for a reason that may pass: one row per mailing. Rows are ended, never removed.

    The rows of an address that are not ended are its run: how often in a row, and since when (tracking.patience).
    """

    class Ended(models.TextChoices):
        CLICKED = "clicked", _("Somebody clicked")
        DELIVERED = "delivered", _("A later mail arrived")
        CLEARED = "cleared", _("Cleared by hand")

    channel = models.CharField(max_length=6, default="email")
    address = models.CharField(max_length=320)
    mailing = models.BigIntegerField()
    message = models.BigIntegerField()
    at = models.DateTimeField()
    category = models.CharField(max_length=20)
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=9, choices=Ended, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "address", "mailing"], name="soft_bounce_once_per_mailing")
        ]
        indexes = [
            models.Index("address", condition=models.Q(ended_at=None), name="soft_bounce_run")
        ]  # a run, to end it

    def __str__(self) -> str:
        return f"{self.category} {self.address}"


class InboundMail(models.Model):
    """A mail that reached the inbound port: a DSN, a complaint, an automatic answer. The evidence of an event."""

    class Kind(models.TextChoices):
        DSN = "dsn", _("Delivery report")
        COMPLAINT = "complaint", _("Complaint")
        AUTO_REPLY = "auto_reply", _("Automatic reply")
        UNSUBSCRIBE = "unsubscribe", _("Unsubscribe request")
        OTHER = "other", _("Other")

    received_at = models.DateTimeField()
    mail_from = models.CharField(max_length=320, blank=True)
    rcpt_to = models.CharField(max_length=320)
    raw = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of recipient and bytes: a repeated hand-over
    kind = models.CharField(max_length=11, choices=Kind, blank=True)
    message = models.BigIntegerField(null=True)
    read_at = models.DateTimeField(null=True)  # when it was parsed into events
    problem = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index("id", condition=models.Q(read_at=None), name="inbound_to_read"),  # the reader's queue
            models.Index("message", condition=models.Q(message__isnull=False), name="inbound_by_message"),  # evidence
        ]

    def __str__(self) -> str:
        return f"{self.kind or 'mail'} {self.pk}"


class Hook(models.Model):
    """A door for one account at a mail provider: where it posts what became of our mail. Passwords are sealed."""

    provider = models.CharField(_("provider"), max_length=20)  # a code of tracking.webhooks.providers
    name = models.CharField(_("name"), max_length=100)
    password = models.TextField()  # sealed; part of the address that the provider is given
    signing_key = models.TextField(blank=True)  # sealed
    topic = models.CharField(_("topic"), max_length=300, blank=True)  # Amazon: the ARN of the topic that may call
    confirm_url = models.TextField(blank=True)  # Amazon asks a person to follow this
    is_active = models.BooleanField(_("in use"), default=True)
    taken = models.PositiveBigIntegerField(default=0)  # events that were new
    last_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class Mailbox(models.Model):
    """A mailbox that is looked into every minute for what came back. What is not ours in it is never touched."""

    class Protocol(models.TextChoices):
        IMAP = "imap", "IMAP"
        POP3 = "pop3", "POP3"

    class Security(models.TextChoices):
        TLS = "tls", _("TLS from the start")
        STARTTLS = "starttls", "STARTTLS"
        NONE = "none", _("None: only on this machine or inside a private network")

    class After(models.TextChoices):
        """What is done with a mail of ours once it is kept."""

        STAYS = "stays", _("Mark it as read and let it stay")
        MOVES = "moves", _("Move it to another folder (IMAP)")
        GOES = "goes", _("Remove it from the mailbox")

    name = models.CharField(_("name"), max_length=100)
    protocol = models.CharField(_("protocol"), max_length=4, choices=Protocol, default=Protocol.IMAP)
    host = models.CharField(_("host"), max_length=255)
    port = models.PositiveIntegerField(_("port"), null=True, blank=True)  # empty: the usual one
    security = models.CharField(_("security"), max_length=8, choices=Security, default=Security.TLS)
    username = models.CharField(_("user name"), max_length=320)
    password = models.TextField(blank=True)  # sealed
    folder = models.CharField(_("folder"), max_length=200, default="INBOX")
    after = models.CharField(_("afterwards"), max_length=5, choices=After, default=After.STAYS)
    moves_to = models.CharField(_("folder for what was read"), max_length=200, blank=True, default="Postduif")
    is_active = models.BooleanField(_("in use"), default=True)
    claimed_until = models.DateTimeField(null=True)  # one process looks at a time
    validity = models.CharField(max_length=20, blank=True)  # IMAP: while it is the same, numbers mean the same mails
    read_until = models.PositiveBigIntegerField(default=0)  # IMAP: the highest number that was looked at
    taken = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class LookedAt(models.Model):
    """A mail that a POP3 mailbox still holds and that was looked at: POP3 itself remembers nothing."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="looked_at")
    uid = models.CharField(max_length=70)  # RFC 1939: 1 to 70 characters

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "uid"], name="looked_at_once")]

    def __str__(self) -> str:
        return self.uid
