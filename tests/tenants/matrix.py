"""The isolation matrix: attempts of one tenant to reach another's rows, by model and operation.

`leaks(model, operation, through, a, b)` tries the operation as tenant `a` on the rows of `b` and
returns the violations; an empty list means isolation. Other tests remove a guard and expect
violations.
"""

import random
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.db import DatabaseError, connection, models, transaction
from django.db.models import Count, F, Max, Prefetch, prefetch_related_objects
from django.utils import timezone

from tenants.context import acting_for
from tenants.errors import DatabaseFailed, TenantViolation
from tenants.managers.contract import ContractQuerySet
from tenants.models import TenantModel
from tenants.schema.fields import TenantForeignKey
from tests.rows import Model, Side
from tests.tenants.listing.questions import questions

type Source = models.QuerySet[TenantModel]
type Operation = Callable[[Model, Source, Side, Side], Iterator[str]]

THROUGH: dict[str, Callable[[Model], Source]] = {
    "managers": lambda model: model.objects.all(),
    "bare querysets": lambda model: models.QuerySet(model),
}
"""With the filter of the managers, and without it, so that only PostgreSQL isolates."""


def leaks(model: Model, operation: str, through: str, a: Side, b: Side) -> list[str]:
    """The rows of `b` that tenant `a` reached, and the operations on its own rows that failed."""
    before = b.sees(model)
    with acting_for(a.tenant):
        source = THROUGH[through](model)
    found = list(OPERATIONS[operation](model, source, a, b))
    if b.sees(model) != before:
        found.append("the other tenant's rows have changed")
    return found


# -- Reading ----------------------------------------------------------------------------------


