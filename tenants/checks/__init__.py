"""System checks: the isolation that the models promise is the one that PostgreSQL has.

tenants.E001-E005  a model that is not isolated, as far as Python can tell
tenants.E006-E007  a model whose rows cannot be deleted softly, and purged, as it declares
tenants.E008       a unique that does not begin with the tenant
tenants.E009       a column of moments without the CHECK that Python can read them
tenants.E010-E016  a fault in the catalog (`manage.py check --database default`)
tenants.W017       a search that an app left behind which is not installed
tenants.E018       a column of moments that the catalog lets have what Python cannot read
tenants.E019       a model that does not say when its rows were made and changed
tenants.E020-E021  the catalog lacks what a model declares, or allows what none does
tenants.E030       a listing names what the model does not have
tenants.E031       a filter or a sort that no index serves under row security
tenants.E032       a sort by several fields of which one may be NULL
tenants.E033       a filter or a sort without its index
tenants.E034       the catalog lacks the index of a listing
tenants.E040       a time zone in use that PostgreSQL and Python do not have alike
tenants.W041       the time zones in use cannot be read
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Tags, register
from django.db.backends.utils import CursorWrapper

from tenants.checks.catalog import Catalog
from tenants.checks.declared import differences
from tenants.checks.faults import FAULTS
from tenants.checks.listings import lacking
from tenants.checks.models import faults_of
from tenants.checks.zones import zone_faults
from tenants.postgres.block import asked


@register(Tags.models)
def check_models(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Whether each tenant's model is what TenantModel makes of it."""
    chosen = app_configs or apps.get_app_configs()
    return [fault for app in chosen for model in app.get_models() for fault in faults_of(model)]


@register(Tags.database)
def check_catalog(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Whether PostgreSQL isolates tenants, in each database that is used as role app."""
    errors: list[CheckMessage] = []
    for cursor in _cursors(databases):
        catalog = Catalog(cursor)
        errors += [error for fault in FAULTS for error in fault.found(catalog)]
        errors += [*differences(catalog), *lacking(catalog)]
    return errors


@register(Tags.database)
def check_clocks(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Whether PostgreSQL has the time zones in use as Python has them."""
    return [fault for cursor in _cursors(databases) for fault in zone_faults(cursor)]


def _cursors(databases: Sequence[str] | None) -> Iterator[CursorWrapper]:
    """One for each database that is used as role app."""
    for alias in databases or ():
        with asked(alias) as cursor:
            if cursor.db.settings_dict.get("ROLE") != "owner":
                # `migrate` logs in so, on its way to a schema that passes
                yield cursor
