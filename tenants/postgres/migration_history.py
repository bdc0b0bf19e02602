"""Refusal of databases with the migrations that have since been squashed ("the fold")."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from tenants.errors import StoreError

BEFORE = ("tenants", "0001_initial")
"""The first of the squashed migrations: every older database has it, and no newer one."""


class BeforeTheFold(StoreError):
    """The database has migrations that were squashed since: see docs/operations.md."""

    code = "before_the_fold"


def require_current_migrations(connection: BaseDatabaseWrapper) -> None:
    """Raise BeforeTheFold, with instructions, if the database has squashed migrations."""
    if BEFORE in MigrationRecorder(connection).applied_migrations():
        raise BeforeTheFold(
            "this database is older than the squashed migrations and cannot be migrated. "
            "To start with an empty database: for the embedded server, run "
            "`make stop; mv var/postgres var/postgres.old`; for another server, set "
            "OWNER_DATABASE_URL and DATABASE_URL to an empty database. "
            "To keep the rows, see docs/operations.md, 'Databases from before the fold'"
        )
