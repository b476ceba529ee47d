"""Fill an empty database with De Werkbank: people, consent, mailings of the last weeks, and a login."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from demo import cast, signup, story, texts
from recipients.models import Person


class Command(BaseCommand):
    help = "Fill an empty database with demo data; does nothing when there is something in it already."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(email=cast.LOGIN).exists():
            return
        if User.objects.exists() or Person.objects.exists():
            # somebody's own data: a login with a known password would be a hole in it
            self.stdout.write("This database has people of its own: no demo data is put into it.")
            return
        if not settings.POSTAL_ADDRESS:
            raise CommandError(
                "Set POSTAL_ADDRESS: it stands at the foot of every mail, and no mailing starts without."
            )
        now = timezone.now()
        with transaction.atomic():
            everybody = cast.assemble(now=now)
            story.tell(everybody, now=now)
            texts.send(everybody.types["events"], everybody.people, everybody.ours[0], now=now)
            signup.collect(everybody.types["events"], everybody.people, everybody.ours[0], now=now)
