"""Keys of the cache carry the database's name, so that two installations, or two runs of the tests, may share one Redis."""

from django.db import connection


def of_this_database(key: str, prefix: str, version: int) -> str:
    return f"{connection.settings_dict['NAME']}:{prefix}:{version}:{key}"
