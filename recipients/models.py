"""Who: companies, persons, their addresses, selections, projects and imports."""

from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.checks import CheckMessage
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Lower
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext_lazy as _

from consent import rules

# what has no constraint that looks each row up: as a set it goes with its person
GOES_ALONG = ("recipients_emailaddress", "recipients_selectionmember", "recipients_personsearch", "recipients_importedchange")  # fmt: skip
GOING_ALONG = f"\n{' ' * 20}".join(
    f"DELETE FROM {table} kept USING gone WHERE kept.person_id = gone.id;"  # noqa: S608 - our own names
    for table in GOES_ALONG
)


class SortName(models.Func):
    """The key by which a person stands in a list; see migration 0012 for its rules."""

    function = "recipients_sort_name"
    arity = 2
    output_field = models.TextField()


@models.CharField.register_lookup
class Holds(models.Lookup):
    """`name__holds="ada"`: as `icontains`, but for the column as it is, so that its index of trigrams is of use."""

    lookup_name = "holds"

    def get_prep_lookup(self) -> str:
        escaped = str(self.rhs).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"%{escaped}%"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        column, before = self.process_lhs(compiler, connection)
        words, given = self.process_rhs(compiler, connection)
        return f"{column} ILIKE {words}", (*before, *given)


class Computed(models.GeneratedField):
    """A column that the database works out. Django would ask a server whether it can; every PostgreSQL of ours can."""

    def _check_supported(self, databases: object) -> list[CheckMessage]:
        return []

    def _check_persistence(self, databases: object) -> list[CheckMessage]:
        return []


class CustomField(models.Model):
    """A field of people or companies that this house made up for itself. Values stand in `custom` of the row, by key."""

    class Of(models.TextChoices):
        PERSON = "person", _("People")
        COMPANY = "company", _("Companies")

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        DATE = "date", _("Date")
        CHOICE = "choice", _("Choice")
        YESNO = "yesno", _("Yes or no")

    of = models.CharField(max_length=7, choices=Of)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind)
    name = models.CharField(_("name"), max_length=60)
    key = models.CharField(max_length=40)  # a-z 0-9 _; in `custom` and in merge variables; never changes
    choices = models.JSONField(default=list, blank=True)  # of a choice: its words, in order
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("of", "key", name="custom_field_key"),
            models.UniqueConstraint("of", Lower("name"), name="custom_field_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Interest(models.Model):
    """A subject that people and companies may be interested in, out of one list for the whole house."""

    name = models.CharField(_("name"), max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="interest_once")]

    def __str__(self) -> str:
        return self.name


class Whereabouts(models.Model):
    """Where somebody lives or works, in whose hours, and who of us looks after them."""

    language = models.CharField(_("language"), max_length=10, blank=True, default="", db_default="")
    country = models.CharField(_("country"), max_length=2, blank=True)  # ISO 3166-1 alpha-2
    time_zone = models.CharField(
        _("time zone"), max_length=50, blank=True, default="", db_default=""
    )  # "Europe/Amsterdam"
    street = models.CharField(_("street and number"), max_length=200, blank=True, default="", db_default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="", db_default="")
    city = models.CharField(_("city"), max_length=100, blank=True, default="", db_default="")
    region = models.CharField(_("state or region"), max_length=100, blank=True, default="", db_default="")
    phone = models.CharField(
        _("phone"), max_length=30, blank=True, default="", db_default=""
    )  # E.164: recipients.phones.normalise
    custom = models.JSONField(default=dict, blank=True, db_default={})  # {CustomField.key: text, number, true or false}

    class Meta:
        abstract = True

    @property
    def home(self) -> str:
        """The country from which one dials here."""
        return self.country or settings.HOME_COUNTRY


