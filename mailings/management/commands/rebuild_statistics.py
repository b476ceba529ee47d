"""Work out statistics again from the journal, judging with today's judge."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from mailings import statistics
from mailings.models import Mailing


class Command(BaseCommand):
    help = (
        "Forget the statistics of mailings (all that were started, or those named) and work them out from the journal."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("mailings", nargs="*", type=int, metavar="NUMBER", help="numbers of mailings; none: all")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = Mailing.objects.filter(started_at__isnull=False).order_by("pk")
        if options["mailings"]:
            chosen = chosen.filter(pk__in=options["mailings"])
        for mailing in chosen.iterator():
            statistics.rebuild(mailing, now=timezone.now())
            self.stdout.write(f"{mailing.pk}\t{mailing.name}")
