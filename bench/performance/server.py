"""The server of the benchmarks, and its databases: thrown away at the end."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tenants.embedded.server import DATABASE, SQL, EmbeddedServer

ROOT = Path(__file__).parents[2]
BASE = ROOT / "var" / "bench"


class BenchServer:
    """A server that keeps every COMMIT on disk, as in production."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server

    def url(self, role: str = "app", database: str = DATABASE) -> str:
        """The DSN of a role on a database."""
        return self._server.url(role, database)

    def environment(self, database: str = DATABASE) -> dict[str, str]:
        """The variables with which the project's settings lead to a database."""
        return {
            "DATABASE_URL": self.url("app", database),
            "OWNER_DATABASE_URL": self.url("owner", database),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENVIRONMENT": "development",
            "DEBUG": "0",
            "REDIS_URL": "",
            "DB_POOL_TIMEOUT": "60",
        }

    def connect(self, role: str = "postgres", database: str = DATABASE) -> psycopg.Connection:
        """A connection that commits each statement, without time limits."""
        options = "-c statement_timeout=0 -c lock_timeout=0"
        return psycopg.connect(self.url(role, database), autocommit=True, options=options)

    def copy(self, name: str, source: str = DATABASE) -> str:
        """A database that is a copy of another one, to which nobody may be connected."""
        with self.connect(database="postgres") as admin:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER owner STRATEGY file_copy").format(
                    sql.Identifier(name), sql.Identifier(source)
                )
            )
        with self.connect(database=name) as admin:
            admin.execute((SQL / "database.sql").read_bytes())
        return name

    def drop(self, name: str) -> None:
        """Drop a database, and end its sessions."""
        with self.connect(database="postgres") as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def settle(self, database: str = DATABASE) -> None:
        """Vacuum and analyze, as autovacuum does later."""
        with self.connect(database=database) as admin:
            admin.execute("VACUUM ANALYZE")
            admin.execute("CHECKPOINT")


@contextmanager
def bench_server(base: Path = BASE) -> Iterator[BenchServer]:
    """A new server within the block; another process that asks for it waits."""
    base.mkdir(parents=True, exist_ok=True)
    with (base / "in-use").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = EmbeddedServer(base)
        server.erase()  # what an interrupted run has left
        try:
            server.ensure()
            yield BenchServer(server)
        finally:
            server.erase()
