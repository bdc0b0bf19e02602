"""The invariants of the ledger, asked of what is stored.

`breaks_of(tenant)` needs no block open; each tenant is read in a transaction of its own.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS

from budgets.models import (
    Bucket,
    BucketVersion,
    Budget,
    Entry,
    Movement,
    Schedule,
    ScheduleRun,
    ScheduleVersion,
    Statement,
    StatementLine,
)
from tenants.checks import check_catalog
from tenants.context import acting_for
from tenants.errors import TimedOut, ValueRefused
from tenants.managers.contract import ContractQuerySet
from tenants.models import Change, SoftDeleteModel, Tenant, TenantOwned
from tenants.postgres.grants import granted_to_app
from tenants.schema.fields import TenantForeignKey


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


UNKNOWN_USER = "unknown_user"
"""In the place of an invariant, where rows name a user who is not there."""

UNREADABLE = "unreadable"
"""In the place of an invariant, where a tenant's rows cannot be read."""

KIND = "kind"
"""In the place of an invariant, where the entries of a movement are unlike its kind or amount."""

CURRENCY = "currency"
"""In the place of an invariant, where a row is in another currency than its budget."""

SCHEDULE = "schedule"
"""In the place of an invariant, where a schedule is unlike its versions, runs or deposits."""

STATEMENT = "statement"
"""In the place of an invariant, where a statement is unlike its lines."""

HISTORY = "history"
"""In the place of an invariant, where a row is unlike its changes."""

MISSING_ROW = "missing_row"
"""In the place of an invariant, where rows name rows that are not there."""
PARENT_DELETED = "parent_deleted"
"""In the place of an invariant, for a live row below a deleted one."""

type Rule = tuple[str, Callable[[], Iterable[Any]], str]
"""An invariant, the rows that break it, and what is wrong with them."""

RULES: tuple[Rule, ...] = (
    ("I2", Budget.objects.unbalanced, "holds something else than came in"),
    ("I2", Budget.objects.misstated, "has totals its movements do not have"),
    ("I2", Budget.objects.understated, "has a version below the number of its changes"),
    ("I3", Entry.objects.unchained, "does not follow the entry before it"),
    ("I3", Bucket.objects.balance_mismatch, "does not stand where its entries left it"),
    (
        "I6",
        partial(Movement.objects.unrepeatable, newest=True),
        "is not what its preview would have said",
    ),
    ("I7", Movement.objects.unkeyed, "shares its key or has no fingerprint"),
    ("I7", ScheduleRun.objects.misfiled, "has not the deposit of its due time"),
    ("I7", StatementLine.objects.movement_mismatch, "names a movement that is not its deposit"),
    ("I9", Movement.objects.misreversed, "is no mirror of what it reverses"),
    ("I10", Budget.objects.sequence_gaps, "has movements missing or numbered twice"),
    ("I10", Movement.objects.backdated, "was recorded before the one it follows"),
    (
        "I10",
        Movement.objects.postdated,
        "was recorded at another time than it was written, or in the future",
    ),
    ("I10", Entry.objects.misplaced, "is not where its movement is"),
    ("I11", Bucket.objects.closed_with_activity, "is closed, and yet has money or newer entries"),
    ("I12", Budget.objects.without_one_money_bucket, "has not one money bucket"),
    ("I14", Bucket.objects.rules_mismatch, "has other rules than its newest version"),
    (
        "I14",
        BucketVersion.objects.out_of_order,
        "is numbered out of order, or begins before the version it follows",
    ),
    ("I14", BucketVersion.objects.unexplained, "changes other rules than its verb does"),
    (CURRENCY, Statement.objects.currency_mismatch, "is in another currency than its budget"),
    (SCHEDULE, Schedule.objects.misclocked, "has a next due time that its runs do not have"),
    (SCHEDULE, Schedule.objects.unversioned, "was changed without a version"),
    (SCHEDULE, ScheduleVersion.objects.unexplained, "changes other terms than its verb does"),
    (SCHEDULE, Movement.objects.unscheduled, "is the deposit of a schedule without its run"),
    (
        STATEMENT,
        Statement.objects.miscounted,
        "does not have one line for each incoming line of its file",
    ),
    (
        STATEMENT,
        StatementLine.objects.misundone,
        "is undone in a standing statement, or stands in an undone one",
    ),
)

REPLAY: Rule = (
    "I5",
    partial(Movement.objects.unrepeatable, newest=False),
    "comes out otherwise when it is replayed",
)


