"""What a form brings: seen, begun, finished; by day, by source, by way of showing; where visitors leave; the answers."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, Sum
from django.db.models.functions import TruncDate

from forms import receipt
from forms.definition import Definition, Field
from forms.models import Count, Form, Reach, Submission

DAYS = 30
CHARTED = frozenset({"radio", "boxes", "dropdown", "rating", "box", "consent", "subscriptions", "country"})
READ = 20_000  # answers that a chart is made of, the newest


@dataclass(frozen=True, slots=True)
class Traffic:
    """How many pages were seen, begun and finished."""

    views: int = 0
    starts: int = 0
    completions: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """One day's answers."""

    day: dt.date
    views: int
    answers: int


@dataclass(frozen=True, slots=True)
class Share:
    """One line of a table: a word and its figures."""

    name: str
    views: int
    completions: int


@dataclass(frozen=True, slots=True)
class Step:
    """How many visitors reached a field."""

    label: str
    visitors: int


@dataclass(frozen=True, slots=True)
class Page:
    """How many visitors reached a page of a form, and how many of them went no further."""

    number: int
    visitors: int
    left: int


@dataclass(frozen=True, slots=True)
class Answered:
    """How often each answer to a question was given."""

    label: str
    kind: str
    total: int
    rows: Sequence[tuple[str, int]]


def traffic(form: Form) -> Traffic:
    """Give the whole of a form's life."""
    sums = Count.objects.filter(form=form).aggregate(views=Sum("views"), starts=Sum("starts"), done=Sum("completions"))
    return Traffic(sums["views"] or 0, sums["starts"] or 0, sums["done"] or 0)


def by_day(form: Form, *, until: dt.date, days: int = DAYS) -> list[Day]:
    """Give views and answers of each day, days without any too."""
    first = until - dt.timedelta(days=days - 1)
    seen = dict(
        Count.objects.filter(form=form, day__gte=first).order_by().values_list("day").annotate(views=Sum("views"))
    )
    real = Submission.objects.filter(form=form, submitted_at__date__gte=first).exclude(state=Submission.State.SPAM)
    given = Counter(real.annotate(day=TruncDate("submitted_at")).values_list("day", flat=True))
    every = [first + dt.timedelta(days=number) for number in range(days)]
    return [Day(day, seen.get(day, 0), given.get(day, 0)) for day in every]


def by_source(form: Form) -> list[Share]:
    """Give views and answers by source of the visitor."""
    return _shares(form, "source")


def by_embed(form: Form) -> list[Share]:
    """Give views and answers by way of showing the form."""
    return _shares(form, "embed")


def steps(form: Form) -> list[Step]:
    """Give how many visitors got to each field, in the form's order."""
    if form.published is None:
        return []
    reached = dict(Reach.objects.filter(form=form).values_list("field", "visitors"))
    definition = Definition.read(form.published.definition)
    shown = [one for one in definition.questions if one.kind != "hidden"]
    return [Step(definition.say(one.label, definition.language) or one.name, reached.get(one.id, 0)) for one in shown]


def leaving_pages(form: Form) -> list[Page]:
    """Give how many visitors got to each page of the form, and how many left there; empty for a form of one page."""
    if form.published is None:
        return []
    reached = dict(Reach.objects.filter(form=form).values_list("field", "visitors"))
    definition = Definition.read(form.published.definition)
    pages = [[one for one in page if one.of.is_answered and one.kind != "hidden"] for page in definition.pages]
    came = [max((reached.get(one.id, 0) for one in page), default=0) for page in pages]
    if len(came) < 2:
        return []
    onwards = [*came[1:], min(came[-1], traffic(form).completions)]
    return [
        Page(number, here, max(here - on, 0)) for number, (here, on) in enumerate(zip(came, onwards, strict=True), 1)
    ]


def answered(form: Form, language: str) -> list[Answered]:
    """Count the answers to every question that has a few."""
    if form.published is None:
        return []
    definition = Definition.read(form.published.definition)
    asked = [one for one in definition.questions if one.kind in CHARTED]
    real = Submission.objects.filter(form=form).exclude(state=Submission.State.SPAM).order_by("-id")
    kept = list(real.values_list("answers", flat=True)[:READ]) if asked else []
    return [_counted(one, definition, kept, language) for one in asked]


def _counted(one: Field, form: Definition, kept: Sequence[dict[str, object]], language: str) -> Answered:
    words = receipt.names(one, form, language)
    counts: Counter[str] = Counter()
    total = 0
    for answers in kept:
        value = answers.get(one.id)
        if value in (None, "", []):
            continue
        total += 1
        several = value if isinstance(value, list) else [value]
        counts.update("yes" if part is True else str(part) for part in several)
    order = list(words) or sorted(counts)
    rows = [(words.get(value, value), counts[value]) for value in order]
    rows += [(value, number) for value, number in counts.most_common() if value not in words and words]
    return Answered(form.say(one.label, language) or one.name, one.kind, total, rows)


def _shares(form: Form, column: str) -> list[Share]:
    rows = (
        Count.objects.filter(form=form)
        .order_by()
        .values(name=F(column))
        .annotate(seen=Sum("views"), done=Sum("completions"))
        .order_by("-done", "-seen", "name")[:20]
    )
    return [Share(row["name"], row["seen"], row["done"]) for row in rows]
