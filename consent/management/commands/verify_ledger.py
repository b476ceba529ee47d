"""Walk the consent ledger and say whether anybody wrote over it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent import ledger


class Command(BaseCommand):
    help = (
        "Walk the consent ledger; name the first entry that does not fit the chain. It prints the hash of the last one: keep it "
        "elsewhere and give it with --head next time, so that entries cut off the end are missed too."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", default="", help="a hash that was printed before")

    def handle(self, *args: Any, **options: Any) -> None:
        if (head := str(options["head"])) and not self._stands(head):
            raise CommandError("The entry with this hash is gone: the end of the ledger was cut off or written anew")
        found = ledger.verify()
        if found.broken:
            raise CommandError(f"Entry {found.broken.event} was changed after it was written ({found.broken.part})")
        self.stdout.write(f"The ledger of {found.events} entries is unbroken ({found.erased} erased). {found.head}")

    def _stands(self, head: str) -> bool:
        try:
            return ledger.knows(head)
        except ValueError as error:
            raise CommandError("--head is a hash in hexadecimal") from error
