"""The managers as a client process calls them: through `run_for` and the public verbs.

The client holds the budgets that it works on, as an application would.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

from django.db import connection

from bench.performance.amounts import AMOUNT, FAR
from bench.performance.measure import Slice, slice_of
from budgets.cascade import Claim
from budgets.managers.bulk import Deposit
from budgets.models import Bucket, Budget, Movement
from tenants.context import run_for
from tenants.models import Tenant

type Pair = tuple[UUID, UUID]
"""A tenant and one of its budgets."""


@dataclass(frozen=True)
class Held:
    """A budget of a tenant, with two of its envelopes (one twice, if there is only one)."""

    tenant: UUID
    budget: Budget
    source: Bucket
    target: Bucket


_held: list[Held] = []


# -- Data -----------------------------------------------------------------------------------------


def found(name: str, *, tenants: int, budgets: int, buckets: int, history: int) -> list[Pair]:
    """Create tenants with budgets and a history of deposits."""
    pairs = []
    for number in range(tenants):
        tenant = new_tenant(f"{name}-{number}")
        for each in range(budgets):
            budget = run_for(tenant, partial(_budget, f"Budget {each}", buckets))
            pairs.append((tenant, budget))
            deposit_all(tenant, [budget] * history)
    return pairs


def new_tenant(slug: str) -> UUID:
    """A tenant without quotas."""
    tenant = Tenant.objects.create_tenant(slug).pk
    run_for(tenant, partial(Tenant.objects.change_plan, "business"))
    return tenant


def _budget(name: str, buckets: int) -> UUID:
    """A budget whose envelopes keep 10 % each; some have a hold or a target that never binds."""
    budget = Budget.objects.create_budget(name, "EUR")
    for number in range(buckets):
        Bucket.objects.create_bucket(
            budget,
            f"Bucket {number}",
            filter=Claim(share=100_000),
            hold=Claim(flat=5) if number % 3 == 2 else None,
            target=FAR if number % 4 == 3 else None,
        )
    return budget.pk


def deposit_all(tenant: UUID, budgets: Iterable[UUID], *, at_once: int = 500) -> None:
    """Make a deposit into each of the budgets, each with a key, so many in one call."""
    deposits = [Deposit(budget, AMOUNT, {"key": uuid4().hex}) for budget in budgets]
    for begin in range(0, len(deposits), at_once):
        some = deposits[begin : begin + at_once]
        run_for(tenant, partial(Movement.objects.deposit_many, some))


def hold(pairs: list[Pair]) -> None:
    """Read the budgets that this process works on from now on."""
    _held[:] = [run_for(pair[0], partial(_read, *pair)) for pair in pairs]


def _read(tenant: UUID, budget_id: UUID) -> Held:
    budget = Budget.objects.get(pk=budget_id)
    first, *others = budget.buckets.envelopes()
    return Held(tenant, budget, first, others[0] if others else first)


def held() -> list[Held]:
    """The budgets that this process works on."""
    return _held


# -- The verbs ------------------------------------------------------------------------------------


def deposit(held: Held) -> object:
    """A deposit with a key, in a block of its own."""
    return run_for(
        held.tenant, lambda: Movement.objects.deposit(held.budget, AMOUNT, key=uuid4().hex)
    )


def transfer(held: Held) -> object:
    """A transfer of a few cents between two envelopes."""
    key = uuid4().hex
    return run_for(
        held.tenant, lambda: Movement.objects.transfer(held.source, held.target, 5, key=key)
    )


def withdraw(held: Held) -> object:
    """A withdrawal of a few cents."""
    return run_for(held.tenant, lambda: Movement.objects.withdraw(held.source, 5, key=uuid4().hex))


VERBS: dict[str, Callable[[Held], object]] = {
    "deposit": deposit,
    "transfer": transfer,
    "withdraw": withdraw,
}


def verb_slice(verb: str, seconds: float) -> Slice:
    """Use the verb on one budget after the other."""
    work = VERBS[verb]
    return slice_of(lambda n: work(_held[n * 7 % len(_held)]), seconds)


def verb_until(verb: str, begin: float, end: float) -> tuple[int, float]:
    """Use the verb from one moment of the clock to another: how often, and until when."""
    work, count = VERBS[verb], 0
    time.sleep(max(0.0, begin - time.time()))
    while count == 0 or time.time() < end:
        work(_held[count % len(_held)])
        count += 1
    return count, time.time()


def payroll_slice(tenant: UUID, budgets: list[UUID], at_once: int) -> Slice:
    """One payroll: the seconds of each deposit."""
    begin = time.perf_counter()
    deposit_all(tenant, budgets, at_once=at_once)
    return [(time.perf_counter() - begin) / len(budgets)] * len(budgets)


def backend_pid() -> int:
    """The process of the server that this process is connected to."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [(pid,)] = cursor.fetchall()
    return int(pid)
