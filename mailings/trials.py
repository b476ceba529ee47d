"""An A/B test: some get variants of the mailing, and what these people do decides what all others get.

The split is written when the audience is frozen: an even part of the test's people per variant, drawn by a seed, so that the
same audience is always split the same way. Everybody else waits in the same table until it is decided; nobody is left out, and
nobody gets two. It is decided once, at its time, never sooner because the numbers happen to look good.
"""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from mailings import editions, odds
from mailings.delivery import happenings, sql
from mailings.models import Chunk, Mailing, Message, Trial
from mailings.odds import Score

Author = User | AnonymousUser | None
WAITS = 999  # Message.edition of who gets what wins
LATER = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
MOST = 5  # variants, the mailing itself among them


class CannotTest(Exception):
    """The test cannot be made or decided so; the sentence is fit to show."""


# making ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def begin(mailing: Mailing, about: str) -> Trial:
    """Make a test of a draft, with one variant that begins with the mailing's words. Raises CannotTest."""
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if Mailing.with_editions.filter(edition_of=locked.pk).exists():
        raise CannotTest(_("A mailing in several languages has no A/B test: too few people would get each."))
    chosen = Trial.About(about) if about in Trial.About else Trial.About.SUBJECT
    trial = Trial.objects.create(mailing=locked, about=chosen, seed=random.getrandbits(48))
    editions.add(locked)
    return trial


def add_variant(mailing: Mailing) -> Mailing:
    """Make one more variant. Raises CannotTest."""
    if Mailing.with_editions.filter(edition_of=mailing.pk).count() >= MOST - 1:
        raise CannotTest(
            _("A test has %(count)d variants at most: more need more people than most lists have.") % {"count": MOST}
        )
    return editions.add(mailing)


@transaction.atomic
def drop(mailing: Mailing) -> None:
    """Have no test any more: the mailing's own words stay, the variants go."""
    Trial.objects.filter(mailing=mailing.pk).delete()
    Mailing.with_editions.filter(edition_of=mailing.pk, edition_language="").delete()


def of(mailing: Mailing) -> Trial | None:
    """Give the test of a mailing."""
    return Trial.objects.filter(mailing=editions.main_of(mailing).pk).first()


# splitting ------------------------------------------------------------------------------------------------------------

_SPLIT = """
UPDATE audience SET edition = CASE WHEN placed.place < %(tested)s
                                   THEN (%(numbers)s::smallint[])[1 + placed.place %% cardinality(%(numbers)s::smallint[])]
                                   ELSE %(rest)s END
  FROM (SELECT ctid AS row, row_number() OVER (ORDER BY hashint8extended(person_id, %(seed)s), person_id, is_company) - 1 AS place
          FROM audience WHERE reason = '') placed
 WHERE audience.ctid = placed.row
"""


def split(mailing: Mailing, *, is_first: bool) -> bool:
    """Write into the temporary table `audience` who gets which variant and who waits; False: there is no test."""
    trial = Trial.objects.filter(mailing=mailing.pk).first()
    if trial is None:
        return False
    numbers, rest = _variants(mailing), WAITS
    people: int = sql.rows("SELECT count(*) FROM audience WHERE reason = ''", {})[0][0]
    tested = min(people, max(len(numbers), ceil(people * trial.share / 100)))
    if trial.judge == Trial.Judge.NOBODY:
        tested = people
    elif not is_first:  # who comes later gets what won, or waits with the others
        tested = people if trial.decided_at and trial.winner is None else 0
        rest = trial.winner if trial.winner is not None else WAITS
    values = {"tested": tested, "numbers": numbers, "rest": rest, "seed": trial.seed}
    sql.run("ALTER TABLE audience ADD COLUMN edition smallint NOT NULL DEFAULT 0", {})
    sql.run(_SPLIT, values)
    return True


