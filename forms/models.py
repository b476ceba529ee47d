"""What visitors answer: the form, its frozen versions, the submissions, and what became of each."""

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models import Confirmation, new_key
from recipients.models import Person


class Form(models.Model):
    """A web form. `draft` is being built; visitors see `published`, which is frozen."""

    stands = ""  # which state of the row was remembered, if it was not asked for: forms.publishing

    class Status(models.TextChoices):
        """Whether visitors can answer. Moves only in forms.publishing."""

        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    class Processing(models.TextChoices):
        AUTOMATIC = "automatic", _("At once, for everybody")
        KNOWN = "known", _("At once for people we know, else by hand")
        MANUAL = "manual", _("By hand")

    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)  # for colleagues
    folder = models.CharField(_("folder"), max_length=100, blank=True)
    key = models.CharField(max_length=22, unique=True, default=new_key)  # in its public address
    status = models.CharField(max_length=6, choices=Status, default=Status.DRAFT)
    draft = models.JSONField(default=dict)  # forms.definition
    draft_version = models.PositiveIntegerField(default=0)  # two people do not overwrite each other
    draft_saved_at = models.DateTimeField(null=True)
    published = models.ForeignKey("Version", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    owners = models.ForeignKey(
        Group, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("owned by")
    )
    opens_at = models.DateTimeField(_("open from"), null=True, blank=True)
    closes_at = models.DateTimeField(_("open until"), null=True, blank=True)
    most_answers = models.PositiveIntegerField(_("at most so many answers"), null=True, blank=True)
    processing = models.CharField(_("processing"), max_length=9, choices=Processing, default=Processing.AUTOMATIC)
    asks_confirmation = models.BooleanField(_("ask for confirmation by mail"), default=True)
    source = models.CharField(_("counts as"), max_length=30, default="own_form")  # a code of consent.rules
    source_detail = models.CharField(_("name of the event or campaign"), max_length=200, blank=True)
    asks_proof_of_work = models.BooleanField(_("let the browser solve a small sum"), default=True)
    fills_in = models.BooleanField(_("fill in who comes from a mailing"), default=True, db_default=True)
    origins = models.JSONField(default=list, blank=True)  # sites that may show or send it: ["https://example.org"]
    style = models.JSONField(default=dict, blank=True)  # forms.look
    actions = models.JSONField(default=list, blank=True)  # forms.actions
    archived_at = models.DateTimeField(null=True)  # out of sight, not gone
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        permissions = [("publish_form", _("Can publish forms")), ("process_submission", _("Can process submissions"))]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """What visitors saw: frozen when it was published; each submission names the one it answers."""

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "number"], name="version_once")]

    def __str__(self) -> str:
        return f"{self.form_id}, {self.number}"


class Submission(models.Model):
    """One answer of one visitor. Its values stay as they were sent."""

    class State(models.TextChoices):
        """What we did with it. Moves only in forms.processing."""

        AWAITING = "awaiting", _("Awaiting confirmation")
        SUBMITTED = "submitted", _("Submitted")
        PROCESSED = "processed", _("Processed")
        FAILED = "failed", _("Failed")
        SPAM = "spam", _("Spam")

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="submissions", db_index=False)
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+", db_index=False)
    nonce = models.CharField(max_length=43, unique=True)  # of the page it came from: the same page sent twice is one
    state = models.CharField(max_length=9, choices=State)
    address = models.CharField(max_length=320, blank=True)  # normalised: consent.addresses.normalise
    answers = models.JSONField(default=dict)  # {field's number: value}: forms.answers
    types = models.JSONField(default=list)  # subscription types that were ticked
    language = models.CharField(max_length=10)
    url = models.TextField(blank=True)  # the page that showed it
    embed = models.CharField(max_length=7, blank=True)  # page, inline, popup, tab, plain, api
    campaign = models.JSONField(default=dict)  # {"source": …, "medium": …, "campaign": …}
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.TextField(blank=True)
    submitted_at = models.DateTimeField()
    recorded_at = models.DateTimeField(null=True)  # when forms.agreeing had it; until then it does not move
    confirmation = models.ForeignKey(
        Confirmation, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    confirmed_at = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)
    processed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="submissions", db_index=False)
    is_new_person = models.BooleanField(default=False)
    problem = models.TextField(blank=True)  # why it failed, or waits for somebody

    class Meta:
        indexes = [
            # An answer that comes in has none of these yet: they cost it nothing.
            *(
                models.Index(name, condition=models.Q(**{f"{name}__isnull": False}), name=f"submission_{label}")
                for name, label in (
                    ("confirmation", "confirmed"),
                    ("processed_by", "processor"),
                    ("assigned_to", "assigned"),
                    ("person", "person"),
                )
            ),
            models.Index("form", "id", name="submission_by_form"),
            models.Index("form", "state", "id", name="submission_by_state"),  # the queue and its tabs
            models.Index("state", "id", condition=~models.Q(state="processed"), name="submission_to_do"),
            models.Index("id", condition=models.Q(recorded_at=None), name="submission_to_record"),
            models.Index("address", "form", name="submission_by_address"),  # one answer by mail in seven days
        ]

    def __str__(self) -> str:
        return f"{self.form_id}: {self.address}"


class File(models.Model):
    """A file that came with a submission; kept outside the web root, downloaded as an attachment."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="files")
    field = models.CharField(max_length=24)
    name = models.CharField(max_length=200)
    content = models.FileField(upload_to="forms/%Y/%m/")
    size = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.name


class Proposal(models.Model):
    """A value that a visitor gave and that differs from what we know: somebody takes it over, or not."""

    class State(models.TextChoices):
        OPEN = "open", _("To decide")
        TAKEN = "taken", _("Taken over")
        LEFT = "left", _("Left as it was")

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="proposals")
    field = models.CharField(max_length=20)  # of the person
    old = models.TextField(blank=True)
    new = models.TextField()
    state = models.CharField(max_length=5, choices=State, default=State.OPEN)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "field"], name="one_proposal_per_field")]

    def __str__(self) -> str:
        return f"{self.field}: {self.new}"


class Outcome(models.Model):
    """What became of one action of the form for one submission. Done once, whatever is tried again."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Left out")

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="outcomes", db_index=False)
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20)
    action = models.JSONField(default=dict)  # as the form had it then
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    said = models.TextField(blank=True)  # what became of it, in words
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "number"], name="one_outcome_per_action")]
        indexes = [models.Index("not_before", "id", condition=models.Q(state="waiting"), name="outcome_due")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.state}"


class Count(models.Model):
    """How often a form was seen, begun and finished: a day, a way of showing it and a source in one row."""

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="counts", db_index=False)
    day = models.DateField()
    embed = models.CharField(max_length=7, blank=True)
    source = models.CharField(max_length=100, blank=True)  # utm_source
    views = models.PositiveIntegerField(default=0)
    starts = models.PositiveIntegerField(default=0)
    completions = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "day", "embed", "source"], name="one_count_per_day")]

    def __str__(self) -> str:
        return f"{self.form_id}, {self.day}"


class Reach(models.Model):
    """How many visitors got as far as a field: where they leave."""

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="reached", db_index=False)
    field = models.CharField(max_length=24)
    visitors = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form", "field"], name="one_reach_per_field")]

    def __str__(self) -> str:
        return f"{self.form_id}, {self.field}"
