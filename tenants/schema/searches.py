"""Searches that an index serves under row security.

LIKE, @@, @> and the trigram operators are not leakproof. For role app PostgreSQL evaluates them
after the row policy, on every row of the tenant, and uses no index for them. So a search here is
an index and a function. The GIN index begins with the tenant. The function is SECURITY DEFINER and
owned by `owner`. It reads the tenant in force once and returns the ids of that tenant's matching
rows; without a tenant it returns no ids. Only role app may call it; a system check compares index
and function with the catalog. The queryset filters by `id = ANY(ARRAY(SELECT function(%s)))`, so
that the policy, soft deletion and all filters still apply to the rows.

Counts as app among 200,000 rows of one tenant, by the plain condition and by this form: a part of
a word in 200 rows: 73 ms, 9 ms; words in 40 rows: 242 ms, 6 ms; JSON in 40 rows: 45 ms, 8 ms. A
search that matches every row is slower than without an index: 56 ms, 206 ms.

While inspecting, no single tenant is in force, and the plain condition is used instead. An owner
without BYPASSRLS is bound by FORCE and finds no rows: the search fails closed.
"""

import re
from collections.abc import Sequence
from typing import Any, ClassVar, override

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, Func, Q, Value

from tenants.context import tenancy
from tenants.postgres.untrusted import UNSTORABLE, clean_json_condition
from tenants.schema.constraints import DeclaredSQL, Mirror
from tenants.schema.expressions import Among, Comparison

# In the notation of pg_get_functiondef, with which the system check compares it.
_FUNCTION = """CREATE OR REPLACE FUNCTION public.{name}(wanted {takes})
 RETURNS SETOF uuid
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    mine CONSTANT uuid := public.current_tenant();
BEGIN
    RETURN QUERY SELECT id FROM public.{table}
    WHERE tenant_id = mine AND ({condition});
END
$function$"""


class Search(DeclaredSQL):
    """A GIN index over `fields`, and the function of the same name through which app uses it."""

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
        """The function's signature in PostgreSQL's notation."""
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
        """The statements use names only: a migration may have renamed the fields before."""
        return f"DROP FUNCTION {self.signature};\nDROP INDEX {self.name}"

    def indexed(self, fields: Sequence[Any]) -> str:
        """The columns of the index after the tenant, in the pretty notation of pg_get_indexdef."""
        raise NotImplementedError

    def condition(self, fields: Sequence[Any]) -> str:
        """The condition on a row, in SQL that the index serves, with the parameter `wanted`."""
        raise NotImplementedError

    def plain(self, wanted: Any, paths: Sequence[str]) -> Any:
        """The same condition as a filter of a queryset, which no index serves for role app."""
        raise NotImplementedError

    def value(self, wanted: Any) -> Value:
        """The argument of the function."""
        return Value(wanted)

    def parse(self, value: object) -> Any:
        """A text to search for. Raises ValueError with a noun phrase for a valid value."""
        text = value.strip() if isinstance(value, str) else ""
        if not self.least <= len(text) <= self.most or UNSTORABLE.search(text):
            raise ValueError(f"a text of {self.least} to {self.most} characters")
        return text

    def matching(self, wanted: Any, *, along: str = "") -> Any:
        """The condition for `filter()`, for a value that `parse` returned.

        It is for the model's own rows, or for rows from which the foreign keys `along` lead to it.
        """
        if tenancy().tenant_id is None:
            return self.plain(
                wanted, [f"{along}__{name}" if along else name for name in self.fields]
            )
        return Among(F(along or "pk"), Func(self.value(wanted), function=self.name))


class TrigramSearch(Search):
    """A part of a text in any of the fields, without case (pg_trgm).

    The index needs three characters, so a search needs three too; `%` and `_` are literals.
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
            condition |= Q(Comparison(F(path), "ILIKE", self.value(wanted)))
        return condition


class GlobalTrigramSearch(TrigramSearch):
    """A trigram search in a global table, where role app can use the index without a function."""

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
    """Words in all fields together, in the syntax of websearch_to_tsquery; fields are NOT NULL."""

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
        return Q(Comparison(document, "@@", query))

    def _words(self, fields: Sequence[Any]) -> str:
        return " || ".join(
            f"to_tsvector('{self.config}'::regconfig, {_as_text(field)})" for field in fields
        )


class JSONContains(Search):
    """JSON documents that contain a given object, by `@>` (jsonb_path_ops); of one field."""

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
        return Q(Comparison(F(paths[0]), "@>", self.value(wanted)))

    def parse(self, value: object) -> Any:
        """A JSON object, decoded or as text. Raises ValueError."""
        return clean_json_condition(value)


def _as_text(field: Any) -> str:
    """A column as text: in the catalog only a varchar has a cast."""
    column: str = field.column
    return column if isinstance(field, models.TextField) else f"{column}::text"
