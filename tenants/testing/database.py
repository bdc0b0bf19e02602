"""A database for tests: role owner creates it, role app uses it, and tests commit to it.

For a project's conftest.py: see docs/data-access.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections

from tenants.embedded.server import SQL
from tenants.postgres.base import as_owner


@contextmanager
def scratch_database(name: str, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[str]:
    """In the block, connections lead to a new, migrated database with that name.

    It is on the server that the settings name, and replaces one that an interrupted run left.
    Raises StoreError where no owner is configured.
    """
    with _leading_to("postgres", using):
        _as_owner(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', using)
        _as_owner(f'CREATE DATABASE "{name}"', using)
    try:
        with _leading_to(name, using):
            _as_owner((SQL / "database.sql").read_text(), using)
            with as_owner(using):
                call_command("migrate", verbosity=0, database=using)
            yield name
    finally:
        with _leading_to("postgres", using):
            _as_owner(f'DROP DATABASE "{name}" WITH (FORCE)', using)


def _as_owner(statement: str, using: str) -> None:
    with as_owner(using) as owner, owner.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _leading_to(database: str, using: str) -> Iterator[None]:
    """In the block, new connections of both roles lead to that database."""
    connection: Any = connections[using]
    configs = [connection.settings_dict, settings.OWNER_DATABASE or {}]
    names = [config.get("NAME") for config in configs]
    connection.close()
    connection.close_pool()
    try:
        for config in configs:
            config["NAME"] = database
        yield
    finally:
        connection.close()
        connection.close_pool()
        for config, name in zip(configs, names, strict=True):
            config["NAME"] = name
