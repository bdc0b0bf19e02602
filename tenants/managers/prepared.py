"""Prepared statements of the data-access layer: named SQL on the driver's own cursor.

Django's ORM compiles a query and writes the values into its text anew at each call. A statement
here is written once, PostgreSQL parses and plans it once per connection, and values and rows travel
in binary form. They are for the few hot paths; everything else uses the ORM.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.backends.utils import CursorWrapper
from psycopg.types.numeric import Int8

from tenants.context import current_tenant_id, tenancy
from tenants.errors import NoTenant


@dataclass(frozen=True, slots=True)
class Prepared:
    """SQL on rows of the tenant in force: `%(tenant)s` is its id, other placeholders are values.

    Every statement names the tenant, so that not the row policies alone restrict it. Values are
    what the driver adapts: str, UUID, bool, bytes, aware datetimes, None, ints of 64 bits, and
    lists of one of them. PostgreSQL gets them beside the statement, never in its text.

    >>> named = Prepared("SELECT name FROM budgets_budget WHERE tenant_id = %(tenant)s")
    >>> named.rows("default")
    [('Household',)]
    """

    sql: str
    binary: bool = True
    """Whether rows travel in binary form; False where Python may be unable to read a time."""

    def rows(self, using: str, **values: Any) -> list[tuple[Any, ...]]:
        """Run it and fetch all rows.

        Raises NoTenant outside of blocks, while inspecting and on another connection than the
        block's, and what `tenants.errors` has for a refusal by PostgreSQL.
        """
        with self._run(using, values) as cursor:
            fetched: list[tuple[Any, ...]] = cursor.fetchall()
            return fetched

    def write_all(
        self, model: Any, change: str, using: str, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Run a statement that changes rows of `model`, once for each of the rows of values.

        `change` is insert, update or delete. All of them travel in one round trip. Raises what
        `rows` does, and TenantSuspended and NotAllowed.
        """
        model.require_writable(change)
        bound = [self._values(values) for values in rows]
        with self._cursor(using) as cursor:
            if len(bound) == 1:
                cursor.execute(self.sql, bound[0])
            else:
                cursor.executemany(self.sql, bound)

    def _run(self, using: str, values: Mapping[str, Any]) -> CursorWrapper:
        cursor = self._cursor(using)
        cursor.execute(self.sql, self._values(values))
        return cursor

    def _cursor(self, using: str) -> CursorWrapper:
        connection: Any = connections[using]
        if tenancy().using != using or not connection.in_atomic_block:
            raise NoTenant("the block's transaction is not open on this connection")
        cursor: CursorWrapper = connection.prepared_cursor(binary=self.binary)
        return cursor

    def _values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        bound = {name: _bound(value) for name, value in values.items()}
        bound["tenant"] = current_tenant_id()
        return bound


def _bound(value: Any) -> Any:
    """An int as 64 bits, whatever its size: PostgreSQL plans a statement once for each type."""
    if type(value) is int:
        return Int8(value)
    if type(value) is list and value and type(value[0]) is int:
        return [Int8(each) for each in value]
    return value