class Company(Whereabouts):
    name = models.CharField(_("name"), max_length=200)
    website = models.URLField(_("website"), blank=True)
    our_contact = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sales contact"),
        db_index=False,  # see company_by_contact
    )
    support_contact = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("support contact"),
        db_index=False,
    )
    notes = models.TextField(_("notes"), blank=True, default="", db_default="")
    interests = models.ManyToManyField(Interest, through="CompanyInterest", related_name="companies")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            # whose companies a user's removal leaves without a contact
            models.Index("our_contact", name="company_by_contact", condition=models.Q(our_contact__isnull=False)),
            models.Index(
                "support_contact", name="company_by_support", condition=models.Q(support_contact__isnull=False)
            ),
            # search as you type
            GinIndex(fields=["name"], opclasses=["gin_trgm_ops"], name="company_name_trgm"),
            models.Index(Lower("name"), "id", name="company_by_name"),  # an import finds the company of a row
        ]

    def __str__(self) -> str:
        return self.name


class PersonQuerySet(models.QuerySet["Person"]):
    """Questions about people, in words that chain."""

    def matching(self, text: str) -> Self:
        """Whose name, addresses or company hold each of these words."""
        found = self
        for word in text.casefold().split()[:8]:
            found = found.filter(search__text__contains=word)
        return found

    def in_selection(self, selection: "Selection") -> Self:
        return self.filter(
            models.Exists(SelectionMember.objects.filter(selection=selection, person=models.OuterRef("pk")))
        )

    def in_project(self, project: "Project") -> Self:
        return self.filter(models.Exists(ProjectMember.objects.filter(project=project, person=models.OuterRef("pk"))))

    def with_addresses(self) -> Self:
        """Bring the addresses along, the one we write to first, in one query more."""
        return self.prefetch_related(
            models.Prefetch("email_addresses", queryset=EmailAddress.objects.order_by("rank"), to_attr="addresses")
        )


class Person(Whereabouts):
    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    middle_name = models.CharField(_("middle name"), max_length=50, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    title = models.CharField(_("title"), max_length=100, blank=True)
    company = models.ForeignKey(
        Company, on_delete=models.SET_NULL, null=True, blank=True, related_name="people", verbose_name=_("company")
    )
    mobile = models.CharField(
        _("mobile"), max_length=30, blank=True, default="", db_default=""
    )  # E.164; texts go there
    our_contact = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("sales contact"),
        db_index=False,  # see person_by_contact
    )
    support_contact = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("support contact"),
        db_index=False,  # see person_by_support
    )
    interests = models.ManyToManyField(Interest, through="PersonInterest", related_name="people")
    notes = models.TextField(_("notes"), blank=True)
    is_former_employee = models.BooleanField(_("former employee"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # "berg jan" for Jan van den Berg: the order of a Dutch list of names, worked out by the database itself
    sort_name = Computed(
        expression=SortName("last_name", "first_name"),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )

    objects = PersonQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("sort_name", "id", name="person_by_sort_name"),  # the People page, keyset
            models.Index(
                "mobile", name="person_by_mobile", condition=~models.Q(mobile="")
            ),  # who answered, who sent STOP
            # whose people a user's removal leaves without a contact; most people have none
            models.Index("our_contact", name="person_by_contact", condition=models.Q(our_contact__isnull=False)),
            models.Index(
                "support_contact", name="person_by_support", condition=models.Q(support_contact__isnull=False)
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="nothing_is_left",
                operation=pgtrigger.Delete,
                when=pgtrigger.After,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(old="gone"),  # type: ignore[no-untyped-call]
                func=f"""
                    {GOING_ALONG}
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(_("No name"))

    @property
    def home(self) -> str:
        """The country from which this person dials."""
        return self.country or (self.company.country if self.company else "") or settings.HOME_COUNTRY

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first_name, self.middle_name, self.last_name) if part)


class PersonSearch(models.Model):
    """The text in which a person is found: "ada lovelace ada@example.org analytical engines".

    Kept by `recipients.people.index`; apart from the person, so that an import does not wait for its index.
    """

    person = models.OneToOneField(
        Person, on_delete=models.CASCADE, primary_key=True, related_name="search", db_constraint=False
    )
    text = models.TextField()

    class Meta:
        indexes = [GinIndex(fields=["text"], opclasses=["gin_trgm_ops"], name="person_search_trgm")]

    def __str__(self) -> str:
        return self.text


class PersonInterest(models.Model):
    # no index of its own: the constraint below begins with it
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_index=False)
    interest = models.ForeignKey(Interest, on_delete=models.CASCADE, related_name="+", db_index=False)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "interest"], name="interest_once_per_person")]
        indexes = [models.Index("interest", "person", name="person_by_interest")]  # criteria, the list of interests

    def __str__(self) -> str:
        return f"{self.interest_id} of {self.person_id}"


class CompanyInterest(models.Model):
    # no index of its own: the constraint below begins with it
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="+", db_index=False)
    interest = models.ForeignKey(Interest, on_delete=models.CASCADE, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "interest"], name="interest_once_per_company")]

    def __str__(self) -> str:
        return f"{self.interest_id} of {self.company_id}"


class EmailAddress(models.Model):
    """An address of a person; rank 1 is the one we write to."""

    # no index of its own: the constraint on rank begins with it. Whether the person exists is asked once for all rows
    # of a statement (trigger below), and addresses go with their person (trigger of Person): ten times as quick
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="email_addresses", db_index=False, db_constraint=False
    )
    address = models.CharField(_("e-mail"), max_length=320)  # normalised: consent.addresses.normalise
    rank = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            # address first: matching imports, forms and bounces is a look into this index
            models.UniqueConstraint(fields=["address", "person"], name="address_once_per_person"),
            models.UniqueConstraint(
                fields=["person", "rank"], name="one_address_per_rank", deferrable=models.Deferrable.DEFERRED
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="has_a_person",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="fresh"),  # type: ignore[no-untyped-call]
                func="""
                    IF EXISTS (
                        SELECT FROM fresh WHERE NOT EXISTS (SELECT FROM recipients_person p WHERE p.id = fresh.person_id)
                    ) THEN
                        RAISE foreign_key_violation USING MESSAGE = 'an e-mail address needs a person that exists';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.address


class Phone(models.Model):
    """A further telephone number, beside the mobile and the first one that stand in the row itself; lower ranks first."""

    class Kind(models.TextChoices):
        MOBILE = "mobile", _("Mobile")
        FIXED = "fixed", _("Landline")
        OTHER = "other", _("Other")

    number = models.CharField(_("phone"), max_length=30)  # E.164: recipients.phones.normalise
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.OTHER)
    rank = models.PositiveSmallIntegerField(default=1)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.number


class PersonPhone(Phone):
    # no index of its own: both constraints below begin with it
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="phones", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "number"], name="phone_once_per_person"),
            models.UniqueConstraint(
                fields=["person", "rank"], name="one_phone_per_rank", deferrable=models.Deferrable.DEFERRED
            ),
        ]
        indexes = [models.Index("number", name="personphone_number")]  # who answered, who sent STOP


