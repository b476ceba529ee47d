"""May we: purposes, subscription types, the append-only ledger, standings derived from it, and suppressions."""

import secrets

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    LETTER = "letter", _("Letter")


class Translated(models.Model):
    """A name and description that administrators write in English and Dutch."""

    name_en = models.CharField(_("name in English"), max_length=100)
    name_nl = models.CharField(_("name in Dutch"), max_length=100)
    description_en = models.TextField(_("description in English"), blank=True)
    description_nl = models.TextField(_("description in Dutch"), blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_nl if (get_language() or "").startswith("nl") else self.name_en

    @property
    def description(self) -> str:
        return self.description_nl if (get_language() or "").startswith("nl") else self.description_en


class Purpose(Translated):
    """Why we keep or use an address, e.g. e-marketing (GDPR Art. 5(1)(b))."""

    code = models.SlugField(_("code"), unique=True)
    is_active = models.BooleanField(_("active"), default=True)


class SubscriptionType(Translated):
    """A class of mailings one can refuse: "Newsletter", "Events"."""

    code = models.SlugField(_("code"), unique=True)
    purpose = models.ForeignKey(
        Purpose, on_delete=models.PROTECT, related_name="subscription_types", verbose_name=_("purpose")
    )
    is_active = models.BooleanField(_("active"), default=True)


class LegalBasis(Translated):
    """On what an act rests (GDPR Art. 6). The ledger keeps its code, so codes never change."""

    code = models.SlugField(_("code"), unique=True, max_length=40)
    is_active = models.BooleanField(_("active"), default=True)


class PrivacyNotice(models.Model):
    """A version of the privacy notice, with who is responsible. The latest one stands under every new entry.

    Never changed, never removed: an entry says which one held when it was made.
    """

    version = models.CharField(_("version"), max_length=40)
    url = models.URLField(_("address of the page"), blank=True)
    text = models.TextField(_("text"))
    digest = models.CharField(max_length=64)  # SHA-256 of the text, in hexadecimal
    controller = models.CharField(_("who is responsible"), max_length=200)
    contact = models.TextField(_("how to reach them"))
    mails_new = models.BooleanField(_("mail it to who is new"), default=False, db_default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        triggers = [pgtrigger.Protect(name="notices_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.version


class EvidenceFile(models.Model):
    """A scan of a paper form, a card, a contract: kept outside the web root, named by what is in it."""

    digest = models.CharField(max_length=64, unique=True)  # SHA-256, the key "file" of an entry's evidence
    file = models.FileField(upload_to="evidence/%Y/%m/")
    file_name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.file_name


class Act(models.TextChoices):
    GIVEN = "given", _("Given")
    CONFIRMED = "confirmed", _("Confirmed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    RESTORED = "restored", _("Restored")
    PAUSED = "paused", _("Paused")
    RESUMED = "resumed", _("Resumed")
    ANNULLED = "annulled", _("Taken back")  # an earlier entry that was declared by mistake
    ERASED = "erased", _("Erased")  # the personal side of earlier entries, at the person's request


ERASING = "postduif.erasing"  # the setting under which an erasure may take the personal side of entries away


class ConsentEvent(models.Model):
    """One act in the ledger. Never changed, never removed: the database itself refuses.

    Personal values live in `ConsentDetail`; here only their salted commitment, so that erasing
    a person leaves the chain verifiable (reference: ISO/IEC TS 27560, GDPR Art. 7(1) and 17).
    """

    recorded_at = models.DateTimeField()
    acted_at = models.DateTimeField()  # when the person, or whoever acted, did it
    act = models.CharField(max_length=10, choices=Act)
    channel = models.CharField(max_length=6, choices=Channel)
    purpose = models.ForeignKey(Purpose, on_delete=models.PROTECT, related_name="+", db_index=False)
    subscription_type = models.ForeignKey(
        SubscriptionType, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    source = models.CharField(max_length=30)  # a code of consent.rules.SOURCES
    kind = models.CharField(max_length=8)  # explicit, implicit or none
    evidence_on = models.DateField(null=True)
    expires_at = models.DateTimeField(null=True)
    actor = models.CharField(max_length=60)  # "self", "user:7", "import:12", "system"
    basis = models.CharField(max_length=40, blank=True, db_default="")  # the code of a LegalBasis
    country = models.CharField(max_length=2, blank=True, db_default="")  # of the person, as far as it was known then
    notice = models.ForeignKey(
        PrivacyNotice, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    commitment = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            pgtrigger.Trigger(
                name="no_truncate",
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION 'The consent ledger cannot be truncated';",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.act} {self.source}"


class ConsentDetail(models.Model):
    """The personal side of a ledger event; erased with its salt when the person asks for erasure.

    Written only by `consent.ledger`, in one transaction with its event, so no constraint checks each row again.
    """

    event = models.OneToOneField(
        ConsentEvent, on_delete=models.PROTECT, primary_key=True, related_name="detail", db_constraint=False
    )
    salt = models.BinaryField(max_length=16)
    # what makes two pieces of evidence the same one: a repeated import finds it and writes nothing
    fingerprint = models.BinaryField(max_length=16, null=True, unique=True)
    address = models.CharField(max_length=320)  # normalised: consent.addresses.normalise
    subject = models.BigIntegerField(null=True)  # the person's number; consent knows no person model
    wording = models.TextField(blank=True)
    language = models.CharField(max_length=10, blank=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.TextField(blank=True)
    url = models.TextField(blank=True)
    evidence = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index("address", name="consentdetail_address"),  # a person's evidence, newest first
        ]
        triggers = [
            pgtrigger.Protect(name="detail_unchanged", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="detail_kept",
                operation=pgtrigger.Delete,
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                func=f"""
                IF current_setting('{ERASING}', true) IS DISTINCT FROM 'on' THEN
                    RAISE EXCEPTION 'Cannot delete from the consent ledger: only an erasure does';
                END IF;
                RETURN NULL;
                """,  # noqa: S608 - our own text
            ),
            pgtrigger.Trigger(
                name="detail_no_truncate",
                operation=pgtrigger.Truncate,
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                func="RAISE EXCEPTION 'The consent ledger cannot be truncated';",
            ),
        ]

    def __str__(self) -> str:
        return self.address


class Annulment(models.Model):
    """An entry that no longer counts, because what was declared was a mistake; `by` is the entry that says so.

    Derived from the ledger, like `Standing`, so that no fold has to read the evidence of later entries.
    """

    event = models.OneToOneField(
        ConsentEvent, on_delete=models.PROTECT, primary_key=True, related_name="annulment", db_constraint=False
    )
    by = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.event_id} by {self.by}"


class Standing(models.Model):
    """Where an address stands now: derived from the ledger by `consent.standings`, rebuildable, read by the gate.

    One row for a purpose as a whole (subscription type null) and one for each type that was named. Every column
    is a greatest value of the ledger, so the order in which batches arrive does not matter. `…_until` is the moment
    from which evidence of that kind no longer counts (the year 9999: until withdrawn). `own_…` is the last time that
    the person agreed by an act of their own, the only thing that beats an earlier opt-out. Evidence that is not
    explicit stands in `Ground`, because what it is worth depends on the country.
    """

    channel = models.CharField(max_length=6, choices=Channel)
    address = models.CharField(max_length=320)
    purpose = models.ForeignKey(
        Purpose, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    subscription_type = models.ForeignKey(
        SubscriptionType, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    explicit_until = models.DateTimeField(null=True)
    explicit_event = models.BigIntegerField(null=True)
    confirmed_until = models.DateTimeField(null=True)
    confirmed_event = models.BigIntegerField(null=True)
    verify_event = models.BigIntegerField(null=True)
    own_at = models.DateTimeField(null=True)
    own_until = models.DateTimeField(null=True)
    own_event = models.BigIntegerField(null=True)
    own_confirmed_at = models.DateTimeField(null=True)
    own_confirmed_until = models.DateTimeField(null=True)
    own_confirmed_event = models.BigIntegerField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_event = models.BigIntegerField(null=True)
    restored_event = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "channel", "purpose", "subscription_type"],
                nulls_distinct=False,
                name="one_standing_per_scope",
            ),
        ]

    def __str__(self) -> str:
        return self.address


class RuleVersion(models.Model):
    """What an administrator made of one row of the rule table, or of the list of functions; the latest one counts.

    Never changed, never removed: the history says by which rule a mailing was judged, and who made it so.
    """

    key = models.CharField(max_length=30)  # a code of consent.rules.SOURCES, or "roles"
    values = models.JSONField()  # what consent.rulebook reads
    note = models.TextField(_("why"))
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("key", "id", name="rule_latest")]  # the row that counts, and its history
        constraints = [models.CheckConstraint(condition=~models.Q(note=""), name="rule_change_has_a_note")]
        triggers = [pgtrigger.Protect(name="rules_append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.key} {self.pk}"


class Ground(models.Model):
    """The best evidence of one source that is not explicit: derived from the ledger like `Standing`, for the gate.

    Apart by source and by whether soft opt-in is complete, so that the law of each country can weigh it.
    """

    channel = models.CharField(max_length=6, choices=Channel)
    address = models.CharField(max_length=320)
    purpose = models.ForeignKey(
        Purpose, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    subscription_type = models.ForeignKey(
        SubscriptionType, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    source = models.CharField(max_length=30)
    is_soft = models.BooleanField()
    until = models.DateTimeField()
    evidence_on = models.DateField()
    event = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "channel", "purpose", "subscription_type", "source", "is_soft"],
                nulls_distinct=False,
                name="one_ground_per_source",
            ),
        ]

    def __str__(self) -> str:
        return self.address


class SuppressionReason(models.TextChoices):
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    COMPLAINED = "complained", _("Complained")
    HARD_BOUNCE = "hard_bounce", _("Bounced hard")
    SOFT_BOUNCES = "soft_bounces", _("Kept coming back")
    OBJECTION = "objection", _("Objected")
    ERASED = "erased", _("Erased")
    MANUAL = "manual", _("Blocked by hand")
    PAUSED = "paused", _("Paused")
    RESTING = "resting", _("Asked for less mail")


class Suppression(models.Model):
    """An address that may not be mailed: for one subscription type, or (type null) for all of them.

    After an erasure `address` is a pseudonym (consent.pseudonyms), made with the key that `hashed_with` names.
    """

    channel = models.CharField(max_length=6, choices=Channel)
    address = models.CharField(max_length=320)
    hashed_with = models.CharField(max_length=8, blank=True, db_default="", default="")
    subscription_type = models.ForeignKey(SubscriptionType, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=12, choices=SuppressionReason)
    evidence = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    actor = models.CharField(max_length=60)
    until = models.DateTimeField(null=True)  # of a pause, or of mail that kept coming back: when it is over by itself
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    released_because = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "channel", "subscription_type", "reason"],
                condition=models.Q(released_at=None),
                nulls_distinct=False,
                name="one_active_suppression",
            ),
        ]
        indexes = [
            GinIndex(fields=["address"], opclasses=["gin_trgm_ops"], name="suppression_trgm"),  # the list's search
            models.Index("reason", "id", condition=models.Q(released_at=None), name="suppression_by_reason"),
            # which keys are in use; few addresses were ever erased
            models.Index("hashed_with", condition=~models.Q(hashed_with=""), name="suppression_hashed"),
            # the pauses that are over
            models.Index("until", condition=models.Q(released_at=None, until__isnull=False), name="suppression_due"),
        ]

    def __str__(self) -> str:
        return self.address


class Export(models.Model):
    """Who took which list out of the house, when; written before the first row leaves, and never changed by anybody."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    what = models.CharField(max_length=20)  # people, companies, messages, suppressions
    name = models.CharField(max_length=200)  # of the list, as its page said
    form = models.CharField(_("file format"), max_length=4)  # xlsx or csv
    asked = models.JSONField(default=dict)  # number of the list, words searched
    rows = models.PositiveIntegerField(null=True)  # None while it is being written

    def __str__(self) -> str:
        return f"{self.name} ({self.form})"


def new_key() -> str:
    """128 random bits, 22 URL characters."""
    return secrets.token_urlsafe(16)


class OptOutKey(models.Model):
    """The random parts of an address's links. They outlive mailings, people and secret keys.

    Two keys, because a link can do what it is for and no more: `key` unsubscribes, `preferences` opens the choices.
    """

    channel = models.CharField(max_length=6, choices=Channel)
    address = models.CharField(max_length=320)
    key = models.CharField(max_length=22, unique=True, default=new_key)
    preferences = models.CharField(max_length=22, unique=True, default=new_key)
    language = models.CharField(max_length=10, blank=True, db_default="")  # as the person chose it; empty: not yet
    every_days = models.PositiveSmallIntegerField(
        default=0, db_default=0
    )  # at most one marketing mail in so many; 0: any

    class Meta:
        constraints = [models.UniqueConstraint(fields=["address", "channel"], name="one_opt_out_key")]
        indexes = [
            models.Index("every_days", condition=models.Q(every_days__gt=0), name="who_wants_less")  # mailings.rests
        ]

    def __str__(self) -> str:
        return self.address


class Confirmation(models.Model):
    """One double opt-in: somebody is asked by mail to confirm. Nothing counts as consent before they do.

    What was declared when the address came in waits here, and reaches the ledger only with the confirmation.
    """

    channel = models.CharField(max_length=6, choices=Channel, default=Channel.EMAIL)
    address = models.CharField(max_length=320)
    key = models.CharField(max_length=22, unique=True, default=new_key)
    subscription_types = models.ManyToManyField(SubscriptionType, related_name="+")
    language = models.CharField(max_length=10)
    wording = models.TextField(blank=True)  # what they read when they gave the address
    source = models.CharField(max_length=30)  # a code of consent.rules.SOURCES
    evidence = models.JSONField(default=dict)
    original = models.BigIntegerField(null=True)  # the ledger's entry that is to be confirmed
    actor = models.CharField(max_length=60)  # who asked: "self" in a form, "user:7" from the list of who must confirm
    ip = models.GenericIPAddressField(null=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)  # when the mail is due; null: nothing to send
    sent_at = models.DateTimeField(null=True)  # the latest mail
    mails = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True)
    message_id = models.CharField(max_length=200, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)  # confirmed, declined, or replaced by a newer one
    declined = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address", "channel"], condition=models.Q(closed_at=None), name="one_open_confirmation"
            ),
        ]
        indexes = [
            models.Index("not_before", condition=models.Q(not_before__isnull=False), name="confirmation_due"),
            models.Index("address", "id", name="confirmation_by_address"),
        ]

    def __str__(self) -> str:
        return self.address


class SubjectRequest(models.Model):
    """Somebody asks what we keep about them, or to be forgotten. Rows stay; an erasure leaves a pseudonym in them.

    Who asks is identified by a link mailed to the address. The key does this one thing, for a day.
    """

    address = models.CharField(max_length=320)
    language = models.CharField(max_length=10)
    key = models.CharField(max_length=22, unique=True, default=new_key)
    actor = models.CharField(max_length=60)  # "self" from the page, "user:7" from a person's card
    note = models.TextField(blank=True)  # how staff came by it
    asked_at = models.DateTimeField()
    due_on = models.DateField()  # GDPR Art. 12(3): within a month
    expires_at = models.DateTimeField()  # of the link
    not_before = models.DateTimeField(null=True)  # when the mail is due; null: nothing to send
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True)
    identified_at = models.DateTimeField(null=True)  # when the link was used, or staff knew them otherwise
    identified_how = models.TextField(blank=True)
    exported_at = models.DateTimeField(null=True)
    erase_at = models.DateTimeField(null=True)  # asked to be erased, by whom below
    erase_by = models.CharField(max_length=60, blank=True)
    erased_at = models.DateTimeField(null=True)
    erased = models.JSONField(default=dict)  # {"messages": 12, …}: rows per table, and what still names them
    closed_at = models.DateTimeField(null=True)  # answered

    class Meta:
        indexes = [
            models.Index("address", "id", name="request_by_address"),
            # what the clock has to do: mails, erasures; and the list of what is open
            models.Index("not_before", condition=models.Q(not_before__isnull=False), name="request_mail_due"),
            models.Index(
                "erase_at", condition=models.Q(erase_at__isnull=False, erased_at=None), name="request_erasure_due"
            ),
            models.Index("due_on", "id", condition=models.Q(closed_at=None), name="request_open"),
        ]
        permissions = [("erase_subject", "Can erase a person's data")]

    def __str__(self) -> str:
        return f"{self.pk} {self.asked_at:%Y-%m-%d}"


class PrivacyMail(models.Model):
    """A privacy confirmation: one mail that tells somebody what is kept about them, and when it went."""

    address = models.CharField(max_length=320)
    language = models.CharField(max_length=10)
    actor = models.CharField(max_length=60)  # "user:7" from a card, "system" when the notice says so
    asked_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)  # when the mail is due; null: nothing to send
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(blank=True)
    message_id = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index("address", "id", name="privacy_mail_by_address"),
            models.Index("not_before", condition=models.Q(not_before__isnull=False), name="privacy_mail_due"),
        ]

    def __str__(self) -> str:
        return self.address
