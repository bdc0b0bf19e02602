"""What another session of role app can read of a working one: statements without values.

Where a superuser has run database.sql, it can read none; see test_database_roles. The tests'
databases are like those of a managed server, where owner has run it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from budgets.cascade import Claim
from budgets.managers.bulk import Deposit
from budgets.models import Bucket, Budget, Entry, Movement, Schedule
from tenants.context import acting_for
from tenants.models import Invitation, Membership, Tenant, TenantSettings
from tests.budgets.paydays import daily
from tests.factories import MembershipFactory, TenantFactory, UserFactory
from tests.tenants.schema import logged_in

NUMBERED = r'"(s\d+_x\d+|_django_curs_\w+)"'
"""Django numbers its savepoints and cursors."""


@pytest.fixture
def neighbour(committed: None) -> Iterator[psycopg.Connection]:
    """Another session of role app."""
    params = connection.get_connection_params()
    for name in ("context", "cursor_factory", "prepare_threshold"):
        del params[name]
    with psycopg.connect(**params, autocommit=True) as session:
        yield session


@contextmanager
def overheard(neighbour: psycopg.Connection) -> Iterator[list[str]]:
    """What the neighbour reads of this session after each of its statements."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [(pid,)] = cursor.fetchall()
    texts: list[str] = []

    def listen(execute: Any, *args: Any) -> Any:
        try:
            return execute(*args)
        finally:
            query = "SELECT query FROM pg_stat_activity WHERE pid = %s"
            texts.extend(text for (text,) in neighbour.execute(query, [pid]))

    with connection.execute_wrapper(listen):
        yield texts


def day_of(tenant: Tenant, amount: int, name: str) -> None:
    """What a tenant does, with values that are its own."""
    member = MembershipFactory(role="owner", user=UserFactory(first_name=name))
    budget = Budget.objects.create_budget(name, "EUR", owner=member)
    rent = Bucket.objects.create_bucket(
        budget, f"{name} 2", filter=Claim(flat=amount), target=amount
    )
    movement = Movement.objects.deposit(budget, 3 * amount, key=name, memo=name)
    Movement.objects.deposit_many([Deposit(budget.pk, amount, {"key": f"{name} again"})])
    Movement.objects.withdraw(rent, amount // 2, key=f"{name} less", metadata={"why": name})
    Movement.objects.transfer(budget.buckets.money(), rent, amount // 3)
    Bucket.objects.set_target(rent, 2 * amount)
    yesterday = timezone.now().replace(tzinfo=None, microsecond=0) - timedelta(hours=30)
    schedule = daily(budget, amount=amount, starts=yesterday)
    Schedule.objects.run_due(schedule, timezone.now())
    Budget.objects.rename(budget, f"{name} 3")
    Budget.objects.dashboard(budget)
    Budget.objects.balances_at(budget, seq=movement.seq)
    Budget.objects.balances_at(budget, effective=movement.effective_at)
    list(Budget.objects.listed({"search": name}))
    list(Entry.objects.page({"budget": budget.pk, "amount": amount}).rows)
    list(Entry.objects.filter(amount__in=[amount, 1]).iterator(chunk_size=1))
    Budget.objects.filter(pk=budget.pk).update(name=f"{name} 4")
    TenantSettings.objects.change(locale="de")
    Invitation.objects.invite(f"{amount}@example.com", "viewer")
    Membership.objects.join(UserFactory(email=f"{name}.{tenant.slug}@example.com"), "viewer")
    Tenant.objects.set_external_id(f"{name}:{tenant.slug}")
    Tenant.objects.id_of(tenant.slug)


def texts_of(neighbour: psycopg.Connection, amount: int, name: str) -> tuple[set[str], list[str]]:
    """The distinct texts of a tenant's day, and the values that are its own."""
    tenant = TenantFactory()
    with overheard(neighbour) as texts:
        with acting_for(tenant, actor=UserFactory(), request_id=f"{name} asked"):
            day_of(tenant, amount, name)
        with acting_for(tenant, role="viewer"):
            assert Budget.objects.get_by_name(f"{name} 4").buckets.count() == 2
    texts = [re.sub(NUMBERED, "a_name", text) for text in texts]
    return {*texts}, [name, str(amount), tenant.pk.hex, tenant.slug]


@contextmanager
def binding(*, on_the_server: bool) -> Iterator[None]:
    """A connection that sends values beside its statements, or in them."""
    options = {**connection.settings_dict["OPTIONS"], "server_side_binding": on_the_server}
    options.pop("pool")
    with logged_in(OPTIONS=options):
        yield


def test_another_session_reads_the_same_statements_of_every_tenant(neighbour):
    with binding(on_the_server=True):
        texts_of(neighbour, 111_11, "warm")

        first, of_first = texts_of(neighbour, 76_543_21, "numbered")
        second, of_second = texts_of(neighbour, 65_432_17, "anonymous")

    assert len(first) > 40
    assert any("enter_tenant($1" in text for text in first)
    assert any("UPDATE budgets_bucket" in text for text in first)
    assert first == second
    assert [value for value in of_first + of_second for text in first if value in text] == []


def test_it_would_read_the_values_of_statements_that_the_client_completes(neighbour):
    with binding(on_the_server=False):
        texts, own = texts_of(neighbour, 76_543_21, "numbered")

    read = "\n".join(texts)  # of each statement the first kilobyte
    assert [value for value in own if value not in read] == []