class CompanyPhone(Phone):
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="phones", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="phone_once_per_company"),
            models.UniqueConstraint(
                fields=["company", "rank"], name="one_company_phone_per_rank", deferrable=models.Deferrable.DEFERRED
            ),
        ]


class CompanyAddress(models.Model):
    """An e-mail address of a company itself; rank 1 is the one we write to."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="email_addresses", db_index=False)
    address = models.CharField(_("e-mail"), max_length=320)  # normalised: consent.addresses.normalise
    rank = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "address"], name="address_once_per_company"),
            models.UniqueConstraint(
                fields=["company", "rank"], name="one_company_address_per_rank", deferrable=models.Deferrable.DEFERRED
            ),
        ]
        indexes = [models.Index("address", name="companyaddress_address")]

    def __str__(self) -> str:
        return self.address


class SelectionQuerySet(models.QuerySet["Selection"]):
    """Questions about selections, in words that chain."""

    def by_hand(self) -> Self:
        """Those to which people can be added."""
        return self.filter(kind=Selection.Kind.STATIC)

    def evaluated(self) -> Self:
        """Those whose members follow from criteria."""
        return self.exclude(kind=Selection.Kind.STATIC)


class Selection(models.Model):
    """A kept list of persons: by hand, or what its criteria found when they were last evaluated."""

    class Kind(models.TextChoices):
        STATIC = "static", _("Static")
        DYNAMIC = "dynamic", _("Dynamic")
        COMBINED = "combined", _("Combined")

    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.STATIC)
    # dynamic: recipients.criteria.tree; combined: recipients.criteria.combined
    criteria = models.JSONField(default=dict, blank=True)
    draft = models.JSONField(null=True, blank=True)  # criteria that somebody is building; nobody else sees them
    draft_version = models.PositiveIntegerField(default=0)  # two people do not overwrite each other
    draft_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    evaluated_at = models.DateTimeField(null=True, blank=True)
    people = models.ManyToManyField(Person, through="SelectionMember", related_name="selections")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = SelectionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def is_by_hand(self) -> bool:
        return self.kind == self.Kind.STATIC


class SelectionMember(models.Model):
    # no index of its own: the constraint below begins with it. No check per row either: members come by the million,
    # from statements that read their persons, and go with them (trigger of Person)
    selection = models.ForeignKey(
        Selection, on_delete=models.CASCADE, related_name="members", db_index=False, db_constraint=False
    )
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["selection", "person"], name="once_per_selection")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.selection_id}"


class Project(models.Model):
    """A campaign or event with members."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.PLANNED)
    kind = models.CharField(_("type"), max_length=60, blank=True, default="", db_default="")  # in the house's own words
    starts_on = models.DateField(_("starts on"), null=True, blank=True)
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    people = models.ManyToManyField(Person, through="ProjectMember", related_name="projects")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.name


