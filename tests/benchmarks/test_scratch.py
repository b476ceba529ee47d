import os

import psycopg

from benchmarks import scratch


def databases() -> set[str]:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}


def test_a_scratch_database_exists_only_during_the_run() -> None:
    before = databases()

    with scratch.database(os.environ["DATABASE_URL"]) as address, psycopg.connect(address) as connection:
        (name,) = connection.execute("SELECT current_database()").fetchone() or ("",)

    assert name.startswith("postduif_bench_")
    assert name not in before
    assert name not in databases()
