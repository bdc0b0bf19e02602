"""Databases from before the migrations were folded are not migrated any further."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from tenants.errors import StoreError

BEFORE = ("tenants", "0001_initial")
"""The first of the migrations that were folded: every older database has it, no newer one."""


class BeforeTheFold(StoreError):
    """The database has migrations that were folded."""

    code = "before_the_fold"


def require_folded(connection: BaseDatabaseWrapper) -> None:
    """Raise BeforeTheFold, with what to do, when the database has migrations that were folded."""
    if BEFORE in MigrationRecorder(connection).applied_migrations():
        raise BeforeTheFold(
            "this database is from before the migrations were folded, and cannot be migrated. "
            "To begin anew: `make stop; mv var/postgres var/postgres.old` where it is the embedded "
            "one, else name an empty one in OWNER_DATABASE_URL and DATABASE_URL. "
            "To keep its rows: docs/operations.md, 'From before the fold'"
        )
