"""The tests' PostgreSQL server, and the databases that tests make on it.

The tests have their own server under var/tests, unless DATABASE_URL and OWNER_DATABASE_URL select
another one. The first test that needs a database starts it; the last process that uses it stops
it. Migrated databases are copies of a template that remains on the server between runs.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connections
from psycopg import sql

from tenants.embedded.server import SQL, EmbeddedServer
from tests.command_line import ROOT, owner_config, url_of

SERVER = EmbeddedServer(ROOT / "var" / "tests", fast=True)
PREFIX = "test_sluice_template_"


# -- The server -------------------------------------------------------------------------------


@cache
def _in_use() -> IO[str]:
    """The lock file that each process of the tests holds in shared mode."""
    SERVER.base.mkdir(parents=True, exist_ok=True)
    return (SERVER.base / "in-use").open("w")


@cache
def enter() -> None:
    """Start the server if necessary, and point the settings to it."""
    if "DATABASE_URL" in os.environ:
        return
    fcntl.flock(_in_use(), fcntl.LOCK_SH)
    SERVER.ensure()
    for role, config in (
        ("app", settings.DATABASES["default"]),
        ("owner", owner_config()),
    ):
        config["OPTIONS"] |= {"host": str(SERVER.socket)}
        config |= {"EMBEDDED": False, "USER": role}


def leave() -> None:
    """Stop the server unless another process uses it."""
    if not SERVER.base.exists():
        return
    try:
        fcntl.flock(_in_use(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    SERVER.stop()


def owner_dsn(database: str) -> str:
    """The connection string of role owner on a database of the tests' server."""
    config = owner_config()
    named = {
        "user": config["USER"],
        "password": config["PASSWORD"],
        "host": config["HOST"],
        "port": config["PORT"],
        **config["OPTIONS"],
        "dbname": database,
    }
    return psycopg.conninfo.make_conninfo(**{key: value for key, value in named.items() if value})


# -- Databases --------------------------------------------------------------------------------


def lead_to(database: str) -> None:
    """Point new connections of both roles to the database."""
    connections["default"].close()
    connections["default"].close_pool()  # type: ignore[attr-defined]
    owner_config()["NAME"] = settings.DATABASES["default"]["NAME"] = database


@contextmanager
def scratch_database(name: str, *, migrated: bool = False) -> Iterator[str]:
    """A database of that name within the block, migrated or empty."""
    source = template() if migrated else "template1"
    with _alone() as owner:
        _create(owner, name, source)
    yield name
    with _alone() as owner:
        _drop(owner, name)


@cache
def template() -> str:
    """The name of a migrated database that nobody enters, made if it is not there.

    It is named by a hash of all it is made from; those of other hashes are dropped.
    """
    name = f"{PREFIX}{made_from(*_sources())}"
    with _alone() as owner:
        found = owner.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]
        ).fetchall()
        for (other,) in found:
            if other != name:
                _drop(owner, other)
        if (name,) not in found:
            _build(owner, name)
    return name


def made_from(*files: Path) -> str:
    """A hash of the names and the contents of the files."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(b"%s\0%s\0" % (path.name.encode(), path.read_bytes()))
    return digest.hexdigest()[:16]


def _sources() -> list[Path]:
    """The migrations, with the modules of `tenants` and the SQL files that they use."""
    folders = [Path(app.path) / "migrations" for app in apps.get_app_configs()]
    folders += [ROOT / "tenants" / room for room in ("", "postgres", "schema")]
    code = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    return [*code, *sorted(SQL.glob("*.sql"))]


def _build(owner: psycopg.Connection, name: str) -> None:
    """Migrate an empty database, and rename it when it is complete."""
    unfinished = f"{name}_unfinished"
    _create(owner, unfinished, "template1")
    environ = {
        "DATABASE_URL": url_of(settings.DATABASES["default"], unfinished),
        "OWNER_DATABASE_URL": url_of(owner_config(), unfinished),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=os.environ | environ, check=True)
    _execute(owner, "ALTER DATABASE {} RENAME TO {}", unfinished, name)


def _create(owner: psycopg.Connection, name: str, source: str) -> None:
    """Copy a database, without the privileges to connect to it."""
    _drop(owner, name)
    _execute(owner, "CREATE DATABASE {} TEMPLATE {}", name, source)
    with psycopg.connect(owner_dsn(name), autocommit=True) as inside:
        inside.execute((SQL / "database.sql").read_bytes())


def _drop(owner: psycopg.Connection, name: str) -> None:
    """Drop a database if it exists, and close the connections of an interrupted run."""
    for force in ("", " WITH (FORCE)") * 3:
        # A plain DROP ends an autovacuum that is there, FORCE is refused because of it.
        with suppress(psycopg.errors.ObjectInUse, psycopg.errors.InsufficientPrivilege):
            _execute(owner, f"DROP DATABASE IF EXISTS {{}}{force}", name)
            return
    raise RuntimeError(f"the database {name} is in use")


def _execute(owner: psycopg.Connection, statement: Any, *names: str) -> None:
    owner.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def _alone() -> Iterator[psycopg.Connection]:
    """A connection of role owner that locks out other processes from copying the template."""
    enter()
    with psycopg.connect(owner_dsn("postgres"), autocommit=True) as owner:
        owner.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        owner.execute("SELECT pg_advisory_lock(hashtext('sluice tests'))")
        yield owner


if __name__ == "__main__":
    SERVER.stop()
