"""An answer over an imagined case in plain words: the rule, the law, until when, and what would help."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent import explain, law, remedies, rules
from consent.verdict import Call, MessageClass
from consent.whatif import Answer, Case

ASKING: Mapping[remedies.Remedy, str | Promise] = {
    remedies.Remedy.CONFIRM: gettext_lazy("One automatic mail may ask them to confirm; it carries no advertising."),
    remedies.Remedy.SIGN_UP: gettext_lazy(
        "Not by a mail to many: let them sign up by link or QR code, or write to them."
    ),
    remedies.Remedy.ONE_TO_ONE: gettext_lazy("Not by a mail to many: only one to one, written by hand."),
}


@dataclass(frozen=True)
class Explained:
    """What the page shows beside the verdict; an empty text is left out."""

    answer: Answer
    rule: rules.SourceRule
    law: str
    until: str
    remedy: str
    asking: str


def explained(
    case: Case,
    answer: Answer,
    *,
    sources: Mapping[str, rules.SourceRule] = rules.SOURCES,
    matrix: law.Law = law.SHIPPED,
) -> Explained:
    """Put an answer into words."""
    rule = sources[case.source or rules.UNKNOWN]
    is_allowed = answer.verdict is Call.ALLOW
    return Explained(
        answer=answer,
        rule=rule,
        law=_law(case, matrix),
        until=_until(answer),
        remedy="" if is_allowed else str(rule.remedy),
        asking="" if is_allowed or rule.status is rules.Status.REFUSED else _asking(case),
    )


def _law(case: Case, matrix: law.Law) -> str:
    if not case.overlay:
        return _("Not asked: the policy alone decides here.")
    if case.message_class is not MessageClass.MARKETING:
        return _("Consent is asked for marketing only. Erasure and addresses that do not exist still hold it back.")
    regime = law.regime_of(case.country)
    cell = matrix.cell(case.channel, case.source, regime)
    sentences = [str(law.SAYINGS[cell.demand])]
    if matrix.needs_no_consent(case.channel, regime):
        sentences = [_("Letters need no consent there. An objection counts, and the registers of who wants no mail.")]
    elif cell.demand is law.Demand.NOTHING and matrix.must_be_confirmed(case.channel, regime):
        sentences = [str(law.SAYINGS[law.Demand.CONFIRMED])]
    if cell.months:
        sentences.append(_("Without an explicit yes it counts for %(months)s months.") % {"months": cell.months})
    if case.channel == "email" and regime in law.TRACKING_NEEDS_CONSENT:
        sentences.append(_("Whether a mail was opened may be measured only with a consent of its own."))
    return f"{law.REGIMES[regime]}. {' '.join(sentences)}"


def _until(answer: Answer) -> str:
    if answer.verdict is not Call.ALLOW or answer.reason in ("not_marketing", "no_consent_needed"):
        return ""
    if answer.until is None:
        return _("Until withdrawn")
    return _("Until the beginning of %(day)s") % {"day": explain.day(answer.until)}


def _asking(case: Case) -> str:
    age = case.at.date() - (case.evidence_date or dt.date.min)
    found = remedies.of(case.source, case.country, is_explicit=case.explicit, is_soft=case.soft_opt_in, age=age)
    return str(ASKING[found])
