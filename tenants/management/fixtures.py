"""Fixtures inside one tenant: what `loaddata` and `dumpdata` share.

A tenant's rows are dumped without naming the tenant, and loaded into the one that is in force:
so a dump of one tenant can be loaded into another.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from lzma import LZMAError
from zipfile import BadZipFile

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.serializers.base import DeserializationError
from django.db import DatabaseError, models

from tenants.context import acting_for
from tenants.errors import NoTenant, StoreError
from tenants.models import Tenant, TenantModel, TenantOwned

_BAD: tuple[type[Exception], ...] = (
    *(CommandError, DatabaseError, DeserializationError, ValidationError, ValueError),
    *(BadZipFile, EOFError, LZMAError),
)


class BadFixture(StoreError):
    """The fixture cannot be loaded, or not be made; nothing was."""

    code = "bad_fixture"


class FixtureDiffers(StoreError):
    """A row of the fixture is there already, and is another one there; nothing was loaded."""

    code = "fixture_differs"


class NeedsTenant(StoreError):
    """That is a tenant's: say --tenant SLUG."""

    code = "needs_tenant"


class NotATenants(StoreError):
    """That is global: leave out --tenant."""

    code = "not_a_tenants"


@contextmanager
def block_of(slug: str, using: str, request_id: str = "") -> Iterator[None]:
    """The tenant's block. Raises UnknownTenant."""
    with acting_for(Tenant.objects.id_of(slug), using=using, request_id=request_id):
        yield


@contextmanager
def without_a_tenant() -> Iterator[None]:
    """For global models alone. Raises NeedsTenant where others are met."""
    try:
        yield
    except Exception as error:
        if _caused_by(error, NoTenant):
            raise NeedsTenant("it holds rows of a tenant: say --tenant SLUG") from error
        raise


@contextmanager
def refusing_bad_fixtures(*also: type[Exception]) -> Iterator[None]:
    """What is wrong with a fixture, in one line."""
    try:
        yield
    except (*_BAD, *also) as error:
        raise bad(said_by(error)) from error


def bad(reason: str) -> BadFixture:
    """The refusal of a fixture that was to be loaded."""
    return BadFixture(f"{reason}: nothing was loaded")


def said_by(error: BaseException) -> str:
    """What an error and its causes say, in one line."""
    said: list[str] = []
    for cause in _chain(error):
        # A cause often repeats what it caused, and PostgreSQL tells more on further lines.
        first = str(cause).partition("\n")[0].strip(" .:;")
        if not any(first in earlier for earlier in said):
            said.append(first)
    return "; ".join(said)


def tenants_models() -> list[type[TenantModel]]:
    """The models that `dumpdata --tenant` dumps: every tenant's, whatever role app may write."""
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


def of_tenants(model: type[models.Model]) -> bool:
    """Whether its rows belong to tenants, the tenants themselves included."""
    return issubclass(model, TenantOwned)


def _caused_by(error: BaseException, kind: type[BaseException]) -> bool:
    return any(isinstance(cause, kind) for cause in _chain(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
