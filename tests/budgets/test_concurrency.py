"""Many at once: a budget's lock lets one in at a time, and nobody else waits."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, connections

from budgets.cascade import Claim
from budgets.errors import KeyReused
from budgets.jobs import audit
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for, run_for
from tenants.models import Tenant
from tests.factories import BucketFactory, BudgetFactory

SOON = 10.0
"""Seconds within which everything here happens, or a test fails."""

THREADS = 20


@pytest.fixture
def threads() -> Iterator[Callable[..., Future]]:
    """Begin a call in a thread that gives its connection back when it ends."""

    def called[T](work: Callable[..., T], *args: object) -> T:
        try:
            return work(*args)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        yield lambda work, *args: pool.submit(called, work, *args)


@pytest.fixture
def budget(tenant: Tenant) -> Budget:
    """A budget of the tenant; no block is open."""
    with acting_for(tenant):
        return BudgetFactory()


def deposit(tenant: Tenant, budget: Budget, amount: int, key: str | None = None) -> Movement:
    def work() -> Movement:
        return Movement.objects.deposit(Budget.objects.get(pk=budget.pk), amount, key=key)

    return run_for(tenant, work)


class Held:
    """A budget that another thread has locked, and keeps so until it is told."""

    def __init__(self) -> None:
        self.locked, self.release = threading.Event(), threading.Event()

    def keep(self, tenant: Tenant, budget: Budget, amount: int) -> None:
        """Deposit, and commit only when told."""
        with acting_for(tenant):
            Movement.objects.deposit(Budget.objects.get(pk=budget.pk), amount)
            self.locked.set()
            assert self.release.wait(SOON)


@pytest.fixture
def held(threads):
    """Hold a budget's lock, with a deposit that is not committed, for the time of a block."""

    @contextmanager
    def held(tenant: Tenant, budget: Budget, amount: int) -> Iterator[Future]:
        holder = Held()
        holding = threads(holder.keep, tenant, budget, amount)
        try:
            assert holder.locked.wait(SOON)
            yield holding
            assert not holding.done()
        finally:
            holder.release.set()
            holding.result(SOON)

    return held


def until(true: Callable[[], bool]) -> None:
    """Wait for something to come true. Fails when it does not come soon."""
    end = time.monotonic() + SOON
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def somebody_waits() -> bool:
    """Whether any connection to this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone() != (0,))


class TestTwentyAtOnce:
    """Each of twenty threads deposits five times; the second ten repeat the first ten's keys."""

    ROUNDS = 5

    @pytest.fixture
    def answers(self, tenant, budget, threads) -> list[list[Movement]]:
        """What each thread got, in its order."""
        with acting_for(tenant):
            BucketFactory(budget=budget, name="Flat", filter=Claim(flat=7))
            BucketFactory(budget=budget, name="Fills", filter=Claim(share=333_333), target=1_000)
        barrier = threading.Barrier(THREADS)

        def work(thread: int) -> list[Movement]:
            barrier.wait(SOON)
            keys = [(thread % 10, nth) for nth in range(self.ROUNDS)]
            return [deposit(tenant, budget, 100 + 10 * i + j, f"{i}-{j}") for i, j in keys]

        return [each.result(60) for each in [threads(work, n) for n in range(THREADS)]]

    def test_each_key_moved_money_once(self, answers, tenant):
        assert answers[:10] == answers[10:]
        assert len({movement.pk for thread in answers for movement in thread}) == 50
        with acting_for(tenant):
            assert Movement.objects.count() == 50

    def test_balances_and_sequence_are_exact(self, answers, tenant, budget):
        total = sum(100 + 10 * i + j for i in range(10) for j in range(self.ROUNDS))

        with acting_for(tenant):
            budget.refresh_from_db()
            balances = dict(budget.buckets.values_list("name", "balance"))
            sequence = list(budget.movements.order_by("seq").values_list("seq", flat=True))

        assert balances == {"Flat": 350, "Fills": 1_000, "Money": total - 1_350}
        assert (budget.deposited, budget.last_movement_seq) == (total, 50)
        assert sequence == list(range(1, 51))

    def test_the_audit_finds_nothing(self, answers, tenant):
        assert list(audit.breaks_of(tenant)) == []


def test_one_key_for_different_requests_at_once_is_granted_to_one(tenant, budget, threads):
    barrier = threading.Barrier(THREADS)

    def work(amount: int) -> int:
        barrier.wait(SOON)
        return deposit(tenant, budget, amount, "the same").amount

    attempts = [threads(work, amount) for amount in range(1, THREADS + 1)]

    errors = [error for each in attempts if (error := each.exception(SOON))]
    assert [type(error) for error in errors] == [KeyReused] * (THREADS - 1)
    [granted] = [each.result() for each in attempts if not each.exception()]
    with acting_for(tenant):
        assert Movement.objects.get().amount == granted


def test_a_second_deposit_waits_and_then_finds_the_balance_of_the_first(
    tenant, budget, threads, held
):
    with held(tenant, budget, 100):
        second = threads(deposit, tenant, budget, 7)
        until(somebody_waits)
        assert not second.done()

    movement = second.result(SOON)
    with acting_for(tenant):
        entry = movement.entries.get()
        assert (movement.seq, entry.balance_before, entry.balance_after) == (2, 100, 107)


def test_a_change_of_rules_waits_and_governs_what_comes_after(tenant, budget, threads, held):
    with acting_for(tenant):
        bucket = BucketFactory(budget=budget, filter=Claim(flat=1))

    def lock() -> Bucket:
        return run_for(tenant, lambda: Bucket.objects.lock(Bucket.objects.get(pk=bucket.pk)))

    with held(tenant, budget, 100):
        locking = threads(lock)
        until(somebody_waits)

    locking.result(SOON)
    with acting_for(tenant):
        assert bucket.versions.get(version=2).from_seq == 2


def test_two_tenants_do_not_wait_for_each_other(tenant, other, budget, held):
    with acting_for(other):
        theirs = BudgetFactory()

    with held(tenant, budget, 100):
        movement = deposit(other, theirs, 7)

    assert movement.seq == 1


def test_two_budgets_of_a_tenant_do_not_wait_for_each_other(tenant, budget, held):
    with acting_for(tenant):
        another = BudgetFactory()

    with held(tenant, budget, 100):
        movement = deposit(tenant, another, 7)

    assert movement.seq == 1


def test_reading_does_not_wait(tenant, budget, held):
    with held(tenant, budget, 100), acting_for(tenant):
        preview = Movement.objects.preview(Budget.objects.get(pk=budget.pk), 7)

    assert preview.money.balance == 0
