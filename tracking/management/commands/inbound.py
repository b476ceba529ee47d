"""Take in what comes back by mail: delivery reports and complaints, over SMTP or LMTP."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django.db
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tracking import inbound, postbox

WRITERS = 4

log = logging.getLogger(__name__)


class Postbox:
    """Keeps mails in the database, a few at a time."""

    def __init__(self) -> None:
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="postbox")

    def is_ours(self, address: str) -> bool:
        return postbox.is_ours(address)

    async def keep(self, mail_from: str, recipients: Sequence[str], raw: bytes) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writers, self._keep, mail_from, recipients, raw)

    def _keep(self, mail_from: str, recipients: Sequence[str], raw: bytes) -> None:
        django.db.close_old_connections()
        try:
            postbox.keep(mail_from, recipients, raw, now=timezone.now())
        except django.db.Error as error:
            log.exception("a mail could not be kept; its sender tries again")
            raise inbound.Busy from error


class Command(BaseCommand):
    help = "Listen for delivery reports and complaints to our return paths (BOUNCE_DOMAIN)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--listen", default=settings.INBOUND_ADDRESS, metavar="HOST:PORT")
        parser.add_argument("--lmtp", action="store_true", help="speak LMTP, for a mail server on this machine")

    def handle(self, *args: Any, **options: Any) -> None:
        host, _, port = options["listen"].rpartition(":")
        if not port.isdigit():
            raise CommandError(f"{options['listen']}: give an address as host:port")
        asyncio.run(self._listen(host.strip("[]"), int(port), is_lmtp=options["lmtp"]))

    async def _listen(self, host: str, port: int, *, is_lmtp: bool) -> None:
        stop = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        try:
            server = await inbound.Server(Postbox(), settings.BOUNCE_DOMAIN, is_lmtp).start(host, port)
        except OSError as error:
            raise CommandError(f"{host}:{port}: {error.strerror or error}") from error
        name = "LMTP" if is_lmtp else "SMTP"
        host, port = server.sockets[0].getsockname()[:2]
        self.stdout.write(f"Listening on {host}:{port} ({name}) for mail to …@{settings.BOUNCE_DOMAIN}")
        self.stdout.flush()
        await stop.wait()
        server.close()  # whoever was not answered yet hands over again
