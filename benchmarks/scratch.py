"""A database and a folder of our own for one run; both are gone afterwards."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import django
import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo


@contextmanager
def database(server: str) -> Iterator[str]:
    """Yield the address of a fresh, empty database on the server of `server`; drop it at the end."""
    name = f"postduif_bench_{os.getpid()}_{secrets.token_hex(3)}"
    maintenance = make_conninfo(server, dbname="postgres")
    execute(maintenance, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield make_conninfo(server, dbname=name)
    finally:
        execute(maintenance, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def execute(address: str, statement: sql.Composed) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


@contextmanager
def environment(server: str) -> Iterator[None]:
    """Point this process and its children at a scratch database and folder, and bring Django up on them."""
    with database(server) as address, tempfile.TemporaryDirectory(prefix="postduif-bench-") as folder:
        os.environ.update(
            DATABASE_URL=address,
            POSTDUIF_VAR=folder,
            JOURNAL_DIR=f"{folder}/journal",
            QUEUE=f"bench-{os.getpid()}-{secrets.token_hex(3)}",
            DJANGO_SETTINGS_MODULE="config.settings",
        )
        os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(32))
        django.setup()
        call_command("migrate", verbosity=0)
        yield
        connections.close_all()
