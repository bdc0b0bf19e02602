"""Isolation as constraint objects: declared by subclassing, carried by `makemigrations`.

Each is a few statements and their mirror image. Django treats them like its own constraints,
so they are autodetected, reversible and visible in `sqlmigrate`; `isolation_of` lists what a
model gets for being a TenantModel.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from tenants.fields import TenantForeignKey

type Mirror = tuple[str, str]
"""A statement and the one that undoes it."""


class DeclaredSQL(models.BaseConstraint):
    """DDL declared in a model's Meta; subclasses state it as mirrored statements."""

    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        """What to do to `table` (quoted), in order, each with its reverse."""
        raise NotImplementedError

    def create_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        assert schema_editor is not None
        table = schema_editor.quote_name(model._meta.db_table)
        return ";\n".join(do for do, _ in self.mirrors(table, model))

    def constraint_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """Nothing inside CREATE TABLE: the statements follow it."""
        assert schema_editor is not None
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))
        return ""

    def remove_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        assert schema_editor is not None
        table = schema_editor.quote_name(model._meta.db_table)
        return ";\n".join(undo for _, undo in reversed(self.mirrors(table, model)))

    def validate(
        self, model: Any, instance: Any, exclude: Any = None, using: str = DEFAULT_DB_ALIAS
    ) -> None:
        """PostgreSQL is the one to say; there is nothing to ask beforehand."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.deconstruct() == self.deconstruct()

    __hash__ = models.BaseConstraint.__hash__


class TenantKey(DeclaredSQL):
    """PRIMARY KEY (tenant_id, id), while Django's state has a plain `id`."""

    definition = "PRIMARY KEY (tenant_id, id)"

    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        drop = f'ALTER TABLE {table} DROP CONSTRAINT "{self.name}"'
        add = f'ALTER TABLE {table} ADD CONSTRAINT "{self.name}" '
        return [(drop, add + "PRIMARY KEY (id)"), (add + self.definition, drop)]


class TenantReference(DeclaredSQL):
    """The composite foreign key behind a TenantForeignKey; immediate, so that it fails at once."""

    def __init__(self, *, field: str, name: str, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.field = field

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"field": self.field}

    def create_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """Nothing now: it waits for the keys that the same migration may yet make."""
        assert schema_editor is not None
        schema_editor.deferred_sql.append(super().create_sql(model, schema_editor))
        return ""

    def constraint_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        return self.create_sql(model, schema_editor)

    def definition(self, model: type[models.Model]) -> str:
        """The constraint, as the catalog shows it too."""
        field = model._meta.get_field(self.field)
        assert isinstance(field, models.ForeignKey)
        to = field.remote_field.model._meta.db_table
        ours, theirs = f"tenant_id, {field.column}", "tenant_id, id"
        if field.column == "tenant_id":
            ours, theirs = "tenant_id", "id"
        return f'FOREIGN KEY ({ours}) REFERENCES "{to}"({theirs})'

    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        return [
            (
                f'ALTER TABLE {table} ADD CONSTRAINT "{self.name}" {self.definition(model)}',
                f'ALTER TABLE {table} DROP CONSTRAINT "{self.name}"',
            )
        ]


class Policy(NamedTuple):
    """A row policy; `check` is None where nothing can be written."""

    name: str
    command: str
    role: str
    using: str
    check: str | None

    def create_sql(self, table: str) -> str:
        check = f" WITH CHECK ({self.check})" if self.check else ""
        return (
            f"CREATE POLICY {self.name} ON {table} FOR {self.command} TO {self.role}"
            f" USING ({self.using}){check}"
        )


class RowSecurity(DeclaredSQL):
    """ENABLE and FORCE row security; app sees its tenant's rows, inspector reads them all.

    With no tenant in force `current_tenant()` is NULL and nothing is visible: it fails closed.
    """

    def __init__(self, *, name: str, column: str = "tenant_id", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.column = column

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"column": self.column}

    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        alter = f"ALTER TABLE {table} "
        return [
            (alter + "ENABLE ROW LEVEL SECURITY", alter + "DISABLE ROW LEVEL SECURITY"),
            (alter + "FORCE ROW LEVEL SECURITY", alter + "NO FORCE ROW LEVEL SECURITY"),
            *(
                (policy.create_sql(table), f"DROP POLICY {policy.name} ON {table}")
                for policy in self.policies
            ),
        ]

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Who sees what; the system checks compare the catalog with it."""
        mine = f"{self.column} = current_tenant()"
        return (
            Policy("tenant_isolation", "ALL", "app", mine, mine),
            Policy("inspection", "SELECT", "inspector", "true", None),
        )


class Grants(DeclaredSQL):
    """What role app may do with the table; inspector may read it."""

    def __init__(self, *, name: str, app: str, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.app = app

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"app": self.app}

    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        given = [(self.app, "app"), ("SELECT", "inspector")]
        return [
            (f"GRANT {what} ON {table} TO {role}", f"REVOKE {what} ON {table} FROM {role}")
            for what, role in given
        ]


class RowTrigger(DeclaredSQL):
    """A row-level trigger calling `function`; `deferred` ones fire at COMMIT."""

    def __init__(
        self, *, name: str, function: str, when: str, deferred: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.function, self.when, self.deferred = function, when, deferred

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        own = {"function": self.function, "when": self.when, "deferred": self.deferred}
        return path, args, kwargs | own

    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        kind, timing = ("CONSTRAINT TRIGGER", "DEFERRABLE INITIALLY DEFERRED ")
        if not self.deferred:
            kind, timing = ("TRIGGER", "")
        return [
            (
                f'CREATE {kind} "{self.name}" {self.when} ON {table} {timing}'
                f"FOR EACH ROW EXECUTE FUNCTION {self.function}()",
                f'DROP TRIGGER "{self.name}" ON {table}',
            )
        ]


def isolation_of(model: type[models.Model], *, app_may: str) -> list[models.BaseConstraint]:
    """The constraints a TenantModel gets for being one."""
    table = model._meta.db_table
    references = [
        TenantReference(field=field.name, name=f"{table}_{field.name}_same_tenant")
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    ]
    return [
        TenantKey(name=f"{table}_pkey"),
        TenantReference(field="tenant", name=f"{table}_tenant_exists"),
        *references,
        RowSecurity(name=f"{table}_isolation"),
        Grants(name=f"{table}_grants", app=app_may),
    ]
