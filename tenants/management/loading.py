"""What `loaddata --tenant` does with the rows of its fixtures: all of them go in, or none.

A row that is there already stays as it is: it has to be the fixture's, to the last field, for a
ledger is written once. Parents go in before what points at them, in whatever order they come.
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
    bad,
    of_tenants,
    said_by,
)
from tenants.models import Change, Tenant, TenantModel

type Key = tuple[Any, Any]
"""A model, and a row's id."""


def load(rows: Sequence[Row], *, using: str) -> int:
    """Add the rows that are not there yet, in the block that is open; how many they were.

    Ids and times are the fixture's, and so is the history of changes if the fixture has one:
    then what the load itself would add to it is left out. Whatever is raised, leave the block
    by it, and nothing was loaded: NotATenants, FixtureDiffers, BadFixture, ReadOnly.
    """
    new = absent(parents_first(rows), using)
    _require_global_rows(new)
    for row in new:
        _add(row, using)
    if any(isinstance(row.object, Change) for row in new):
        _all(Change, using).forget(tenancy().request_id)
    if new:
        connections[using].check_constraints()  # what is deferred to COMMIT, here
        _require_sound_books()
    return len(new)


def require_tenants_rows(rows: Iterable[Row]) -> None:
    """Raise NotATenants for a row of a global model, BadFixture for a row of another tenant."""
    for row in rows:
        label = row.object._meta.label
        if isinstance(row.object, Tenant):
            raise NotATenants(f"{label} is the tenant itself: `tenant create` makes it")
        if not isinstance(row.object, TenantModel):
            raise NotATenants(f"{label} is no tenant's: load it without --tenant")
        if row.object.tenant_id != current_tenant_id():
            raise bad(f"{label} {row.object.pk} names another tenant")


def parents_first(rows: Iterable[Row]) -> list[Row]:
    """The rows, each after those it points at. Raises BadFixture for one that is there twice."""
    found: dict[Key, Row] = {}
    for row in rows:
        if found.setdefault((type(row.object), row.object.pk), row) is not row:
            raise bad(f"{row.object._meta.label} {row.object.pk} is in the fixture twice")
    graph = {key: [up for up in _parents(row) if up in found] for key, row in found.items()}
    try:
        return [found[key] for key in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise bad(f"rows point at each other: {error.args[1]}") from error


def absent(rows: Iterable[Row], using: str) -> list[Row]:
    """The rows that are not there. Raises FixtureDiffers for one that is there and is another."""
    ids: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        ids[type(row.object)].append(row.object.pk)
    there = {model: _all(model, using).in_store(pks) for model, pks in ids.items()}
    new = []
    for row in rows:
        if (stored := there[type(row.object)].get(row.object.pk)) is None:
            new.append(row)
        elif found := difference(row.object, stored):
            raise FixtureDiffers(f"{found}: nothing was loaded")
    return new


def difference(loaded: models.Model, stored: models.Model) -> str:
    """The first field in which a row differs from the fixture's, in words; '' if there is none."""
    for field in loaded._meta.concrete_fields:
        wanted, found = (getattr(row, field.attname) for row in (loaded, stored))
        if wanted != found and not isinstance(wanted, DatabaseDefault):
            fixtures = f"{field.value_to_string(loaded)!r} in the fixture"
            here = f"{field.value_to_string(stored)!r} here"
            return f"{loaded._meta.label} {loaded.pk}: its {field.name} is {fixtures} and {here}"
    return ""


def _all(model: type[TenantModel], using: str) -> Any:
    """All rows of the tenant, those marked deleted too."""
    return getattr(model, model.base_manager).using(using)


def _parents(row: Row) -> Iterator[Key]:
    for field in row.object._meta.concrete_fields:
        if field.is_relation and field.related_model is not Tenant:
            yield field.related_model, getattr(row.object, field.attname)


def _require_global_rows(rows: Iterable[Row]) -> None:
    """Raise BadFixture for a row that needs one of a global model, as a user, that is not here.

    No foreign key of PostgreSQL leads from a tenant's table to a global one. What may dangle is
    declared DO_NOTHING: the actors of the ledger and of the history.
    """
    found: set[tuple[Any, Any]] = set()
    for row in rows:
        missing: dict[Any, Any] = dict(row.deferred_fields or {})
        for field in row.object._meta.concrete_fields:
            value = getattr(row.object, field.attname)
            if value is not None and _must_exist(field) and (field, value) not in found:
                found.add((field, value))
                try:
                    field.validate(value, row.object)
                except ValidationError:
                    missing[field] = value
        for field, value in missing.items():
            related = field.related_model._meta.label
            raise bad(
                f"{row.object._meta.label} {row.object.pk}: its {field.name} {value} is not here; "
                f"load it before, without --tenant (dumpdata {related})"
            )


def _must_exist(field: "models.Field[Any, Any]") -> bool:
    remote = field.remote_field
    return remote is not None and not of_tenants(remote.model) and _kept(remote.on_delete)


def _kept(on_delete: object) -> bool:
    return on_delete is not models.DO_NOTHING


def _add(row: Row, using: str) -> None:
    try:
        row.save(using=using, force_insert=True)
    except (DatabaseError, ValueError) as error:
        label = f"{row.object._meta.label} {row.object.pk}"
        raise bad(f"could not load {label}: {said_by(error)}") from error


def _require_sound_books() -> None:
    """Raise BadFixture for what an app's own audit finds: see AppConfig.faults_of."""
    [tenant] = Tenant.objects.by_slug()
    asked = [getattr(config, "faults_of", None) for config in apps.get_app_configs()]
    faults = [str(fault) for ask in asked if ask for fault in ask(tenant)]
    if faults:
        more = f" (and {len(faults) - 1} more)" if faults[1:] else ""
        raise bad(f"the audit finds: {faults[0]}{more}")
