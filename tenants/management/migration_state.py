"""The state of the migrations, for commands that need a migrated database."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tenants.errors import TenantViolation


def is_migrated() -> bool:
    """Whether the database has every migration."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except TenantViolation:  # the table exists, but migrate stopped before the grants
        return False
