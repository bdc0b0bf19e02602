"""Searches that keep their index under row security.

LIKE, @@, @> and the trigram operators are not leakproof: for role app PostgreSQL runs them after
the row policy, on every row of the tenant, whatever index there is. So each search here is an
index and a function. The GIN index begins with the tenant. The function is SECURITY DEFINER,
owned by `owner`: it reads the tenant in force itself, once, and returns ids of that tenant's
matching rows, none without a tenant. Only role app may call it; a system check compares both
with the catalog. The queryset says `id = ANY(ARRAY(SELECT function(%s)))`, so that the policy,
soft deletion and every filter still apply to the rows.

Counting as app among 200,000 rows of one tenant, the plain condition and then this form: a part
of a word, in 200 rows: 73 ms, 9 ms; words, in 40: 242 ms, 6 ms; JSON, in 40: 45 ms, 8 ms.
What is in every row costs more than without an index: 56 ms, 206 ms.

While inspecting no single tenant is in force, and the plain condition is used instead.
An owner without BYPASSRLS, bound by FORCE, finds nothing: it fails closed.
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar, override

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Func, Q, Value

from tenants.context import tenancy
from tenants.postgres.storable import UNSTORABLE, document
from tenants.schema.constraints import DeclaredSQL, Mirror
from tenants.schema.expressions import Among, Compared

# In the words of pg_get_functiondef, which the system check compares it with.
_FUNCTION = """CREATE OR REPLACE FUNCTION public.{name}(wanted {takes})
 RETURNS SETOF uuid
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
DECLARE
    mine CONSTANT uuid := public.current_tenant();
BEGIN
    RETURN QUERY SELECT id FROM public.{table}
    WHERE tenant_id = mine AND ({condition});
END
$function$"""


class Search(DeclaredSQL):
    """A GIN index over `fields`, and the function of the same name by which app may use it."""

    takes: ClassVar[str] = "text"
    least: ClassVar[int] = 1
    most: ClassVar[int] = 200

    def __init__(self, *, fields: Sequence[str], name: str, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.fields = tuple(fields)

    @override
    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"fields": self.fields}

    @property
    def signature(self) -> str:
        """The function as PostgreSQL names it."""
        return f"{self.name}({self.takes})"

    @override
    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        fields = [model._meta.get_field(name) for name in self.fields]
        function = _FUNCTION.format(
            name=self.name, takes=self.takes, table=table, condition=self.condition(fields)
        )
        execute = f"EXECUTE ON FUNCTION {self.signature}"
        return [
            self._index(table, f"tenant_id, {self.indexed(fields)}"),
            (function, f"DROP FUNCTION {self.signature}"),
            (f"REVOKE {execute} FROM PUBLIC", f"GRANT {execute} TO PUBLIC"),
            (f"GRANT {execute} TO app", f"REVOKE {execute} FROM app"),
        ]

    def _index(self, table: str, columns: str) -> Mirror:
        create = f"CREATE INDEX {self.name} ON {table} USING gin ({columns})"
        return create, f"DROP INDEX {self.name}"

    def remove_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        """By names alone: in a migration the fields may have been renamed before."""
        return f"DROP FUNCTION {self.signature};\nDROP INDEX {self.name}"

    def indexed(self, fields: Sequence[Any]) -> str:
        """The columns of the index after the tenant, in pg_get_indexdef's pretty words."""
        raise NotImplementedError

    def condition(self, fields: Sequence[Any]) -> str:
        """What a row must satisfy, in terms of the index and of `wanted`."""
        raise NotImplementedError

    def plain(self, wanted: Any, paths: Sequence[str]) -> Any:
        """The same condition of the fields in a query, where no index serves role app."""
        raise NotImplementedError

    def value(self, wanted: Any) -> Value:
        """What the function is given for what was asked."""
        return Value(wanted)

    def read(self, asked: object) -> Any:
        """A text to look for. Raises ValueError, which says what it should be."""
        text = asked.strip() if isinstance(asked, str) else ""
        if not self.least <= len(text) <= self.most or UNSTORABLE.search(text):
            least = "one letter" if self.least == 1 else f"{self.least} letters"
            raise ValueError(f"a text of at least {least}, and of {self.most} at most")
        return text

    def matching(self, wanted: Any, *, along: str = "") -> Any:
        """The condition to filter with, for what `read` let through.

        Of the model's own rows, or of those from which foreign keys lead `along` to the model.
        """
        if tenancy().tenant_id is None:
            return self.plain(
                wanted, [f"{along}__{name}" if along else name for name in self.fields]
            )
        return Among(F(along or "pk"), Func(self.value(wanted), function=self.name))


