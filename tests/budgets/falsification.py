"""A ledger with a row of every kind, and the attempts to falsify it by SQL.

Each attempt changes one column of one row, or deletes one row, as one of `ROLES`, and is undone.
Its result is refused, named (by the codes of the audit), recorded (in the history of changes) or
silent.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from budgets.cascade import Claim
from budgets.jobs import audit
from budgets.jobs.imports import Choices, import_file
from budgets.managers.dispositions import Disposition
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
from budgets.statements import read
from tenants.context import acting_for, run_for
from tenants.errors import DatabaseFailed
from tenants.models import Change, Tenant
from tenants.postgres.base import as_owner
from tests.budgets.desk import incoming
from tests.factories import MembershipFactory, TenantFactory

MODELS: tuple[Any, ...] = (
    Budget, Bucket, BucketVersion, Movement, Entry, Schedule, ScheduleVersion, ScheduleRun,
    Statement, StatementLine, Change,
)  # fmt: skip
KINDS: dict[Any, tuple[str, tuple[str, ...]]] = {
    Movement: ("kind", ("kind", "amount", "net_amount", "reverses")),
    ScheduleRun: ("outcome", ("outcome", "movement", "due_at")),
    StatementLine: ("status", ("status", "movement")),
    Change: ("verb", ("verb", "before", "after")),
}
"""The column that tells the kind of a row, and the columns that depend on it."""
ROLES = ("app", "owner", "triggers off")
DELETED = "(row deleted)"
REFUSED, RECORDED, SILENT = "refused", "recorded", "silent"


# -- The ledger -------------------------------------------------------------------------------


def build(folder: Path) -> Tenant:
    """A tenant that has used every verb."""
    tenant = TenantFactory()
    actor = run_for(tenant, lambda: MembershipFactory().user)
    with acting_for(tenant, actor=actor, request_id="first"):
        home = Budget.objects.create_budget("Home", "EUR", owner=MembershipFactory())
        Budget.objects.create_budget("Away", "EUR")
        _move_money(home)
        _schedule(home)
    _import(tenant, home, folder)
    return tenant


def _move_money(home: Budget) -> None:
    flat = Bucket.objects.create_bucket(home, "Flat", filter=Claim(flat=50), hold=Claim(flat=10))
    fills = Bucket.objects.create_bucket(
        home, "Fills", filter=Claim(share=500_000), target=300, key="fills"
    )
    gone = [
        Bucket.objects.create_bucket(home, name, filter=Claim(flat=7)) for name in ("A", "B", "C")
    ]
    for amount in (1_000, 1_001, 1_002):
        Movement.objects.deposit(home, amount, key=f"of {amount}", memo="pay", source="by hand")
    Bucket.objects.rename(fills, "Filled")
    Bucket.objects.set_target(fills, 200)
    Movement.objects.release_excess(fills)
    Bucket.objects.set_target(fills, 400)
    Movement.objects.deposit_into(flat, 25)
    Movement.objects.withdraw(flat, 5)
    Movement.objects.transfer(flat, home.buckets.money(), 6)
    Movement.objects.redistribute_to(fills, 150)
    Movement.objects.redistribute(home, 100)
    Bucket.objects.lock(flat)
    Bucket.objects.reorder(home, [gone[0], gone[1], gone[2], fills, flat])
    Bucket.objects.close(gone[0], Disposition.CASCADE)
    Bucket.objects.close(gone[1], Disposition.BUCKET, into=flat)
    Bucket.objects.close(gone[2], Disposition.OUT)
    Movement.objects.reverse_movement(Movement.objects.deposit(home, 500))
    Movement.objects.deposit(home, 77, key="last")


def _schedule(home: Budget) -> None:
    """A daily schedule with runs, skips and versions, and one that was ended."""
    now = timezone.now()
    start = (now - timedelta(days=6)).replace(tzinfo=None, microsecond=0)
    daily: dict[str, Any] = {"rrule": "FREQ=DAILY", "starts": start, "time_zone": "UTC"}
    wages = Schedule.objects.create_schedule(home, "Wages", 11, **daily)
    Schedule.objects.run_due(wages, now - timedelta(days=3))
    assert wages.next_due_at
    Schedule.objects.skip(wages, wages.next_due_at)
    Schedule.objects.edit(wages, catch_up="none")
    Schedule.objects.rename(wages, "Salary")
    Schedule.objects.run_due(wages, now)
    Schedule.objects.edit(wages, amount=12, memo="more")
    ended = Schedule.objects.create_schedule(home, "Over", 13, **daily, catch_up="last")
    Schedule.objects.run_due(ended, now)
    Schedule.objects.end(ended)


def _import(tenant: Tenant, home: Budget, folder: Path) -> None:
    """A file that stands, with a duplicate and a skipped line, and one that was undone."""
    first = incoming(a="10.00 Salary", b="20.00 Rent", c="30.00 Gift")
    for name, text in (
        ("first.ofx", first),
        ("again.ofx", incoming(a="10.00 Salary", d="40.00 Bonus", e="-5.00 Coffee")),
        ("undone.ofx", incoming(f="50.00 Mistake", account="8")),
    ):
        (folder / name).write_text(text)
        list(import_file(home, read(folder / name), choices=Choices(), dry_run=False))
    newest = run_for(tenant, lambda: Statement.objects.latest("created_at"))
    run_for(tenant, lambda: Statement.objects.undo(newest, key="undo"))


# -- The attempts -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Attempt:
    """One statement: an UPDATE of one field of one row, or a DELETE of the row."""

    model: Any
    row: Any
    field: Any = None
    value: Any = None

    @property
    def column(self) -> str:
        return self.field.column if self.field else DELETED

    @property
    def statement(self) -> tuple[str, list[Any]]:
        where = f"WHERE tenant_id = '{self.row.tenant_id}' AND id = '{self.row.pk}'"
        if self.field is None:
            return f"DELETE FROM {self.model._meta.db_table} {where}", []
        value = self.field.get_db_prep_save(self.value, connection)
        return f'UPDATE {self.model._meta.db_table} SET "{self.column}" = %s {where}', [value]


def attempts(model: Any, elsewhere: uuid.UUID) -> list[Attempt]:
    """Every column of sample rows of the model with other values, and the rows deleted.

    The samples are the oldest and the newest row. A row of each kind is deleted, and gets other
    values of the columns that its kind decides on. `elsewhere` is the id of another tenant.
    """
    rows = list(model.objects.order_by("pk"))
    kind, decided = KINDS.get(model, ("tenant_id", ()))
    of_kinds = list({getattr(row, kind): row for row in rows}.values())
    ids: dict[Any, list[Any]] = {Tenant: [elsewhere]}
    found = [Attempt(model, row) for row in of_kinds]
    for field in model._meta.local_concrete_fields:
        for row in of_kinds if field.name in decided else (rows[0], rows[-1]):
            values = _others(field, getattr(row, field.attname), ids)
            found += [Attempt(model, row, field, value) for value in values]
    return found


def _others(field: Any, value: Any, ids: dict[Any, list[Any]]) -> Iterator[Any]:
    """Other values that a column may have."""
    if field.primary_key or field.name == "row_id":
        yield uuid.uuid4()
    elif field.is_relation:
        target = field.related_model
        if target not in ids:
            ids[target] = list(target._base_manager.order_by("pk").values_list("pk", flat=True)[:3])
        yield from [pk for pk in ids[target] if pk != value][:1]
        if value is not None and field.null:
            yield None
    elif field.choices:
        yield from [choice for choice, _ in field.choices if choice != value]
    else:
        yield from _near(field, value)


def _near(field: Any, value: Any) -> Iterator[Any]:
    """Values near one of the type of the column; NULL, and instead of NULL, where it may be."""
    if value is not None and field.null:
        yield None
    if isinstance(field, models.BooleanField):
        yield not value
    elif isinstance(field, models.IntegerField):
        yield from (value - 1, value + 1) if value is not None else (1,)
    elif isinstance(field, models.DateTimeField):
        now = value or datetime.now(UTC)
        yield from (now - timedelta(hours=30), now + timedelta(days=40))
    elif isinstance(field, models.DateField):
        yield value + timedelta(days=1) if isinstance(value, date) else date(2026, 1, 1)
    elif isinstance(field, models.TimeField):
        yield time(value.hour, (value.minute + 1) % 60)
    elif isinstance(field, models.JSONField):
        yield [*value, 1] if isinstance(value, list) else {**(value or {}), "forged": 1}
    else:
        yield "b" * len(value) if value and len(value) == 64 else f"{value or ''}x"
        if field.name == "currency":
            yield "USD"


# -- Their results ----------------------------------------------------------------------------


class Undo(Exception):
    """Ends an attempt."""


@contextmanager
def role(name: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A block of the tenant as role app, as owner, or as a superuser."""
    if name == "app":
        with acting_for(tenant):
            yield
        return
    if name == "triggers off":
        login = {**(settings.OWNER_DATABASE or {}), "USER": "postgres", "PASSWORD": ""}
        monkeypatch.setattr(settings, "OWNER_DATABASE", login)
    with as_owner(), acting_for(tenant):
        yield


def result(attempt: Attempt, tenant: Tenant, *, triggers: bool) -> set[str]:
    """What becomes of an attempt: REFUSED, RECORDED, SILENT, or the codes that name it."""
    found: set[str] = set()
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                changes = _count_changes(cursor)
                statement, values = attempt.statement
                if not triggers:
                    cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(statement, values or None)
                if cursor.rowcount == 0:
                    return {REFUSED}
                if triggers:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                else:
                    cursor.execute("SET LOCAL session_replication_role = origin")
                recorded = _count_changes(cursor) > changes
            found = {each.invariant for each in audit.breaks_of(tenant)}
            found = found or {RECORDED if recorded else SILENT}
            raise Undo
    except Undo:
        return found
    except DatabaseFailed:
        return {REFUSED}


def _count_changes(cursor: Any) -> int:
    cursor.execute("SELECT count(*) FROM tenants_change")
    [count] = cursor.fetchone()
    return int(count)
