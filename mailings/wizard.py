"""The five steps of a mailing, free to jump, each with a tick or a warning."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mailings import audience, cascade, editions, medium, preflight
from mailings.medium import Content
from mailings.models import Mailing

STEPS: dict[str, str | Promise] = {
    "setup": _("Setup"),
    "template": _("Template"),
    "content": _("Content"),
    "recipients": _("Recipients"),
    "confirm": _("Confirm"),
}
WORDS = frozenset({"template", "content"})  # steps that each edition has for itself


@dataclass(frozen=True)
class Step:
    """A step in the bar: `state` is complete, warning or open."""

    code: str
    label: str | Promise
    number: int
    url: str
    state: str
    is_here: bool


@dataclass(frozen=True)
class Jump:
    """Where a finding is mended."""

    label: str | Promise
    url: str


@dataclass(frozen=True)
class Frame:
    """What the wizard's frame shows around a step."""

    steps: Sequence[Step]
    next: Step | None


def frame(mailing: Mailing, here: str) -> Frame:
    """Give the step bar as it stands at one of the steps."""
    main = editions.main_of(mailing)
    states = _states(main)
    shown = {code: label for code, label in STEPS.items() if code not in without(mailing)}
    steps = [
        Step(code, label, number, _address(mailing if code in WORDS else main, code), states[code], code == here)
        for number, (code, label) in enumerate(shown.items(), 1)
    ]
    place = list(shown).index(here) + 1 if here in shown else len(shown)
    return Frame(steps, steps[place] if place < len(steps) else None)


def _address(mailing: Mailing, code: str) -> str:
    return reverse(f"mailings:{code}", args=[mailing.pk])


def after(mailing: Mailing, here: str) -> str:
    """Give the address of the step behind this one."""
    shown = [code for code in STEPS if code not in without(mailing)]
    return reverse(f"mailings:{shown[min(shown.index(here) + 1, len(shown) - 1)]}", args=[mailing.pk])


def without(mailing: Mailing) -> frozenset[str]:
    """Name the steps that a mailing of this type does not have."""
    starts_with_another = mailing.then_of_id and cascade.waits_for(mailing)
    return medium.of(mailing).without | ({"confirm"} if starts_with_another else frozenset())


def _states(mailing: Mailing) -> dict[str, str]:
    """Say of each step whether it is complete, works but has something to say, or is still open."""
    findings = preflight.quick(mailing)
    if counted := audience.last_counts(mailing):
        findings += preflight.of_audience(mailing, counted)
    errors = {_step(finding) for finding in findings if finding.is_error}
    warnings = {_step(finding) for finding in findings}
    states = {code: "open" if code in errors else "warning" if code in warnings else "complete" for code in STEPS}
    if states["template"] == "open":
        states["content"] = "open"
    states["confirm"] = "open"
    return states


def _step(finding: preflight.Finding) -> str:
    return "content" if finding.step == "editions" else finding.step


def jump(mailing: Mailing, finding: preflight.Finding) -> Jump:
    """Say where to go to mend this, to the field or block itself where there is one."""
    if finding.step == "editions":
        return Jump(_("Languages and A/B test"), _address(mailing, "editions"))
    is_text = medium.of(mailing).content is Content.TEXT
    anchors = {"setup": f"#id_{finding.place}", "content": "#id_text" if is_text else f"#card_{finding.place}"}
    anchor = anchors.get(finding.step, "") if finding.place else ""
    return Jump(STEPS[finding.step], reverse(f"mailings:{finding.step}", args=[finding.edition or mailing.pk]) + anchor)