def breaks_of(tenant: Tenant, *, replay: bool = False) -> Iterator[Break]:
    """What does not hold in a tenant's ledger: I1-I3, I5-I7, I9-I12, I14, and the named breaks.

    I5 (and with it I13: a bulk deposit is replayed like any other) is asked of the newest
    cascade of each budget, as I6; of every cascade there ever was with `replay`. A tenant that
    cannot be read to its end is a break too, named UNREADABLE, so that others are still audited.
    """
    rules = [*RULES, REPLAY] if replay else RULES
    try:
        with acting_for(tenant):
            yield from _misshapen(tenant.slug)
            for invariant, rows, problem in rules:
                for row in rows():
                    subject = f"{row._meta.verbose_name} {row.pk}"
                    yield Break(invariant, tenant.slug, subject, problem)
            yield from _naming_nobody(tenant.slug)
            yield from _naming_no_row(tenant.slug)
            yield from _unlike_history(tenant.slug)
            yield from _under_deleted(tenant.slug)
    except (ValueRefused, TimedOut) as error:
        problem = f"cannot be read to its end, and may have other breaks: {error}"
        yield Break(UNREADABLE, tenant.slug, f"tenant {tenant.pk}", problem)


def _misshapen(tenant: str) -> Iterator[Break]:
    """The breaks of movements by their entries."""
    for movement in Movement.objects.misshapen():
        subject = f"{movement._meta.verbose_name} {movement.pk}"
        if not movement.adds_up:
            yield Break("I1", tenant, subject, "has entries that do not add up")
        if not movement.suits:
            problem = "has entries that its kind and amount do not have"
            yield Break(KIND, tenant, subject, problem)


def breaks_of_schema() -> Iterator[Break]:
    """What does not hold for every tenant: I4, the ledger is append-only; I8, isolation."""
    for model in (Movement, Entry, BucketVersion, ScheduleRun, ScheduleVersion):
        excess = granted_to_app(model._meta.db_table) - {"SELECT", "INSERT"}
        if excess:
            yield Break("I4", "", model._meta.db_table, f"lets app {', '.join(sorted(excess))}")
    yield from _naming_nobody("")
    for found in check_catalog(None, databases=[DEFAULT_DB_ALIAS]):
        if found.is_serious() and found.id:
            yield Break("I8", "", found.id, found.msg)


def _naming_nobody(tenant: str) -> Iterator[Break]:
    """A break for each column that names users who are not there, of the tenant or of no tenant.

    Such a column has no constraint, so that history outlives people. It is a break all the same:
    nobody can say who did that. A program that acts is a user without a password.
    """
    for column in user_columns(of_tenants=bool(tenant)):
        yield from _dangling(UNKNOWN_USER, tenant, column, "a user who is", "users who are")


def _naming_no_row(tenant: str) -> Iterator[Break]:
    """A break for each foreign key of a tenant's model with ids of rows that are not there.

    PostgreSQL refuses that, unless a superuser has switched its triggers off.
    """
    for model in _tenants_models():
        for field in model._meta.local_fields:
            if isinstance(field, TenantForeignKey):
                yield from _dangling(MISSING_ROW, tenant, field, "a row that is", "rows that are")


def _dangling(code: str, tenant: str, column: Any, one: str, many: str) -> Iterator[Break]:
    """A break for a column that names rows which are not there."""
    if found := ContractQuerySet(column.model).dangling(column.name):
        rows = one if found.ids == 1 else f"{found.ids:,} {many}"
        where = "1 row" if found.rows == 1 else f"{found.rows:,} rows"
        some = ", ".join(map(str, found.examples))
        more = ", ..." if found.ids > len(found.examples) else ""
        problem = f"names {rows} not there, in {where}: {some}{more}"
        subject = f"{column.model._meta.db_table}.{column.column}"
        yield Break(code, tenant, subject, problem)


def _unlike_history(tenant: str) -> Iterator[Break]:
    """A break for each row that differs from its changes, of every model with a history."""
    for model in _tenants_models():
        for pk in Change.objects.mismatches(model):
            subject = f"{model._meta.verbose_name} {pk}"
            yield Break(HISTORY, tenant, subject, "differs from its history of changes")


def _tenants_models() -> list[Any]:
    return [model for model in apps.get_models() if issubclass(model, TenantOwned)]


def _under_deleted(tenant: str) -> Iterator[Break]:
    """Live rows below deleted ones, of any app: from before PostgreSQL refused them."""
    for model in apps.get_models():
        if issubclass(model, SoftDeleteModel):
            for row in model.all_objects.under_deleted():
                subject = f"{model._meta.verbose_name} {row.pk}"
                problem = "is live below a deleted row: restore that row, or delete this one"
                yield Break(PARENT_DELETED, tenant, subject, problem)


def user_columns(*, of_tenants: bool) -> Iterator[Any]:
    """The foreign keys to users that no constraint holds, of tenants' models or of global ones."""
    for model in apps.get_models():
        if issubclass(model, TenantOwned) == of_tenants:
            for field in model._meta.local_fields:
                names_user = field.related_model is get_user_model()
                if names_user and not getattr(field, "db_constraint", True):
                    yield field


def counts() -> dict[str, int]:
    """How much there is to audit of the tenant in force."""
    return {
        "budgets": Budget.objects.count(),
        "movements": Movement.objects.count(),
        "entries": Entry.objects.count(),
    }