def select(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    with acting_for(a.tenant):
        tenants = set(source.values_list("tenant", flat=True))
    if tenants != {a.tenant.pk}:
        yield f"shows the rows of {len(tenants)} tenants, not those of one"


def get(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    with acting_for(a.tenant):
        if source.filter(pk=b.rows[model].pk).first():
            yield "gets a row by its id"
        if source.filter(pk=b.rows[model].pk).exists():
            yield "tells that a row exists"
        if source.in_bulk([b.rows[model].pk]):
            yield "gets rows by their ids"


def aggregate(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    with acting_for(a.tenant):
        seen = source.aggregate(tenants=Count("tenant", distinct=True), last=Max("created_at"))
        if seen["tenants"] != 1:
            yield f"counts {seen['tenants']} tenants"
        if source.filter(tenant=b.tenant.pk).count():
            yield "counts rows"


def base_manager(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    with acting_for(a.tenant):
        if model._base_manager.filter(pk=b.rows[model].pk).exists():
            yield "tells that a row exists"
        theirs = held(b.rows[model])
        try:
            theirs.refresh_from_db()
        except model.DoesNotExist:
            return
        yield "refreshes a row"


def raw(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    with acting_for(a.tenant):
        rows = list(source.raw(f'SELECT * FROM "{model._meta.db_table}"'))
    if {row.tenant_id for row in rows} != {a.tenant.pk}:
        yield "shows the rows of another tenant, or none"


def select_related(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    names = [field.name for field in tenant_keys(model)]
    with acting_for(a.tenant):
        rows = list(source.select_related("tenant", *(f"{name}__tenant" for name in names)))
        joined = [getattr(row, name) for row in rows for name in names]
        if {row.tenant for row in [*rows, *filter(None, joined)]} != {a.tenant}:
            yield "joins rows of another tenant, or none"


def prefetch(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    """Both ways along every key, beginning at a row of the other tenant that was kept."""
    bare = type(source) is models.QuerySet
    for name, related in [*forward(model), *backward(model)]:
        theirs = held(b.rows[model])
        with acting_for(a.tenant):
            wanted: Any = Prefetch(name, models.QuerySet(related)) if bare else name
            prefetch_related_objects([theirs], wanted)
            if any(row.tenant_id != a.tenant.pk for row in follow(theirs, name)):
                yield f"fetches {name}"
            if any(row.tenant_id != a.tenant.pk for row in follow(held(theirs), name)):
                yield f"follows {name}"


def listing(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    """By each filter, sort and search that the model declares, with the values of their row."""
    rows = source if isinstance(source, ContractQuerySet) else ContractQuerySet(model)
    with acting_for(b.tenant):
        asked_of_theirs = list(questions(b.rows[model]))
    with acting_for(a.tenant):
        for asked in asked_of_theirs:
            for found in (rows.page(asked, limit=200).rows, rows.listed(asked)):
                if any(row.tenant_id != a.tenant.pk for row in found):
                    yield f"lists rows by {', '.join(asked)}"


# -- Writing ----------------------------------------------------------------------------------


def insert(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    yield from unless_refused(a, lambda: fresh(b.rows[model]).save(force_insert=True))
    dangling = {field.attname: uuid.uuid4() for field in tenant_keys(model)}
    mine = fresh(a.rows[model], id=b.rows[model].pk, **dangling)  # refused, but by which rule?
    if broken_by(a, lambda: mine.save(force_insert=True)) == f"{model._meta.db_table}_pkey":
        yield "tells that an id is taken"


def update(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    theirs = held(b.rows[model])
    yield from reached(a, lambda: source.filter(pk=theirs.pk).update(updated_at=timezone.now()))
    yield from unless_refused(a, theirs.save)


def delete(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    yield from reached(a, lambda: source.filter(pk=b.rows[model].pk).delete()[0])
    yield from reached(a, lambda: held(b.rows[model]).delete()[0])


def bulk_create(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    for ignore in (False, True):
        yield from unless_refused(
            a,
            lambda: source.bulk_create([fresh(b.rows[model])], ignore_conflicts=ignore),  # noqa: B023
        )


def bulk_update(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    theirs = held(b.rows[model])
    theirs.updated_at = timezone.now()
    yield from reached(a, lambda: source.bulk_update([theirs], ["updated_at"]))


def upsert(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    yield from unless_refused(
        a,
        lambda: source.bulk_create(
            [held(b.rows[model])],
            update_conflicts=True,
            unique_fields=["tenant", "id"],
            update_fields=["updated_at"],
        ),
    )


def foreign_key(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    for field in tenant_keys(model):
        with acting_for(a.tenant):
            stray = fresh(a.rows[model], **unused(model))
        setattr(stray, field.attname, b.rows[field.related_model].pk)
        ways = [lambda: stray.save(force_insert=True), lambda: run(*insert_sql(stray))]  # noqa: B023
        for way in ways:
            if broken_by(a, way) != f"{model._meta.db_table}_{field.name}_same_tenant":
                yield f"{field.name} can point at a row of another tenant"


def sql(model: Model, source: Source, a: Side, b: Side) -> Iterator[str]:
    """Everything again with SQL alone."""
    table, theirs = f'"{model._meta.db_table}"', b.rows[model].pk
    yield from reached(a, lambda: run(f"SELECT 1 FROM {table} WHERE id = %s", [theirs]))
    yield from reached(a, lambda: run(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", [theirs]))
    touch = f"UPDATE {table} SET updated_at = updated_at WHERE tenant_id = %s"
    yield from reached(a, lambda: run(touch, [b.tenant.pk]))
    yield from reached(a, lambda: run(f"DELETE FROM {table} WHERE id = %s", [theirs]))
    yield from unless_refused(a, lambda: run(*insert_sql(fresh(b.rows[model]))))
    statement, values = insert_sql(b.rows[model])
    conflict = " ON CONFLICT (tenant_id, id) DO UPDATE SET updated_at = excluded.updated_at"
    yield from unless_refused(a, lambda: run(statement + conflict, values))


OPERATIONS: dict[str, Operation] = {
    "select": select,
    "get by id": get,
    "insert": insert,
    "update": update,
    "delete": delete,
    "foreign key": foreign_key,
    "raw": raw,
    "SQL": sql,
    "upsert": upsert,
    "bulk_create": bulk_create,
    "bulk_update": bulk_update,
    "prefetch": prefetch,
    "select_related": select_related,
    "aggregate": aggregate,
    "listing": listing,
    "_base_manager": base_manager,
}


# -- Attempts ---------------------------------------------------------------------------------


def unless_refused(a: Side, work: Callable[[], object]) -> Iterator[str]:
    """Complain unless row security or a missing privilege refuses the work; nothing is kept.

    Any other refusal comes too late: it has looked at the other tenant's rows.
    """
    try:
        attempt(a, work)
    except TenantViolation:
        return
    except DatabaseError as error:
        yield f"was refused too late: {error}"
    else:
        yield "was not refused"


def broken_by(a: Side, work: Callable[[], object]) -> str | None:
    """The constraint that refuses the work, or what else does; nothing is kept."""
    try:
        attempt(a, work)
    except DatabaseFailed as error:
        return error.constraint or error.code
    return None


def attempt(a: Side, work: Callable[[], object]) -> None:
    with acting_for(a.tenant):
        work()
        transaction.set_rollback(True)


def reached(a: Side, work: Callable[[], Any]) -> Iterator[str]:
    """Complain when the work finds rows, and undo it; to be refused is as good as to find none."""
    try:
        with acting_for(a.tenant):
            if count := work():
                transaction.set_rollback(True)
    except TenantViolation:
        return
    except DatabaseError as error:
        yield f"was refused too late: {error}"
    else:
        if count:
            yield f"reached {count} rows"


def run(statement: str, values: list[Any]) -> int:
    """Execute SQL; how many rows it found."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


# -- Rows and relations -----------------------------------------------------------------------


def held(row: TenantModel, **changes: Any) -> TenantModel:
    """The row as one who kept the instance has it, with nothing fetched."""
    fields = row._meta.concrete_fields
    kept = type(row)(**{field.attname: getattr(row, field.attname) for field in fields} | changes)
    kept._state.adding = False
    kept._state.db = row._state.db
    return kept


def fresh(row: TenantModel, **changes: Any) -> TenantModel:
    """A new row like this one, that no unique constraint would refuse."""
    copied = held(row, **{"id": uuid.uuid4()} | changes)
    copied._state.adding = True
    for name in unique_fields(type(row)) - {"tenant"}:
        field: Any = row._meta.get_field(name)
        if getattr(row, field.attname) is None:
            continue
        if isinstance(field, models.IntegerField):
            setattr(copied, name, random.randrange(10**6, 2 * 10**9))
        elif isinstance(field, models.CharField):
            setattr(copied, name, (uuid.uuid4().hex * 2)[: field.max_length])
        elif isinstance(field, models.DateTimeField):
            setattr(copied, name, timezone.now())
        elif not isinstance(field, TenantForeignKey):
            setattr(copied, field.attname, uuid.uuid4())
    return copied


def unused(model: Model) -> dict[str, Any]:
    """For each unique key to a tenant's row one that the model has not used yet, if there is."""
    keys = [field for field in tenant_keys(model) if field.name in unique_fields(model)]
    taken = {
        field: model.objects.exclude(**{field.name: None}).values(field.name) for field in keys
    }
    rows = {
        field: field.related_model.objects.exclude(pk__in=taken[field]).first() for field in keys
    }
    return {field.attname: row.pk for field, row in rows.items() if row}


def unique_fields(model: Model) -> set[str]:
    """The fields that any unique constraint of the model names."""
    uniques = [
        each for each in model._meta.constraints if isinstance(each, models.UniqueConstraint)
    ]
    named = {name for unique in uniques for name in unique.fields}
    return named.union(*(names(part) for unique in uniques for part in unique.expressions))


def names(expression: Any) -> set[str]:
    """The fields an expression is made of."""
    if isinstance(expression, F):
        return {expression.name}  # type: ignore[attr-defined]
    return set().union(*map(names, expression.get_source_expressions()))


def insert_sql(row: TenantModel) -> tuple[str, list[Any]]:
    fields = row._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    marks = ", ".join(["%s"] * len(fields))
    return f'INSERT INTO "{row._meta.db_table}" ({columns}) VALUES ({marks})', values


def tenant_keys(model: Model) -> list[Any]:
    return [field for field in model._meta.local_fields if isinstance(field, TenantForeignKey)]


def forward(model: Model) -> list[tuple[str, Any]]:
    return [(field.name, field.related_model) for field in tenant_keys(model)]


def backward(model: Model) -> list[tuple[str, Any]]:
    return [
        (str(relation.get_accessor_name()), relation.related_model)
        for relation in model._meta.related_objects
        if isinstance(relation.field, TenantForeignKey) and not relation.hidden
    ]


def follow(row: TenantModel, name: str) -> list[TenantModel]:
    """The rows at the other end of a relation: one, many or none."""
    try:
        found = getattr(row, name)
    except models.ObjectDoesNotExist:
        return []
    if isinstance(found, models.Manager):
        return list(found.all())
    return [found] if found else []
