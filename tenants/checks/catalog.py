"""Access to PostgreSQL's catalog for the checks."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db import models
from django.db.backends.utils import CursorWrapper

from tenants.models import TenantOwned
from tenants.schema.constraints import DeclaredSQL, RowSecurity, RowTrigger
from tenants.schema.live_parents import LiveParent
from tenants.schema.searches import Search

LOOK_UPS = {
    "tenant_of_slug(text)",
    "tenant_of_external_id(text)",
    "tenants_of_user(uuid)",
    "tenant_of_invitation(text)",
}
"""SECURITY DEFINER functions that read all tenants and return only ids."""

FUNCTIONS: tuple[type[Search | LiveParent], ...] = (Search, LiveParent)
"""Constraints that create a function of the same name."""

# The common tables of all queries: `ours`, the project's schemas; `owned`, the tables of tenants
# with the column of the tenant; `secured`, these and other tables with row security; `bound`, the
# roles to check; `rules`, the rules of all tables, each as the statement that would create it.
# PostgreSQL's pretty forms omit the schema and the outermost parentheses, like our statements;
# operator classes of extensions are without their schema too.
_COMMON_TABLES = """
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
), tables AS (
    SELECT c.* FROM pg_class c JOIN ours ON ours.oid = c.relnamespace WHERE relkind IN ('r', 'p')
), rules (oid, kind, statement) AS (
    SELECT t.oid, contype::text, format('ALTER TABLE %%s ADD CONSTRAINT %%s %%s',
        relname, conname, pg_get_constraintdef(c.oid, true))
    FROM tables t JOIN pg_constraint c ON conrelid = t.oid
    WHERE contype IN ('p', 'u', 'x', 'c', 'f')
    UNION ALL
    SELECT t.oid, 'index', replace(pg_get_indexdef(indexrelid, 0, true), ' extensions.', ' ')
    FROM tables t JOIN pg_index i ON indrelid = t.oid
    WHERE indisvalid AND NOT EXISTS (
        SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT oid, 'security', format('ALTER TABLE %%s %%s ROW LEVEL SECURITY', relname, f.word)
    FROM tables, LATERAL (
        VALUES (relrowsecurity, 'ENABLE'), (relforcerowsecurity, 'FORCE')) AS f (is_so, word)
    WHERE f.is_so
    UNION ALL
    SELECT t.oid, 'policy', format('CREATE POLICY %%s ON %%s%%s FOR %%s TO %%s%%s%%s',
        polname, relname, CASE WHEN NOT polpermissive THEN ' AS RESTRICTIVE' END,
        CASE polcmd WHEN '*' THEN 'ALL' WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
                    WHEN 'w' THEN 'UPDATE' ELSE 'DELETE' END,
        (SELECT string_agg(coalesce(r.rolname, 'PUBLIC'), ', ')
         FROM unnest(polroles) AS u (oid) LEFT JOIN pg_roles r USING (oid)),
        ' USING (' || pg_get_expr(polqual, polrelid, true) || ')',
        ' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid, true) || ')')
    FROM tables t JOIN pg_policy ON polrelid = t.oid
    UNION ALL
    SELECT t.oid, 'trigger', pg_get_triggerdef(g.oid, true)
    FROM tables t JOIN pg_trigger g ON tgrelid = t.oid
    WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
    UNION ALL
    SELECT t.oid, 'default', format('ALTER TABLE %%s ALTER COLUMN %%s SET DEFAULT %%s',
        relname, attname, pg_get_expr(adbin, adrelid, true))
    FROM tables t JOIN pg_attrdef ON adrelid = t.oid
    JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
)
"""


@dataclass(frozen=True)
class Catalog:
    """The catalog of a connection's database.

    A table belongs to tenants if it has a column `tenant_id` or is the Tenant table itself.
    """

    cursor: CursorWrapper

    @cached_property
    def present(self) -> list[type[models.Model]]:
        """The models whose tables exist."""
        tables = set(self.cursor.db.introspection.table_names(self.cursor))
        return [model for model in apps.get_models() if model._meta.db_table in tables]

    def constraints[C: DeclaredSQL](self, kind: type[C]) -> list[tuple[type[models.Model], C]]:
        """The models' constraints of a class, each with its model."""
        return [
            (model, constraint)
            for model in self.present
            for constraint in model._meta.constraints
            if isinstance(constraint, kind)
        ]

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query, which may use `ours`, `owned`, `secured`, `bound` and `rules`."""
        self.cursor.execute(_COMMON_TABLES + sql, self._parameters | parameters)
        return list(self.cursor.fetchall())

    @cached_property
    def _parameters(self) -> dict[str, Any]:
        constraints = self.constraints
        return {
            "by_id": [
                model._meta.db_table
                for model in self.present
                if issubclass(model, TenantOwned) and model.tenant_attname == "id"
            ],
            "secured": [model._meta.db_table for model, _ in constraints(RowSecurity)],
            "definers": [
                *LOOK_UPS,
                *(f"{each.function}()" for _, each in constraints(RowTrigger)),
                *(each.signature for kind in FUNCTIONS for _, each in constraints(kind)),
            ],
            "tables": [model._meta.db_table for model in self.present],
            "functions": [each.name for kind in FUNCTIONS for _, each in constraints(kind)],
        }
