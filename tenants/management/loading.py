"""The load of a tenant's fixture by `loaddata --tenant`: all rows are inserted, or none.

An existing row must equal the fixture's row in every field, because the ledger is append-only.
Parents are inserted before their children, whatever the order of the fixture.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.serializers.base import DeserializedObject as Row
from django.db import DatabaseError, connections, models
from django.db.models.expressions import DatabaseDefault

from tenants.context import current_tenant_id, tenancy
from tenants.management.fixtures import (
    FixtureDiffers,
    NotATenants,
    bad_fixture,
    message_of,
)
from tenants.models import Change, Tenant, TenantModel, TenantOwned
from tenants.schema.fields import left_out
from tenants.schema.live_parents import LiveParent

type RowKey = tuple[Any, Any]
"""A model and the id of a row."""


def load(rows: Sequence[Row], *, using: str) -> list[Row]:
    """Insert the missing rows in the open block, and return them.

    Ids and times are those of the fixture. If the fixture has a history of changes, that history is
    loaded, and the changes that the load itself records are deleted. Raises NotATenants,
    FixtureDiffers, BadFixture or ReadOnly; the caller must let the error leave the block, so that
    nothing is loaded.
    """
    new = missing_rows(parents_first(rows), using)
    _require_global_rows(new)
    for row in new:
        _add(row, using)
    if any(isinstance(row.object, Change) for row in new):
        _all(Change, using).forget(tenancy().request_id)
    if new:
        connections[using].check_constraints()  # the deferred ones now, not at COMMIT
        _require_sound_books()
    return new


def needs_owner(rows: Sequence[Row]) -> bool:
    """Whether rows stayed when what they point at was deleted: role app may not insert these."""
    deleted = {
        (type(row.object), row.object.pk)
        for row in rows
        if getattr(row.object, "deleted_at", None) is not None
    }
    return any(
        parent in deleted
        for row in rows
        if (type(row.object), row.object.pk) not in deleted
        for parent in _required_parents(row)
    )


def _required_parents(row: Row) -> Iterator[RowKey]:
    """What the row points at where PostgreSQL wants a live row."""
    for rule in row.object._meta.constraints:
        if isinstance(rule, LiveParent):
            field: Any = row.object._meta.get_field(rule.field)
            yield field.related_model, getattr(row.object, field.attname)


def require_tenants_rows(rows: Iterable[Row]) -> None:
    """Raise NotATenants for a row of a global model, BadFixture for a row of another tenant."""
    for row in rows:
        label = row.object._meta.label
        if isinstance(row.object, Tenant):
            raise NotATenants(f"{label} is the tenant itself: create it by `tenant create`")
        if not isinstance(row.object, TenantModel):
            raise NotATenants(f"{label} is a global model: load it without --tenant")
        if row.object.tenant_id != current_tenant_id():
            raise bad_fixture(f"{label} {row.object.pk} belongs to another tenant")


def parents_first(rows: Iterable[Row]) -> list[Row]:
    """The rows, each after its parents. Raises BadFixture for a duplicate or a cycle."""
    by_key: dict[RowKey, Row] = {}
    for row in rows:
        if by_key.setdefault((type(row.object), row.object.pk), row) is not row:
            raise bad_fixture(f"{row.object._meta.label} {row.object.pk} is in the fixture twice")
    graph = {key: [up for up in _parents(row) if up in by_key] for key, row in by_key.items()}
    try:
        return [by_key[key] for key in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        cycle = " -> ".join(f"{model._meta.label} {pk}" for model, pk in error.args[1])
        raise bad_fixture(f"rows reference each other in a cycle: {cycle}") from error


def missing_rows(rows: Iterable[Row], using: str) -> list[Row]:
    """The rows that do not exist yet. Raises FixtureDiffers for a row with other values."""
    ids: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        ids[type(row.object)].append(row.object.pk)
    existing = {model: _all(model, using).in_store(pks) for model, pks in ids.items()}
    new = []
    for row in rows:
        if (stored := existing[type(row.object)].get(row.object.pk)) is None:
            new.append(row)
        elif text := difference(row.object, stored):
            raise FixtureDiffers(f"{text}: nothing was loaded")
    return new


def difference(loaded: models.Model, stored: models.Model) -> str:
    """The first field in which a row differs from the fixture's, in words; '' if they are equal.

    A secret that the dump left out is no difference.
    """
    without = left_out(type(loaded))
    for field in loaded._meta.concrete_fields:
        theirs, ours = (getattr(row, field.attname) for row in (loaded, stored))
        if theirs is None and field.name in without:
            continue
        if theirs != ours and not isinstance(theirs, DatabaseDefault):
            fixtures = f"{field.value_to_string(loaded)!r} in the fixture"
            here = f"{field.value_to_string(stored)!r} here"
            return f"{loaded._meta.label} {loaded.pk}: its {field.name} is {fixtures} and {here}"
    return ""


def _all(model: type[TenantModel], using: str) -> Any:
    """All rows of the tenant, including soft-deleted ones."""
    return getattr(model, model.base_manager).using(using)


def _parents(row: Row) -> Iterator[RowKey]:
    for field in row.object._meta.concrete_fields:
        if field.is_relation and field.related_model is not Tenant:
            yield field.related_model, getattr(row.object, field.attname)


def _require_global_rows(rows: Iterable[Row]) -> None:
    """Raise BadFixture for a row that references a missing row of a global model, such as a user.

    PostgreSQL has no foreign keys from tenants' tables to global ones. References that may dangle,
    the actors of the ledger and of the history, are declared DO_NOTHING.
    """
    checked: set[tuple[Any, Any]] = set()
    for row in rows:
        missing: dict[Any, Any] = dict(row.deferred_fields or {})
        for field in row.object._meta.concrete_fields:
            value = getattr(row.object, field.attname)
            if value is not None and _must_exist(field) and (field, value) not in checked:
                checked.add((field, value))
                try:
                    field.validate(value, row.object)
                except ValidationError:
                    missing[field] = value
        for field, value in missing.items():
            related = field.related_model._meta.label
            raise bad_fixture(
                f"{row.object._meta.label} {row.object.pk}: its {field.name} {value} does not "
                f"exist here; load it first, without --tenant (dumpdata {related})"
            )


def _must_exist(field: "models.Field[Any, Any]") -> bool:
    remote = field.remote_field
    return (
        remote is not None
        and not issubclass(remote.model, TenantOwned)
        and remote.on_delete is not models.DO_NOTHING
    )


def _add(row: Row, using: str) -> None:
    try:
        row.save(using=using, force_insert=True)
    except (DatabaseError, ValueError) as error:
        label = f"{row.object._meta.label} {row.object.pk}"
        raise bad_fixture(f"could not load {label}: {message_of(error)}") from error


def _require_sound_books() -> None:
    """Raise BadFixture for a fault in an app's audit: the method `faults_of` of its AppConfig."""
    [tenant] = Tenant.objects.by_slug()
    audits = [getattr(config, "faults_of", None) for config in apps.get_app_configs()]
    faults = [str(fault) for audit in audits if audit for fault in audit(tenant)]
    if faults:
        more = f" (and {len(faults) - 1} more)" if faults[1:] else ""
        raise bad_fixture(f"the audit found: {faults[0]}{more}")
