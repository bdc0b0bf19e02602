"""A browser for tests of the admin, and the statements that its requests run."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any, NamedTuple, cast

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from tenants.context import acting_for
from tenants.models import (
    GlobalChange,
    LoginFailure,
    Membership,
    SystemSettings,
    Tenant,
    TenantExternalId,
    TenantModel,
    TenantSlug,
    User,
    UserSession,
)
from tests.factories import UserFactory
from tests.rows import Side

type Model = type[models.Model]

OURS = [
    model
    for app in ("tenants", "budgets")
    for model in apps.get_app_config(app).get_models()
    if model is not SystemSettings  # it has a single row for all tenants
]
OWNED = [model for model in OURS if issubclass(model, TenantModel)]

UNCOLLECTED = pytest.mark.filterwarnings("ignore:No directory at:UserWarning")
"""A mark for tests that use a browser: it ignores the warning about collectstatic."""


class Statement(NamedTuple):
    """A statement, the role that ran it, and whether its transaction could write."""

    sql: str
    role: str
    read_only: bool


@contextmanager
def captured_statements() -> Iterator[list[Statement]]:
    """Collect the statements of the block."""
    seen: list[Statement] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        driver = context["connection"].connection
        row = driver.execute("SELECT current_user, current_setting('transaction_read_only')")
        role, read_only = row.fetchone()
        seen.append(Statement(sql, role, read_only == "on"))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def browser(user: User) -> Client:
    """A browser in which the user is logged in."""
    client = Client()
    client.force_login(user)
    return client


def staff(*models: Model) -> User:
    """A member of staff who may view rows of these models."""
    user = cast(User, UserFactory(is_staff=True))
    named = [f"view_{model._meta.model_name}" for model in models]
    user.user_permissions.set(Permission.objects.filter(codename__in=named))
    return user


def row_of(model: Model, side: Side):
    """A row of the model, of the tenant or of its member."""
    if issubclass(model, TenantModel):
        return side.rows[model]
    user = cast(Membership, side.rows[Membership]).user
    others: dict[Model, Callable[[], Any]] = {
        User: lambda: user,
        UserSession: lambda: session_of(user),
        LoginFailure: lambda: LoginFailure.objects.get_or_create(email=user.email)[0],
        Tenant: lambda: side.tenant,
        TenantSlug: lambda: TenantSlug(slug=side.tenant.slug, holder=side.tenant.pk),
        TenantExternalId: lambda: identified(side.tenant),
        GlobalChange: lambda: GlobalChange.objects.of(User, side.rows[Membership].user_id).get(),
    }
    return others[model]()


def identified(tenant: Tenant) -> TenantExternalId:
    """The external id of the tenant."""
    with acting_for(tenant):
        Tenant.objects.set_external_id(str(tenant.pk))
        return TenantExternalId.objects.get(holder=tenant.pk)


def session_of(user: User) -> UserSession:
    """The session of the user; logs in if there is no session."""
    if not user.sessions.exists():
        browser(user)
    return user.sessions.get()


def list_of(model: Model) -> str:
    """The address of a model's list."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_of(row: models.Model, page: str = "change") -> str:
    """The address of a row's page, or of its `history` or `delete`."""
    named = f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}"
    return reverse(named, args=[row.pk])


def read(client: Client, address: str, **query: str) -> str:
    """The HTML of an existing page."""
    answer = client.get(address, query)
    assert answer.status_code == 200, (address, query, answer.status_code, answer.headers)
    return answer.content.decode()


def count(client: Client, address: str) -> int:
    """The number of statements of a page with warm caches."""
    read(client, address)
    with captured_statements() as statements:
        read(client, address)
    return len(statements)


def links(html: str, start: str) -> list[str]:
    """The distinct addresses of the page's links that begin with `start`."""
    found = re.findall(r'href="([^"]*)"', html)
    return list(dict.fromkeys(unescape(link) for link in found if link.startswith(start)))


def text(html: str) -> str:
    """The text of the page with single spaces."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", html)).replace("\xa0", " ").split())
