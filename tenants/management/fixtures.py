"""Fixtures of one tenant: the code that `loaddata` and `dumpdata` share.

A dump does not contain the tenant's id, and `loaddata` adds that of the tenant in force. So a dump
of one tenant can be loaded into another.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from lzma import LZMAError
from zipfile import BadZipFile

import psycopg
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.serializers.base import DeserializationError
from django.db import DatabaseError

from tenants.context import acting_for
from tenants.errors import NoTenant, StoreError
from tenants.models import Tenant, TenantModel

_BAD: tuple[type[Exception], ...] = (
    *(CommandError, DatabaseError, DeserializationError, ValidationError, ValueError),
    *(BadZipFile, EOFError, LZMAError),
)


class BadFixture(StoreError):
    """The fixture cannot be loaded or written; nothing was changed."""

    code = "bad_fixture"


class FixtureDiffers(StoreError):
    """A row of the fixture exists already with other values; nothing was loaded."""

    code = "fixture_differs"


class NeedsTenant(StoreError):
    """The rows belong to a tenant: add --tenant SLUG."""

    code = "needs_tenant"


class NotATenants(StoreError):
    """The rows are global: leave out --tenant."""

    code = "not_a_tenants"


@contextmanager
def block_of(slug: str, using: str, request_id: str = "") -> Iterator[None]:
    """The block of the tenant with that slug. Raises UnknownTenant."""
    with acting_for(Tenant.objects.id_of(slug), using=using, request_id=request_id):
        yield


@contextmanager
def without_a_tenant() -> Iterator[None]:
    """A block for global models only. Raises NeedsTenant for a tenant's model."""
    try:
        yield
    except Exception as error:
        if any(isinstance(cause, NoTenant) for cause in _chain(error)):
            raise NeedsTenant("the fixture has rows of a tenant: add --tenant SLUG") from error
        raise


@contextmanager
def refusing_bad_fixtures(*also: type[Exception]) -> Iterator[None]:
    """Translate the errors of an invalid fixture to BadFixture, with one line of text."""
    try:
        yield
    except (*_BAD, *also) as error:
        raise bad_fixture(message_of(error)) from error


def bad_fixture(reason: str) -> BadFixture:
    """The error for a fixture that cannot be loaded."""
    return BadFixture(f"{reason}: nothing was loaded")


def message_of(error: BaseException) -> str:
    """The messages of an error and its causes, in one line.

    The driver's own error is left out: its translation in `tenants.errors` has the message.
    """
    messages: list[str] = []
    for cause in _chain(error):
        if messages and isinstance(cause, psycopg.Error):
            continue
        # A cause often repeats the message of the error, and PostgreSQL adds details below it.
        first = str(cause).partition("\n")[0].strip(" .:;")
        if not any(first in earlier for earlier in messages):
            messages.append(first)
    return "; ".join(messages)


def tenant_models() -> list[type[TenantModel]]:
    """The models that `dumpdata --tenant` dumps: all tenants' models, writable by app or not."""
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
