"""Erase again whom a restored backup brought back."""

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from consent import erasure


class Command(BaseCommand):
    help = (
        "Run this after restoring a backup, before anything is sent. Reads the erasure log (ERASURE_LOG, or FILE; - is "
        "standard input), erases everybody in it whom the backup brought back, and blocks the rest for imports to come."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default=str(settings.ERASURE_LOG))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = sys.stdin if options["file"] == "-" else Path(options["file"]).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"The erasure log cannot be read: {error}") from error
        again = erasure.replay(lines, now=timezone.now())
        self.stdout.write(f"{again} addresses erased again")
