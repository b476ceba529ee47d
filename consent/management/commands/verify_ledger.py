"""Walk the consent ledger and say whether anybody wrote over it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent import ledger


class Command(BaseCommand):
    help = "Walk the consent ledger; name the first entry that does not fit the chain."

    def handle(self, *args: Any, **options: Any) -> None:
        found = ledger.verify()
        if found.broken:
            raise CommandError(f"Entry {found.broken.event} was changed after it was written ({found.broken.part})")
        self.stdout.write(f"The ledger of {found.events} entries is unbroken ({found.erased} erased). {found.head}")