_SPLIT_GUESTS = """
UPDATE mailings_message m
   SET edition = placed.edition, not_before = CASE WHEN placed.edition = %(waits)s THEN %(later)s::timestamptz END
  FROM (SELECT id, CASE WHEN place < ceil(people * %(share)s / 100.0)
                        THEN (%(numbers)s::smallint[])[1 + place %% cardinality(%(numbers)s::smallint[])]
                        ELSE %(waits)s END AS edition
          FROM (SELECT id, count(*) OVER () AS people,
                       row_number() OVER (ORDER BY hashtextextended(address, %(seed)s), id) - 1 AS place
                  FROM mailings_message
                 WHERE mailing_id = %(mailing)s AND person_id IS NULL AND state = 'pending') drawn) placed
 WHERE m.id = placed.id
"""


def split_guests(mailing: Mailing) -> None:
    """The same for who is on a list of this mailing only, once they have their messages."""
    trial = Trial.objects.filter(mailing=mailing.pk).first()
    if trial is None:
        return
    share = 100 if trial.judge == Trial.Judge.NOBODY else trial.share
    values = {"mailing": mailing.pk, "numbers": _variants(mailing), "share": share, "seed": trial.seed}
    sql.run(_SPLIT_GUESTS, values | {"waits": WAITS, "later": LATER})


def _variants(mailing: Mailing) -> list[int]:
    return [0, *(one.edition for one in editions.of(mailing))]


def forget_start(mailing: Mailing) -> None:
    """The mailing is a draft again: nothing has been tested."""
    unmade: dict[str, object] = {
        "ends_at": None,
        "judged_at": None,
        "decided_at": None,
        "winner": None,
        "decided_by": None,
        "scores": {},
    }
    Trial.objects.filter(mailing=mailing.pk).update(**unmade)


# deciding -------------------------------------------------------------------------------------------------------------


def waiting() -> Q:
    """Which mailings wait for a decision: there is nothing to send to their others yet."""
    return Q(trial__isnull=False, trial__decided_at=None) & ~Q(trial__judge=Trial.Judge.NOBODY)


def due(*, now: dt.datetime) -> list[int]:
    """Start the clock of tests that have been sent; give the mailings of those whose time is over."""
    sending = Trial.objects.filter(mailing__status=Mailing.Status.SENDING, decided_at=None).exclude(
        judge=Trial.Judge.NOBODY
    )
    busy = Chunk.objects.exclude(state=Chunk.State.DONE).values("mailing")
    for trial in sending.filter(ends_at=None).exclude(mailing__in=busy):
        Trial.objects.filter(pk=trial.pk, ends_at=None).update(ends_at=now + dt.timedelta(hours=trial.hours))
    return list(sending.filter(ends_at__lte=now, judged_at=None).values_list("pk", flat=True))


def decide(mailing: int, *, now: dt.datetime) -> bool:
    """Decide a test whose time is over; twice does no harm. Returns whether the others get theirs."""
    due = Trial.objects.select_related("mailing").filter(pk=mailing, ends_at__lte=now, judged_at=None, decided_at=None)
    trial = due.filter(mailing__status=Mailing.Status.SENDING).first()
    return trial is not None and _judge(trial, now)


def scores(trial: Trial) -> list[Score]:
    """Count what the people of each variant did, as far as it is known now."""
    did = "opened_at" if trial.judge == Trial.Judge.OPENS else "clicked_at"
    sent = Message.objects.filter(mailing=trial.mailing_id, state=Message.State.SENT, bounced_at=None)
    rows = (
        sent.exclude(edition=WAITS).values_list("edition").annotate(of=Count("pk"), did=Count(did)).order_by("edition")
    )
    counted = {number: (of, did) for number, of, did in rows}
    return [Score(number, *counted.get(number, (0, 0))) for number in _variants(trial.mailing)]


def _judge(trial: Trial, now: dt.datetime) -> bool:
    """Let chance or a winner speak, once."""
    found = scores(trial)
    best = odds.winner(found)
    kept = {str(score.number): [score.of, score.did] for score in found}
    if not Trial.objects.filter(pk=trial.pk, judged_at=None, decided_at=None).update(judged_at=now, scores=kept):
        return False
    if best is None and trial.otherwise == Trial.Otherwise.ASK:
        happenings.note(trial.mailing_id, "trial_open", now=now)
        return False
    return _release(trial, best.number if best else None, by=None, now=now)


