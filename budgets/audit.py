"""The invariants of the ledger, asked of what is stored.

`breaks_of(tenant)` needs no block open; each tenant is read in a transaction of its own.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from budgets.models import (
    Bucket,
    BucketVersion,
    Budget,
    Entry,
    Movement,
    ScheduleRun,
    StatementLine,
)
from tenants.checks import check_catalog
from tenants.context import acting_for
from tenants.errors import TimedOut, ValueRefused
from tenants.models import Tenant
from tenants.postgres.grants import granted_to_app


@dataclass(frozen=True, slots=True)
class Break:
    """An invariant that does not hold: which, for whom, where, and what is wrong."""

    invariant: str
    tenant: str
    subject: str
    problem: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.tenant or 'database'}: {self.subject} {self.problem}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


UNREADABLE = "unreadable"
"""In the place of an invariant, where a tenant's rows cannot be read."""

type Rule = tuple[str, Callable[[], Iterable[Any]], str]
"""An invariant, the rows that break it, and what is wrong with them."""

RULES: tuple[Rule, ...] = (
    ("I1", lambda: Movement.objects.unbalanced(), "has entries that do not add up"),
    ("I2", lambda: Budget.objects.unbalanced(), "holds something else than came in"),
    ("I2", lambda: Budget.objects.miscounted(), "has totals its movements do not have"),
    ("I3", lambda: Entry.objects.unchained(), "does not follow the entry before it"),
    ("I3", lambda: Bucket.objects.adrift(), "does not stand where its entries left it"),
    (
        "I6",
        lambda: Movement.objects.unrepeatable(newest=True),
        "is not what its preview would have said",
    ),
    ("I7", lambda: Movement.objects.unkeyed(), "shares its key or has no fingerprint"),
    ("I7", lambda: ScheduleRun.objects.misfiled(), "has not the deposit of its due time"),
    ("I7", lambda: StatementLine.objects.astray(), "names a movement that is not its deposit"),
    ("I9", lambda: Movement.objects.misreversed(), "is no mirror of what it reverses"),
    ("I10", lambda: Budget.objects.gapped(), "has movements missing or numbered twice"),
    ("I10", lambda: Movement.objects.backdated(), "was recorded before the one it follows"),
    ("I10", lambda: Entry.objects.misplaced(), "is not where its movement is"),
    ("I11", lambda: Bucket.objects.haunted(), "is closed, and yet has money or newer entries"),
    ("I12", lambda: Budget.objects.without_one_money_bucket(), "has not one money bucket"),
)

REPLAY: Rule = (
    "I5",
    lambda: Movement.objects.unrepeatable(newest=False),
    "comes out otherwise when it is replayed",
)


def breaks_of(tenant: Tenant, *, replay: bool = False) -> Iterator[Break]:
    """What does not hold in a tenant's ledger: I1-I3, I5-I7, I9-I12.

    I5 (and with it I13: a bulk deposit is replayed like any other) is asked of the newest
    cascade of each budget, as I6; of every cascade there ever was with `replay`. A tenant that
    cannot be read to its end is a break too, named UNREADABLE, so that others are still audited.
    """
    rules = [*RULES, REPLAY] if replay else RULES
    try:
        with acting_for(tenant):
            for invariant, rows, problem in rules:
                for row in rows():
                    subject = f"{row._meta.verbose_name} {row.pk}"
                    yield Break(invariant, tenant.slug, subject, problem)
    except (ValueRefused, TimedOut) as error:
        problem = f"cannot be read to its end, and may have other breaks: {error}"
        yield Break(UNREADABLE, tenant.slug, f"tenant {tenant.pk}", problem)


def breaks_of_schema() -> Iterator[Break]:
    """What does not hold for every tenant: I4, the ledger is append-only; I8, isolation."""
    for model in (Movement, Entry, BucketVersion, ScheduleRun):
        excess = granted_to_app(model._meta.db_table) - {"SELECT", "INSERT", "MAINTAIN"}
        if excess:
            yield Break("I4", "", model._meta.db_table, f"lets app {', '.join(sorted(excess))}")
    for found in check_catalog(None, databases=[DEFAULT_DB_ALIAS]):
        if found.is_serious() and found.id:
            yield Break("I8", "", found.id, found.msg)


def counts() -> dict[str, int]:
    """How much there is to audit of the tenant in force."""
    return {
        "budgets": Budget.objects.count(),
        "movements": Movement.objects.count(),
        "entries": Entry.objects.count(),
    }
