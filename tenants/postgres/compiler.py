"""SQL compilers that restrict every statement on a tenant's rows to the tenant in force.

A tenant's model has the method `tenant_restriction(alias)`. It returns the lookups that the rows
must satisfy (none while inspecting), or raises if no tenant is in force. The compilers call it when
the statement is executed. So a queryset that outlives its block is refused, and the statements of
Django's deletion collector, which uses no manager, are restricted too. Without a tenant in force
they also refuse a statement on other rows that joins a tenant's table or has a subquery on one.

Before a write the compilers call the model's `require_writable(change, fields)`. A global model can
have it too.

Every UPDATE, also that of an upsert, sets the `auto_now` fields that it does not name.

A model may define `read_when_named`: fields, such as the hash of a password, that a SELECT of whole
rows leaves out, also through select_related(). `only()` and access to the attribute read them.
`whole_rows()` includes them, for dumps.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, cast, override

from django.apps import apps
from django.db.models import Q
from django.db.models.constants import OnConflict
from django.db.models.sql import compiler

from tenants.errors import CheckBroken, ValueRefused
from tenants.postgres.auto_now import auto_now_values
from tenants.postgres.values import explain, translate_value_errors, unfit_fields

_whole: ContextVar[bool] = ContextVar("whole", default=False)
_executing: ContextVar[bool] = ContextVar("executing", default=False)


@contextmanager
def whole_rows() -> Iterator[None]:
    """Within the block, rows are read with their `read_when_named` fields."""
    token = _whole.set(True)
    try:
        yield
    finally:
        _whole.reset(token)


@cache
def _owned_tables() -> dict[str, Any]:
    """The models that restrict their rows to a tenant, by table."""
    models = apps.get_models(include_auto_created=True)
    return {model._meta.db_table: model for model in models if hasattr(model, "tenant_restriction")}


def _is_left_out(field: Any) -> bool:
    return field.name in getattr(field.model, "read_when_named", ()) and not _whole.get()


class _TenantCompiler(compiler.SQLCompiler):
    """Checks the tenant in force before each statement."""

    def tenant_restriction(self) -> dict[str, Any]:
        restriction = getattr(self.query.model, "tenant_restriction", None)
        return restriction(self.connection) if restriction else {}

    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        self.tenant_restriction()
        token = _executing.set(True)
        try:
            return super().execute_sql(*args, **kwargs)
        finally:
            _executing.reset(token)

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        with translate_value_errors():
            return super().as_sql(*args, **kwargs)

    @override
    def pre_sql_setup(self, *args: Any, **kwargs: Any) -> Any:
        ready = super().pre_sql_setup(*args, **kwargs)
        if _executing.get():  # the joins are known now; afterwards Django forgets some
            self._require_tenant()
        return ready

    def _require_tenant(self) -> None:
        """Raise NoTenant outside of blocks when a tenant's rows are read along.

        A subquery is compiled by itself, so it comes here as well.
        """
        if self.tenant_restriction():
            return
        for alias, table in self.query.alias_map.items():
            model = _owned_tables().get(table.table_name)
            if model is not None and self.query.alias_refcount[alias]:
                model.tenant_restriction(self.connection)

    @override
    def get_default_columns(self, select_mask: Any, *args: Any, **kwargs: Any) -> list[Any]:
        columns: list[Any] = super().get_default_columns(select_mask, *args, **kwargs)
        if select_mask and not self.query.deferred_loading[1]:  # only() names every field
            return columns
        return [column for column in columns if not _is_left_out(column.target)]

    def require_writable(self, change: str = "") -> None:
        if require := getattr(self.query.model, "require_writable", None):
            require(change, [field.name for field in self.written_fields()])

    def written_fields(self) -> Iterable[Any]:
        """The fields that the statement writes."""
        return ()


class _WriteCompiler(_TenantCompiler):
    """Also checks that the tenant in force is writable.

    PostgreSQL does not name the column of a refused value, and the name of a field's check stays
    when the column is renamed. So the fields are found by validating the written values again.
    """

    change = ""
    """What the statement does to rows: insert, update or delete."""

    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        self.require_writable(self.change)
        try:
            return super().execute_sql(*args, **kwargs)
        except (CheckBroken, ValueRefused) as error:
            if not error.fields:
                explain(error, unfit_fields(self.written(), self.connection))
            raise

    def written(self) -> Iterator[tuple[Any, Any]]:
        """The fields and values that the statement writes."""
        yield from ()


class _RestrictedCompiler(_WriteCompiler):
    """Adds the tenant to the WHERE clause unless the statement already has it."""

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        restriction = self.tenant_restriction()
        if restriction and not self._names(restriction):
            self.query.add_q(Q(**restriction))
        return super().as_sql(*args, **kwargs)

    def _names(self, restriction: dict[str, Any]) -> bool:
        """Whether a top-level condition compares the tenant's column."""
        columns = {
            getattr(getattr(condition, "lhs", None), "target", None)
            for condition in self.query.where.children
        }
        model: Any = self.query.model
        return model._meta.get_field(*restriction) in columns


class SQLCompiler(_TenantCompiler):
    """SELECT; a SELECT FOR UPDATE needs a writable tenant."""

    @override
    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        if self.query.select_for_update:
            self.require_writable()
        return super().execute_sql(*args, **kwargs)


class SQLInsertCompiler(_WriteCompiler, compiler.SQLInsertCompiler):
    """INSERT with VALUES: Django's unnest form fails on Citus under row security."""

    change = "insert"

    @override
    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        query: Any = self.query
        if query.on_conflict == OnConflict.UPDATE:
            named = [field.name for field in query.update_fields]
            query.update_fields = [*query.update_fields, *auto_now_values(query.model, named)]
        return super().as_sql(*args, **kwargs)

    @override
    def written_fields(self) -> Iterable[Any]:
        fields: Iterable[Any] = self.query.fields
        return fields

    @override
    def written(self) -> Iterator[tuple[Any, Any]]:
        for row in self.query.objs:
            yield from ((field, getattr(row, field.attname)) for field in self.query.fields)


class SQLDeleteCompiler(_RestrictedCompiler, compiler.SQLDeleteCompiler):
    """DELETE."""

    change = "delete"


class SQLUpdateCompiler(_RestrictedCompiler, compiler.SQLUpdateCompiler):
    """UPDATE; the query can define the new values of the `auto_now` fields."""

    change = "update"

    @override
    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        query: Any = self.query
        if query.values:
            moved = auto_now_values(query.model, [field.name for field, _, _ in query.values])
            known = getattr(query, "auto_now_values", {})
            moved = {field: known.get(field, value) for field, value in moved.items()}
            query.values = [*query.values, *((each, each.model, moved[each]) for each in moved)]
        return super().as_sql(*args, **kwargs)

    @override
    def written_fields(self) -> Iterable[Any]:
        return [field for field, _, _ in cast(Any, self.query).values]

    @override
    def written(self) -> Iterator[tuple[Any, Any]]:
        query: Any = self.query
        yield from ((field, value) for field, _, value in query.values)


class SQLAggregateCompiler(_TenantCompiler, compiler.SQLAggregateCompiler):
    """Aggregates over a subquery."""
