"""The last check over a whole audience: who gets it, why not, and who would see nothing in place of a variable."""

from collections.abc import Iterator

from django.utils import timezone

from benchmarks.frame import Figure, Scale, interleaved, seconds
from benchmarks.gate import a_crowd, a_mailing
from benchmarks.render import a_long_mail
from mailings import preflight


def figures(scale: Scale) -> Iterator[Figure]:
    mailing = a_mailing(a_crowd(scale.pick(100_000, 10_000)))
    mailing.content = a_long_mail().document.to_json()
    mailing.subject = "[[customer.firstname]] of [[company.name]], see the workshop"
    mailing.save()
    if not preflight.examine(mailing, now=timezone.now()).counts.gets:
        raise SystemExit("nobody would get it: this run says nothing about speed")

    def check() -> float:
        return seconds(lambda: preflight.examine(mailing, now=timezone.now()))

    yield Figure("preflight.audience", interleaved({"check": check}, rounds=5)["check"], "s")
