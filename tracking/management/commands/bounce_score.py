"""Measure the bounce classifier on a folder of labelled messages."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking import scoring
from tracking.scoring import Score


class Command(BaseCommand):
    help = (
        "Measure the bounce classifier on a folder of .eml files with a labels.json: recall, precision, disagreements."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--json", action="store_true", help="print the figures as one last line of JSON")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            score = scoring.score(folder)
        except scoring.NotLabelled as error:
            raise CommandError(str(error)) from error
        self._figures(score)
        self._confusion(score)
        self._disagreements(score)
        if options["json"]:
            self.stdout.write(json.dumps(figures(score)))

    def _figures(self, score: Score) -> None:
        hard = sum(row.is_hard for row in score.rows)
        self.stdout.write(f"files           {score.files:6}   recipients {len(score.rows)}, of whom {hard} dead")
        self.stdout.write(f"hard precision  {score.hard_precision:6.3f}   of {score.called} called dead")
        self.stdout.write(f"hard recall     {score.hard_recall:6.3f}   of {hard} that are")
        self.stdout.write(f"address found   {score.address_found:6.3f}")
        self.stdout.write(f"crashes         {len(score.crashes):6}   {' '.join(score.crashes)}".rstrip())

    def _confusion(self, score: Score) -> None:
        self.stdout.write("\nlabelled as      read as           recipients")
        for (reason, category), times in sorted(score.confusion.items()):
            self.stdout.write(f"{reason:16} {category:16} {times:11}")

    def _disagreements(self, score: Score) -> None:
        self.stdout.write("\nDisagreements")
        for row in score.rows:
            if not row.agrees:
                what = [] if row.is_hard is row.is_called_hard else ["dead" if row.is_called_hard else "missed"]
                what += [] if row.is_found else ["address not found"]
                self.stdout.write(f"{row.file:30} {row.reason:14} {row.category:14} {row.address}: {', '.join(what)}")
        for name in score.unlabelled_hard:
            self.stdout.write(f"{name:30} has no labelled recipient, and somebody was called dead")


def figures(score: Score) -> dict[str, float | int]:
    """The figures, as other programs read them."""
    return {
        "hard_precision": round(score.hard_precision, 4),
        "hard_recall": round(score.hard_recall, 4),
        "address_found": round(score.address_found, 4),
        "files": score.files,
        "crashes": len(score.crashes),
    }
