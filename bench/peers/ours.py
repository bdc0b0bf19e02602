"""What the product does beside the packages: called in a client."""

import time
from itertools import count

from django.db import connection, migrations, models
from django.db.migrations.executor import MigrationExecutor

from bench.performance import product
from bench.performance.measure import Slice
from tenants.models import Tenant
from tenants.postgres.base import as_owner

_numbers = count()


def prepare() -> None:
    """Create budgets, and hold them."""
    pairs = product.found("peers", tenants=5, budgets=2, buckets=10, history=10)
    product.hold(pairs)


def tenant() -> Slice:
    """The seconds of one new tenant."""
    begin = time.perf_counter()
    Tenant.objects.create_tenant(f"new-{next(_numbers)}")
    return [time.perf_counter() - begin]


def tenants(number: int) -> None:
    """Create tenants until there are so many."""
    while next(_numbers) < number:
        tenant()


def column(loading: bool) -> Slice:
    """The seconds in which a migration adds a column to the table of buckets.

    With `loading`, as `migrate` does it: all migrations are read and their state is computed. The
    column is dropped afterwards.
    """
    operation = migrations.AddField("bucket", "note", models.TextField(null=True))
    with as_owner() as owner:
        owner.ensure_connection()
        before = time.perf_counter()
        executor = MigrationExecutor(owner)
        state = executor.loader.project_state()
        old, after = state.clone(), state.clone()
        operation.state_forwards("budgets", after)
        old.apps, after.apps  # noqa: B018  # both render the models
        begin = before if loading else time.perf_counter()
        with owner.schema_editor() as editor:
            operation.database_forwards("budgets", editor, old, after)
        seconds = time.perf_counter() - begin
        with owner.schema_editor() as editor:
            operation.database_backwards("budgets", editor, after, old)
    connection.close()
    return [seconds]
