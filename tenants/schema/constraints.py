"""Isolation as constraint objects, declared by subclassing and migrated by `makemigrations`.

A constraint is a few statements with their reverses. Django treats it like its own constraints, so
it is autodetected, reversible and visible in `sqlmigrate`. `isolation_of` lists the constraints of
a TenantModel.
"""

from collections.abc import Sequence
from typing import Any, cast, override

from django.db import DEFAULT_DB_ALIAS, models

from tenants.schema.fields import TenantForeignKey
from tenants.schema.times import END, FIRST

type Mirror = tuple[str, str]
"""A statement and its reverse."""


class DeclaredSQL(models.BaseConstraint):
    """DDL declared in a model's Meta; subclasses define its statements and their reverses.

    The statements have the form in which `tenants.checks.drift` reads the catalog.
    """

    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        """The statements for `table` (quoted) in order, each with its reverse."""
        raise NotImplementedError

    @override
    def create_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return ";\n".join(do for do, _ in self.mirrors(table, model))

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        """Nothing inside CREATE TABLE; the statements run after it."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))
        return ""

    @override
    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return ";\n".join(undo for _, undo in reversed(self.mirrors(table, model)))

    def validate(
        self, model: Any, instance: Any, exclude: Any = None, using: str = DEFAULT_DB_ALIAS
    ) -> None:
        """Nothing: PostgreSQL enforces the constraint."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.deconstruct() == self.deconstruct()

    __hash__ = models.BaseConstraint.__hash__


class TenantKey(DeclaredSQL):
    """PRIMARY KEY (tenant_id, id); Django's state has the primary key `id`.

    Its reverse also drops the references to it: a migration that adds both reverses them later.
    """

    @override
    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        drop = f'ALTER TABLE {table} DROP CONSTRAINT "{self.name}"'
        add = f'ALTER TABLE {table} ADD CONSTRAINT "{self.name}" PRIMARY KEY ({{}})'
        return [(drop, add.format("id")), (add.format("tenant_id, id"), f"{drop} CASCADE")]


class TenantReference(DeclaredSQL):
    """The composite foreign key of a TenantForeignKey; not deferred, so that it fails at once."""

    def __init__(self, *, field: str, name: str, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.field = field

    @override
    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"field": self.field}

    def create_sql(self, model: Any, schema_editor: Any) -> str:
        """Nothing: the statement is deferred until the migration has made the referenced keys."""
        schema_editor.deferred_sql.append(super().create_sql(model, schema_editor))
        return ""

    @override
    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        return self.create_sql(model, schema_editor)

    @override
    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        field = cast("TenantForeignKey[Any, Any]", model._meta.get_field(self.field))
        to = field.remote_field.model._meta.db_table
        ours, theirs = f"tenant_id, {field.column}", "tenant_id, id"
        if field.column == "tenant_id":
            ours, theirs = "tenant_id", "id"
        add = f'FOREIGN KEY ({ours}) REFERENCES "{to}"({theirs})'
        return [
            (
                f'ALTER TABLE {table} ADD CONSTRAINT "{self.name}" {add}',
                f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{self.name}"',
            )
        ]


class RowSecurity(DeclaredSQL):
    """ENABLE and FORCE row security; app sees its tenant's rows, inspector reads all rows.

    Without a tenant in force `current_tenant()` is NULL and no row is visible: it fails closed.
    """

    def __init__(self, *, name: str, column: str = "tenant_id", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.column = column

    @override
    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"column": self.column}

    @override
    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        mine = f"{self.column} = current_tenant()"
        alter = f"ALTER TABLE {table} "
        return [
            (alter + "ENABLE ROW LEVEL SECURITY", alter + "DISABLE ROW LEVEL SECURITY"),
            (alter + "FORCE ROW LEVEL SECURITY", alter + "NO FORCE ROW LEVEL SECURITY"),
            (
                f"CREATE POLICY tenant_isolation ON {table} FOR ALL TO app"
                f" USING ({mine}) WITH CHECK ({mine})",
                f"DROP POLICY tenant_isolation ON {table}",
            ),
            (
                f"CREATE POLICY inspection ON {table} FOR SELECT TO inspector USING (true)",
                f"DROP POLICY inspection ON {table}",
            ),
        ]


class Grants(DeclaredSQL):
    """The privileges of role app on the table; inspector may read it."""

    def __init__(self, *, name: str, app: str, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.app = app

    @override
    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"app": self.app}

    @override
    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        grants = [(self.app, "app"), ("SELECT", "inspector")]
        return [
            (f"GRANT {rights} ON {table} TO {role}", f"REVOKE {rights} ON {table} FROM {role}")
            for rights, role in grants
        ]


class RowTrigger(DeclaredSQL):
    """A row-level trigger that calls `function` with `args`, at COMMIT if it is `deferred`."""

    def __init__(
        self,
        *,
        name: str,
        function: str,
        when: str,
        deferred: bool = False,
        args: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.function, self.when, self.deferred, self.args = function, when, deferred, tuple(args)

    @override
    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        own = {"function": self.function, "when": self.when, "deferred": self.deferred}
        return path, args, kwargs | own | ({"args": self.args} if self.args else {})

    @override
    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        kind, timing = ("CONSTRAINT TRIGGER", "DEFERRABLE INITIALLY DEFERRED ")
        if not self.deferred:
            kind, timing = ("TRIGGER", "")
        return [
            (
                f'CREATE {kind} "{self.name}" {self.when} ON {table} {timing}'
                f"FOR EACH ROW EXECUTE FUNCTION {self.function}({self._quoted()})",
                f'DROP TRIGGER "{self.name}" ON {table}',
            )
        ]

    def _quoted(self) -> str:
        return ", ".join(f"'{arg}'" for arg in self.args)


def isolation_of(model: type[models.Model], *, app_privileges: str) -> list[models.BaseConstraint]:
    """The constraints of a TenantModel."""
    table = model._meta.db_table
    references = [
        TenantReference(field=field.name, name=field.constraint_name)
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    ]
    return [
        TenantKey(name=f"{table}_pkey"),
        TenantReference(field="tenant", name=f"{table}_tenant_exists"),
        *references,
        RowSecurity(name=f"{table}_isolation"),
        Grants(name=f"{table}_grants", app=app_privileges),
    ]


def readable_times(model: type[models.Model]) -> list[models.BaseConstraint]:
    """A CHECK for each column of times: Python can read its values in any time zone."""
    return [
        models.CheckConstraint(
            condition=models.Q(**{f"{field.name}__gte": FIRST, f"{field.name}__lt": END}),
            name=f"{model._meta.db_table}_{field.column}_readable",
        )
        for field in model._meta.local_fields
        if isinstance(field, models.DateTimeField)
    ]
