"""Whether the database has every migration: asked by commands that need it so."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tenants.errors import TenantViolation


def is_migrated() -> bool:
    """Whether no migration is missing; False for a database with no tables too."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except TenantViolation:  # the table is there, but migrate did not get as far as the grants
        return False