class ProjectMember(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="members", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(
        _("role"), max_length=60, blank=True, default="", db_default=""
    )  # "speaker", in the house's own words
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "person"], name="once_per_project")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.project_id}"


class Task(models.Model):
    """A follow-up: what one of us is to do about a person, a company or a project."""

    class Kind(models.TextChoices):
        TODO = "todo", _("To-do")
        APPOINTMENT = "appointment", _("Appointment")

    kind = models.CharField(_("kind"), max_length=11, choices=Kind, default=Kind.TODO)
    title = models.CharField(_("what"), max_length=200)
    notes = models.TextField(_("notes"), blank=True)
    due_on = models.DateField(_("on"), null=True, blank=True)
    due_at = models.TimeField(_("at"), null=True, blank=True)  # of an appointment, on our clock
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("for"),
        db_index=False,  # see task_open
    )
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="tasks")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, blank=True, related_name="tasks")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="tasks")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        indexes = [
            # My tasks: what is open, the first due first
            models.Index("assignee", "due_on", "id", name="task_open", condition=models.Q(done_at__isnull=True)),
            models.Index(fields=["assignee", "-done_at"], name="task_done", condition=models.Q(done_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title


class Change(models.Model):
    """What one of us, an import or a form changed about a person or a company: who, when, from what to what."""

    class Source(models.TextChoices):
        CREATED = "created", _("Written down")
        EDIT = "edit", _("Edited")
        BULK = "bulk", _("Edited with others")
        IMPORT = "import", _("Import")
        MERGE = "merge", _("Merged")
        FORM = "form", _("Form")
        LINK = "link", _("Link")
        API = "api", _("API")
        ADMIN = "admin", _("Administration")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, related_name="changes", db_index=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE, null=True, related_name="changes", db_index=False)
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    source = models.CharField(max_length=7, choices=Source)
    what = models.JSONField(default=dict)  # {field: [old, new]}; lists of addresses and the like as lists

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person__isnull=True) ^ models.Q(company__isnull=True), name="change_of_one"
            )
        ]
        indexes = [
            models.Index(
                fields=["person", "-at", "-id"], name="change_by_person", condition=models.Q(person__isnull=False)
            ),
            models.Index(
                fields=["company", "-at", "-id"], name="change_by_company", condition=models.Q(company__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.person_id or self.company_id}"


class Merge(models.Model):
    """A person who turned out to be somebody we knew already; the old number leads to the one that was kept."""

    gone = models.BigIntegerField(unique=True)
    name = models.CharField(max_length=260)  # of the one that is gone
    kept = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.name} → {self.kept_id}"


class Import(models.Model):
    """One file read into people and a selection, with its declared source of consent."""

    class State(models.TextChoices):
        MAPPING = "mapping", _("Choose columns")
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        FINISHED = "finished", _("Finished")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    file = models.FileField(upload_to="imports/%Y/%m/", blank=True)  # gone when the import is over
    file_name = models.CharField(max_length=255)
    language = models.CharField(max_length=10, default="en")  # in which the reasons are written
    state = models.CharField(max_length=10, choices=State, default=State.MAPPING)
    sheets = models.JSONField(default=list)
    sheet = models.CharField(max_length=100, blank=True)
    header_row = models.PositiveIntegerField(default=0)  # as the spreadsheet numbers it; 0: the columns have no names
    headers = models.JSONField(default=list)
    first_column = models.PositiveSmallIntegerField(default=0)  # 2 when the list starts in column C
    head = models.JSONField(default=dict)  # {"numbers": […], "rows": […]}: the first rows, until the import starts
    mapping = models.JSONField(default=dict)  # {column index: field name}
    trial = models.JSONField(default=dict, blank=True)  # what a trial was asked and found: recipients.imports.trial
    layout = models.CharField(max_length=32, blank=True)  # which columns there are: recipients.imports.layouts
    as_in = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )  # the import of the same layout whose columns were taken over
    source = models.CharField(_("source of consent"), max_length=30, blank=True)  # consent.rules code
    evidence = models.JSONField(default=dict)
    evidence_on = models.DateField(_("date of the evidence"), null=True, blank=True)
    evidence_columns = models.JSONField(default=dict)  # {"evidence_on" or a key of evidence: column index}
    is_explicit = models.BooleanField(_("they ticked a box themselves"), default=False)
    for_texts = models.BooleanField(_("they agreed to text messages, too"), default=False, db_default=False)
    purpose = models.ForeignKey("consent.Purpose", on_delete=models.PROTECT, null=True, related_name="+")
    selection = models.ForeignKey(Selection, on_delete=models.SET_NULL, null=True, blank=True, related_name="imports")
    overwrite = models.BooleanField(default=False)  # the file's words replace ours in every field
    replace = models.JSONField(default=list)  # or in these fields: recipients.imports.columns.Field
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    suppressed = models.PositiveIntegerField(default=0)
    warnings = models.JSONField(
        default=dict
    )  # {recipients.imports.checks.Warn: {"count": n, "rows": [[row, person], …]}}
    problem = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # times that a worker took it up
    owner = models.CharField(max_length=60, blank=True)  # the worker that claimed it
    lease_until = models.DateTimeField(null=True)
    # {"at": moment, "people": [first, last], "events": [first, last]} of each batch that wrote something: what
    # `recipients.imports.undo` goes by
    batches = models.JSONField(default=list)
    makes_selection = models.BooleanField(default=False)  # the selection came into being with this import
    is_indexed = models.BooleanField(default=True)  # whether its people are found by their words
    undone = models.JSONField(default=dict)  # {"removed": n, …}: recipients.imports.undo.Undone
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        permissions = [("undo_import", _("Can undo imports"))]
        indexes = [
            # what the clock must take up again
            models.Index(
                "lease_until", name="import_unfinished", condition=models.Q(state__in=["waiting", "running", "undoing"])
            ),
            # whose people are not found by their words yet
            models.Index("id", name="import_unindexed", condition=models.Q(is_indexed=False)),
            models.Index(
                fields=["layout", "-id"], name="import_by_layout", condition=~models.Q(layout="")
            ),  # the columns of last time
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_mailable(self) -> bool:
        """Whether its source can ever count as consent; if not, the people are kept and not mailed."""
        return self.source in rules.SOURCES and rules.SOURCES[self.source].is_recordable

    @property
    def taken(self) -> int:
        return self.created + self.changed + self.same


class ImportedChange(models.Model):
    """What an import changed on somebody it found: the values before and after, of what differs. Undo reads it."""

    importing = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="changes", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    before = models.JSONField()
    after = models.JSONField()
    addresses = models.JSONField(default=list)  # that the person got

    class Meta:
        constraints = [models.UniqueConstraint(fields=["importing", "person"], name="one_change_per_person")]

    def __str__(self) -> str:
        return f"{self.person_id} by {self.importing_id}"


class RejectedRow(models.Model):
    """A row of an import that was not taken over, in its original cells, with the reason."""

    importing = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejected_rows")
    row = models.PositiveIntegerField()  # as the spreadsheet numbers it
    cells = models.JSONField()
    reason = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["importing", "row"], name="one_reason_per_row")]

    def __str__(self) -> str:
        return f"{self.row}: {self.reason}"
