"""Whether an A/B test can tell anything: something differs, it is counted, and enough people get it."""

from collections.abc import Iterator
from math import ceil

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from mailings import editions, trials
from mailings.models import Mailing, Trial
from mailings.preflight.findings import Finding, error, warning

FEW = 200  # people per variant, below which only a large difference is told from chance


def check(mailing: Mailing) -> Iterator[Finding]:
    """Look at the test itself."""
    trial = trials.of(mailing)
    if trial is None:
        return
    variants = editions.of(mailing)
    if not variants:
        yield error("trial_alone", _("The A/B test has only one variant. Add one, or have no test."), "editions")
    seen = [_own(trial, mailing)]
    for one in variants:
        if _own(trial, one) in seen:
            text = _("Variant %(letter)s is the same as another one.") % {"letter": editions.letter(one.edition)}
            yield error("trial_same", text, "editions")
        seen.append(_own(trial, one))
    if trial.judge == Trial.Judge.CLICKS and not mailing.track_clicks:
        yield error(
            "trial_uncounted", _("The test is decided by clicks, and clicks are not counted."), "setup", "track_clicks"
        )
    if trial.judge == Trial.Judge.OPENS and not mailing.track_opens:
        yield error(
            "trial_uncounted", _("The test is decided by opens, and opens are not counted."), "setup", "track_opens"
        )


def of_audience(mailing: Mailing, gets: int) -> Iterator[Finding]:
    """Look at how many people each variant gets."""
    trial = trials.of(mailing)
    if trial is None or not gets:
        return
    share = 100 if trial.judge == Trial.Judge.NOBODY else trial.share
    each = ceil(gets * share / 100) // (1 + len(editions.of(mailing)))
    if each < FEW:
        text = _("Each variant goes to about %(people)s people. So few rarely tell a difference from chance.")
        yield warning("trial_small", text % {"people": number_format(each)}, "editions")


def _own(trial: Trial, one: Mailing) -> object:
    return [getattr(one, name) for name in editions.OWN[trial.about]]
