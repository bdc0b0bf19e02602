"""SQL compilers that hold every statement on a tenant's rows to the tenant in force.

A model says so by having `tenant_restriction(alias)`: the lookups that its rows must satisfy
(empty while inspecting), or an error when no tenant is in force. It is asked at the moment
of execution, so a queryset kept past its block is refused too, and Django's deletion
collector, which goes past every manager, names the tenant like everybody else. Before a write
`require_writable()` is asked as well.

A model may have `read_when_named`: fields, such as the hash of a password, that no SELECT of
whole rows reads, select_related() included. `only()` names them, and so does an attribute that
is asked for; a dump has them all, by `whole_rows()`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, override

from django.db.models import Q
from django.db.models.sql import compiler

from tenants.errors import CheckBroken, ValueRefused
from tenants.postgres.values import misfits, refusing

_whole: ContextVar[bool] = ContextVar("whole", default=False)


@contextmanager
def whole_rows() -> Iterator[None]:
    """In the block rows are read whole, with what their models keep back."""
    token = _whole.set(True)
    try:
        yield
    finally:
        _whole.reset(token)


def _kept_back(field: Any) -> bool:
    return field.name in getattr(field.model, "read_when_named", ()) and not _whole.get()


class _Held(compiler.SQLCompiler):
    """Asks the model for the tenant in force before anything runs."""

    def tenant_restriction(self) -> dict[str, Any]:
        restriction = getattr(self.query.model, "tenant_restriction", None)
        return restriction(self.connection) if restriction else {}

    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        self.tenant_restriction()
        return super().execute_sql(*args, **kwargs)

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        with refusing():
            return super().as_sql(*args, **kwargs)

    @override
    def get_default_columns(self, select_mask: Any, *args: Any, **kwargs: Any) -> list[Any]:
        columns: list[Any] = super().get_default_columns(select_mask, *args, **kwargs)
        if select_mask and not self.query.deferred_loading[1]:  # only() has named them all
            return columns
        return [column for column in columns if not _kept_back(column.target)]

    def require_writable(self) -> None:
        if require := getattr(self.query.model, "require_writable", None):
            require()


class _Writing(_Held):
    """Asks the model whether the tenant in force may be written, too.

    PostgreSQL refuses a value without saying which, and keeps the name of a field's own check
    when the column is renamed: the fields are then found by looking again.
    """

    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        self.require_writable()
        try:
            return super().execute_sql(*args, **kwargs)
        except (CheckBroken, ValueRefused) as error:
            error.fields = error.fields or misfits(self.written(), self.connection)
            raise

    def written(self) -> Iterator[tuple[Any, Any]]:
        """Each field with a value that the statement writes."""
        yield from ()


class _Narrowed(_Writing):
    """Adds the tenant to the WHERE of a statement that does not name it."""

    def as_sql(self, *args: Any, **kwargs: Any) -> Any:
        restriction = self.tenant_restriction()
        if restriction and not self._names(restriction):
            self.query.add_q(Q(**restriction))
        return super().as_sql(*args, **kwargs)

    def _names(self, restriction: dict[str, Any]) -> bool:
        """Whether a top-level condition compares the tenant's column already."""
        columns = {
            getattr(getattr(condition, "lhs", None), "target", None)
            for condition in self.query.where.children
        }
        model: Any = self.query.model
        return model._meta.get_field(*restriction) in columns


class SQLCompiler(_Held):
    """SELECT; one that locks rows is on its way to a write."""

    @override
    def execute_sql(self, *args: Any, **kwargs: Any) -> Any:
        if self.query.select_for_update:
            self.require_writable()
        return super().execute_sql(*args, **kwargs)


class SQLInsertCompiler(_Writing, compiler.SQLInsertCompiler):
    """INSERT by VALUES: Django's unnest form fails on Citus under row security."""

    @override
    def written(self) -> Iterator[tuple[Any, Any]]:
        for row in self.query.objs:
            yield from ((field, getattr(row, field.attname)) for field in self.query.fields)


class SQLDeleteCompiler(_Narrowed, compiler.SQLDeleteCompiler):
    """DELETE."""


class SQLUpdateCompiler(_Narrowed, compiler.SQLUpdateCompiler):
    """UPDATE."""

    @override
    def written(self) -> Iterator[tuple[Any, Any]]:
        query: Any = self.query
        yield from ((field, value) for field, _, value in query.values)


class SQLAggregateCompiler(_Held, compiler.SQLAggregateCompiler):
    """Aggregates over a subquery."""
