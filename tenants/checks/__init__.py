"""System checks: PostgreSQL isolates tenants as the models declare.

tenants.E001-E005  a model is not isolated, by its Python code
tenants.E006-E007  rows of a model cannot be soft-deleted or purged as it declares
tenants.E008       a unique constraint does not begin with the tenant
tenants.E009       a column of times lacks the CHECK that Python can read its values
tenants.E010-E016  a fault in the catalog (`manage.py check --database default`)
tenants.W017       a function of an app that is not installed is left in the database
tenants.E018       the catalog allows times in a column that Python cannot read
tenants.E019       rows of a model lack the times of their creation and last change
tenants.E020-E021  the catalog lacks a declared object, or has an undeclared grant or policy
tenants.E022       a model with verbs does not declare its plain writes
tenants.E023       a role has two policies on one table
tenants.E024       row security binds the owner
tenants.W025       a session can reach the sessions of other tenants (`check --deploy`)
tenants.E026       role app may lock a table
tenants.W027       an extension is in the schema public
tenants.E028       a field does not declare whether it is secret
tenants.E030       a listing names a field or a search that does not exist
tenants.E031       no index can serve a filter or a sort under row security
tenants.E032       a sort has several fields, and one of them may be NULL
tenants.E033       a filter or a sort has no index
tenants.E034       the catalog lacks the index of a listing
tenants.E040       PostgreSQL and Python differ in a time zone that is in use
tenants.W041       the time zones in use cannot be read
"""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Tags, register
from django.db.backends.utils import CursorWrapper

from tenants.checks.catalog import Catalog
from tenants.checks.drift import differences
from tenants.checks.faults import FAULTS, NEIGHBOURS
from tenants.checks.isolation import faults_of
from tenants.checks.listings import missing_indexes
from tenants.checks.zones import zone_faults
from tenants.postgres.block import catalog_cursor
from tenants.postgres.roles import any_role


@register(Tags.models)
def check_models(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Check the models of the apps."""
    chosen = app_configs or apps.get_app_configs()
    return [fault for app in chosen for model in app.get_models() for fault in faults_of(model)]


@register(Tags.database)
def check_catalog(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Check the isolation of tenants in each database that is used as role app."""
    errors: list[CheckMessage] = []
    for cursor in _cursors(databases):
        catalog = Catalog(cursor)
        errors += [error for fault in FAULTS for error in fault.messages(catalog)]
        errors += [*differences(catalog), *missing_indexes(catalog)]
    return errors


@register(Tags.database, deploy=True)
def check_neighbours(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Warn if a session of role app can read the statements of another session, or end it."""
    return [
        fault for cursor in _cursors(databases) for fault in NEIGHBOURS.messages(Catalog(cursor))
    ]


@register(Tags.database)
def check_clocks(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Compare the time zones in use between PostgreSQL and Python."""
    return [fault for cursor in _cursors(databases) for fault in zone_faults(cursor)]


def _cursors(databases: Sequence[str] | None) -> Iterator[CursorWrapper]:
    """A cursor for each database that is used as role app."""
    for alias in databases or ():
        with any_role(), catalog_cursor(alias) as cursor:
            if cursor.db.settings_dict.get("ROLE") != "owner":
                # `migrate` logs in as owner, before the schema is complete
                yield cursor
