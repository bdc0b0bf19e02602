"""Querysets compiled once to prepared statements, and their rows as light model instances.

Django's compiler writes the SQL, so models, managers and constraints stay the only source of it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID
from weakref import ref

from django.db import connections, models
from django.db.models.base import ModelState
from django.db.models.query import ModelIterable
from django.db.models.signals import post_init, pre_init

from tenants.context import current_tenant_id
from tenants.managers.base import fetch_mode
from tenants.managers.prepared import Prepared

PERCENT = re.compile("%[%s]")


class Placeholder(models.Expression):
    """A value in a queryset that each run of its statement gives by this name."""

    def __init__(self, name: str, output_field: Any) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """A placeholder with the expression itself as its value, for `compiled`."""
        return "%s", (self,)


class RowPart(NamedTuple):
    """A model in the rows of a statement: its columns, and how the row before it keeps it."""

    model: Any
    attnames: tuple[str, ...]
    columns: slice
    converters: tuple[tuple[int, Any, Any], ...]
    keep: Any = None


class Compiled(NamedTuple):
    """A statement, and the models whose instances its rows are: the first keeps the others.

    There are none for a queryset of values.
    """

    statement: Prepared
    holders: tuple[RowPart, ...] = ()

    def instances(self, using: str, **values: Any) -> list[Any]:
        """Run it; instances as the queryset returns them.

        Rows with the same related row share its instance.
        """
        rows = self.statement.rows(using, **values)
        first, *others = self.holders
        found = _instances(first, using, (row[first.columns] for row in rows))
        for other in others:
            at = other.columns
            by_id = dict.fromkeys(row[at.start] for row in rows)
            related = {row[at.start]: row[at] for row in rows}
            shared = dict(zip(by_id, _instances(other, using, related.values()), strict=True))
            for instance, row in zip(found, rows, strict=True):
                other.keep(instance, shared[row[at.start]])
        return found


def compiled(rows: "models.QuerySet[Any, Any]", *, binary: bool = True) -> Compiled:
    """The statement of a queryset made in the block; it names its Placeholders and the tenant.

    All other values become literals. Raises ValueError for another id among them, which would be
    that of a row.
    """
    compiler: Any = rows.query.get_compiler(rows.db)
    sql, params = compiler.as_sql()
    texts = (_placeholder(value, compiler.connection) for value in params)
    named = PERCENT.sub(lambda found: "%%" if found[0] == "%%" else next(texts), sql)
    whole = issubclass(rows._iterable_class, ModelIterable)
    infos = [compiler.klass_info] if whole else []
    infos += [each for info in infos for each in info.get("related_klass_infos", ())]
    holders = [_holder(compiler, info) for info in infos]
    return Compiled(Prepared(named, binary=binary), tuple(holders))


def _placeholder(value: Any, connection: Any) -> str:
    if isinstance(value, Placeholder):
        return f"%({value.name})s"
    if isinstance(value, UUID):
        if value != current_tenant_id():
            raise ValueError(f"{value} would be in the text of the statement: use Placeholder")
        return "%(tenant)s"
    return str(connection.ops.compose_sql("%s", [value])).replace("%", "%%")


def _holder(compiler: Any, info: dict[str, Any]) -> RowPart:
    """The model in `info`. Raises ValueError unless all its columns are read, the id first."""
    model, places = info["model"], info["select_fields"]
    attnames = tuple(compiler.select[place][0].target.attname for place in places)
    if attnames != tuple(field.attname for field in model._meta.concrete_fields):
        raise ValueError(f"a statement reads {model.__name__} with all columns or not at all")
    converters = tuple(
        (place - places[0], convert, expression)
        for place, (found, expression) in compiler.get_converters(
            [each[0] for each in compiler.select]
        ).items()
        for convert in found
        if place in places
    )
    columns = slice(places[0], places[-1] + 1)
    return RowPart(model, attnames, columns, converters, info.get("local_setter"))


def _instances(holder: RowPart, using: str, rows: Iterable[Sequence[Any]]) -> list[Any]:
    """What `Model.from_db` makes of each row; without its walk over the fields, if none listens."""
    mode, connection = fetch_mode(), connections[using]
    model, attnames, peers = holder.model, holder.attnames, list[Any]()
    heard = pre_init.has_listeners(model) or post_init.has_listeners(model)
    made = []
    for row in rows:
        values = list(row)
        for place, convert, expression in holder.converters:
            values[place] = convert(values[place], expression, connection)
        if heard:
            instance = model.from_db(using, attnames, values, fetch_mode=mode)
        else:
            instance = model.__new__(model)
            instance._state = state = ModelState()
            state.adding, state.db, state.fetch_mode = False, using, mode
            instance.__dict__.update(zip(attnames, values, strict=True))
        if mode.track_peers:
            peers.append(ref(instance))
            instance._state.peers = peers
        made.append(instance)
    return made
