"""PostgreSQL's catalog, as the checks read it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.utils import CursorWrapper

from tenants.constraints import DeclaredSQL, RowSecurity, RowTrigger
from tenants.indexes import Search
from tenants.models import TenantOwned

LOOK_UPS = {"tenant_of_slug(text)", "tenants_of_user(uuid)", "tenant_of_invitation(text)"}
"""SECURITY DEFINER functions that cross tenants and return ids only."""

# What every query may use: our schemas; the tenants' tables, each with the column that names
# the tenant; these and other tables that have row security; and the roles whose rights count.
_GIVEN = """
WITH RECURSIVE ours AS (
    SELECT oid FROM pg_namespace
    WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), owned AS (
    SELECT c.oid, c.relname, a.attname AS tenant, a.attnum
    FROM pg_class c
    JOIN ours ON ours.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p') AND NOT a.attisdropped AND a.attname =
        CASE WHEN c.relname = ANY(%(by_id)s) THEN 'id' ELSE 'tenant_id' END
), secured AS (
    SELECT oid, relname FROM owned
    UNION SELECT c.oid, relname FROM pg_class c JOIN ours ON ours.oid = c.relnamespace
    WHERE relname = ANY(%(secured)s)
), bound AS (
    SELECT oid, rolname FROM pg_roles WHERE rolname IN ('app', session_user)
    UNION ALL SELECT 0, 'PUBLIC'
)
"""


@dataclass(frozen=True)
class Catalog:
    """What a connection can read about its own database.

    A table is a tenant's when it has a column `tenant_id`, or is the Tenant table itself.
    """

    cursor: CursorWrapper

    @cached_property
    def present(self) -> list[type[models.Model]]:
        """The models whose tables exist."""
        tables = set(self.cursor.db.introspection.table_names(self.cursor))
        return [model for model in apps.get_models() if model._meta.db_table in tables]

    def declared[C: DeclaredSQL](self, kind: type[C]) -> list[tuple[type[models.Model], C]]:
        """The constraints of a kind, each with its model."""
        return [
            (model, constraint)
            for model in self.present
            for constraint in model._meta.constraints
            if isinstance(constraint, kind)
        ]

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run a query, which may use `ours`, `owned`, `secured` and `bound`."""
        self.cursor.execute(_GIVEN + sql, self._parameters | parameters)
        return list(self.cursor.fetchall())

    @cached_property
    def _parameters(self) -> dict[str, Any]:
        declared = self.declared
        return {
            "by_id": [
                model._meta.db_table
                for model in self.present
                if issubclass(model, TenantOwned) and model.tenant_attname == "id"
            ],
            "secured": [model._meta.db_table for model, _ in declared(RowSecurity)],
            "definers": [
                *LOOK_UPS,
                *(f"{each.function}()" for _, each in declared(RowTrigger)),
                *(each.signature for _, each in declared(Search)),
            ],
            "tables": [model._meta.db_table for model in self.present],
            "searches": [each.name for _, each in declared(Search)],
        }