def choose(mailing: Mailing, number: int | None, *, by: Author, now: dt.datetime) -> None:
    """Decide by hand what the others get: one variant, or each an equal part. Raises CannotTest."""
    trial = Trial.objects.select_related("mailing").filter(mailing=mailing.pk).first()
    if trial is None or (number is not None and number not in _variants(mailing)):
        raise CannotTest(_("There is no such variant."))
    if (
        trial.judge == Trial.Judge.NOBODY
        or mailing.status not in (Mailing.Status.SENDING, Mailing.Status.PAUSED)
        or trial.decided_at
    ):
        raise CannotTest(_("This test does not wait for a decision."))
    if trial.judged_at is None:
        kept = {str(score.number): [score.of, score.did] for score in scores(trial)}
        Trial.objects.filter(pk=trial.pk).update(scores=kept)
    if not _release(trial, number, by=by, now=now):
        raise CannotTest(_("Somebody else decided it a moment ago."))


_ALL = """
UPDATE mailings_message SET edition = %(winner)s, not_before = NULL
 WHERE mailing_id = %(mailing)s AND edition = %(waits)s AND state = 'pending'
"""
_EVENLY = """
UPDATE mailings_message m
   SET edition = (%(numbers)s::smallint[])[1 + placed.place %% cardinality(%(numbers)s::smallint[])], not_before = NULL
  FROM (SELECT id, row_number() OVER (ORDER BY hashint8extended(coalesce(person_id, id), %(seed)s), id) - 1 AS place
          FROM mailings_message WHERE mailing_id = %(mailing)s AND edition = %(waits)s AND state = 'pending') placed
 WHERE m.id = placed.id AND m.state = 'pending'
"""


@transaction.atomic
def _release(trial: Trial, number: int | None, *, by: Author, now: dt.datetime) -> bool:
    """Let everybody who waits go, once: of two decisions at the same moment one counts."""
    person = by if isinstance(by, User) else None
    undecided = Trial.objects.filter(pk=trial.pk, decided_at=None)
    if not undecided.update(decided_at=now, winner=number, decided_by=person):
        return False
    values = {"mailing": trial.mailing_id, "waits": WAITS, "winner": number, "seed": trial.seed}
    sql.run(_EVENLY if number is None else _ALL, values | {"numbers": _variants(trial.mailing)})
    kind = "trial_even" if number is None else "trial_won"
    happenings.note(trial.mailing_id, kind, now=now, by=by, variant=editions.letter(number or 0))
    return True


# showing --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One variant as a page shows it."""

    number: int
    letter: str
    words: str  # what differs
    score: Score
    is_winner: bool

    @property
    def width(self) -> float:
        low, high = self.score.interval
        return high - low


@dataclass(frozen=True)
class Shown:
    """A test on the page of its mailing: the figures it was decided by, or those of now."""

    trial: Trial
    rows: Sequence[Row]
    waits: int  # people who wait for the decision
    top: float  # the end of the scale

    @property
    def is_open(self) -> bool:
        """Nobody won, and somebody is to choose."""
        return self.trial.judged_at is not None and self.trial.decided_at is None


def shown(mailing: Mailing) -> Shown | None:
    """Give the test of a mailing that was started; None where there is none."""
    trial = Trial.objects.select_related("decided_by").filter(mailing=mailing.pk).first()
    if trial is None or mailing.frozen_at is None:
        return None
    trial.mailing = mailing
    kept = trial.scores and [Score(int(number), *figures) for number, figures in sorted(trial.scores.items())]
    found = kept or scores(trial)
    named = {one.edition: words(trial, one) for one in [mailing, *editions.of(mailing)]}
    rows = [
        Row(
            score.number,
            editions.letter(score.number),
            named.get(score.number, ""),
            score,
            score.number == trial.winner,
        )
        for score in found
    ]
    waits = (
        0 if trial.decided_at else Message.objects.filter(mailing=mailing.pk, edition=WAITS, state="pending").count()
    )
    return Shown(trial, rows, waits, max((score.interval[1] for score in found), default=1.0))


def words(trial: Trial, variant: Mailing) -> str:
    """Say what is particular about a variant."""
    if trial.about == Trial.About.SUBJECT:
        return variant.subject
    if trial.about == Trial.About.SENDER:
        return f"{variant.from_name} <{variant.from_address}>"
    return ""