class TrigramSearch(Search):
    """A part of a text in any of the fields, upper and lower case alike (pg_trgm).

    An index needs three characters, so a search does too; `%` and `_` mean themselves.
    """

    least = 3
    most = 100

    @override
    def indexed(self, fields: Sequence[Any]) -> str:
        return ", ".join(f"{field.column} gin_trgm_ops" for field in fields)

    @override
    def condition(self, fields: Sequence[Any]) -> str:
        return " OR ".join(f"{field.column} ILIKE wanted" for field in fields)

    @override
    def value(self, wanted: str) -> Value:
        return Value("%" + re.sub(r"([\\%_])", r"\\\1", wanted) + "%")

    @override
    def plain(self, wanted: str, paths: Sequence[str]) -> Any:
        condition = Q()
        for path in paths:
            condition |= Q(Compared(F(path), "ILIKE", self.value(wanted)))
        return condition


class GlobalTrigramSearch(TrigramSearch):
    """The same in a global table, which has no row security: the index alone serves role app."""

    @override
    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        return [self._index(table, self.indexed([model._meta.get_field(f) for f in self.fields]))]

    @override
    def remove_sql(self, model: Any, schema_editor: BaseDatabaseSchemaEditor | None) -> str:
        return f"DROP INDEX {self.name}"

    @override
    def matching(self, wanted: Any, *, along: str = "") -> Any:
        return self.plain(wanted, [f"{along}__{f}" if along else f for f in self.fields])


class FullTextSearch(Search):
    """Words of the fields together, as websearch_to_tsquery reads them; the fields are NOT NULL."""

    def __init__(
        self, *, fields: Sequence[str], name: str, config: str = "simple", **kwargs: Any
    ) -> None:
        super().__init__(fields=fields, name=name, **kwargs)
        self.config = config

    @override
    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"config": self.config}

    @override
    def indexed(self, fields: Sequence[Any]) -> str:
        words = self._words(fields)
        return f"({words})" if len(fields) > 1 else words

    @override
    def condition(self, fields: Sequence[Any]) -> str:
        query = f"websearch_to_tsquery('{self.config}'::regconfig, wanted)"
        return f"({self._words(fields)}) @@ {query}"

    @override
    def plain(self, wanted: str, paths: Sequence[str]) -> Any:
        config = Func(Value(self.config), template="%(expressions)s::regconfig")
        words = [Func(config, F(path), function="to_tsvector") for path in paths]
        document = Func(*words, template="(%(expressions)s)", arg_joiner=" || ")
        query = Func(config, self.value(wanted), function="websearch_to_tsquery")
        return Q(Compared(document, "@@", query))

    def _words(self, fields: Sequence[Any]) -> str:
        return " || ".join(
            f"to_tsvector('{self.config}'::regconfig, {_as_text(field)})" for field in fields
        )


class JSONContains(Search):
    """Documents that hold the one asked for, by `@>` (jsonb_path_ops); of one field."""

    takes = "jsonb"

    @override
    def indexed(self, fields: Sequence[Any]) -> str:
        return f"{fields[0].column} jsonb_path_ops"

    @override
    def condition(self, fields: Sequence[Any]) -> str:
        return f"{fields[0].column} @> wanted"

    @override
    def value(self, wanted: Any) -> Value:
        return Value(wanted, models.JSONField())

    @override
    def plain(self, wanted: Any, paths: Sequence[str]) -> Any:
        return Q(Compared(F(paths[0]), "@>", self.value(wanted)))

    def read(self, asked: object) -> Any:
        """A JSON object, or the text of one. Raises ValueError."""
        return document(asked)


def _as_text(field: Any) -> str:
    """A column as text: only a varchar says so in the catalog."""
    column: str = field.column
    return column if isinstance(field, models.TextField) else f"{column}::text"
