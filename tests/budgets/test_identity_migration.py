"""Lines that were imported before their identity had a day and an amount: there and back."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from budgets.models import Movement, StatementLine
from budgets.statements import Line
from tenants.context import acting_for
from tenants.postgres.base import as_owner
from tests.budgets.desk import Desk, incoming

pytestmark = pytest.mark.usefixtures("own_database", "committed")

DAY = date(2025, 1, 31)
BEFORE = "0020"
LONG = "x" * 130
IDENTITIES = "SELECT identity FROM budgets_statementline ORDER BY statement_id, number"
STATEMENT = """
INSERT INTO budgets_statement (tenant_id, id, created_at, updated_at, budget_id, sha256, account,
    name, format, currency, total, outgoing, decisions, imported_at)
VALUES (%s, %s, now(), now(), %s, %s, '', %s, 'ofx', 'EUR', %s, 0, '{}', now())
"""
LINE = """
INSERT INTO budgets_statementline (tenant_id, id, created_at, updated_at, statement_id, budget_id,
    number, account, identity, posted, amount, currency, description, status, movement_id)
VALUES (%s, %s, now(), now(), %s, %s, %s, %s, %s, %s, %s, 'EUR', %s, %s, %s)
"""


@pytest.fixture
def desk(tenant, tmp_path) -> Iterator[Desk]:
    desk = Desk(tenant, tmp_path)
    migrate(BEFORE)
    yield desk
    assert desk.is_sound()


def migrate(*to: str) -> None:
    """Migrate to that migration, or to the newest one."""
    with as_owner():
        call_command("migrate", "budgets", *to, verbosity=0)


def identities(desk: Desk) -> list[str]:
    with acting_for(desk.tenant), connection.cursor() as cursor:
        cursor.execute(IDENTITIES)
        return [identity for (identity,) in cursor.fetchall()]


def former(fitid: str, account: str = "7") -> str:
    """The identity that the old code wrote."""
    return Line(1, account, DAY, 1, "EUR", "", fitid).former_identity


class Before:
    """Writes imports as the old code did."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.number = 0

    def statement(self, name: str, total: int) -> UUID:
        """A finished import of so many lines."""
        pk, budget = uuid4(), self.desk.budget.pk
        self._insert(STATEMENT, pk, budget, pk.hex * 2, name, total)
        self.number = 0
        return pk

    def line(self, statement: UUID, fitid: str, cents: int, status: str, text: str = "x") -> None:
        self.number += 1
        movement = None
        if status == "new":
            with acting_for(self.desk.tenant):
                movement = Movement.objects.deposit(
                    self.desk.budget,
                    cents,
                    key=f"statement:{former(fitid)}",
                    memo=text,
                    effective_at=datetime(2025, 1, 31, 12, tzinfo=UTC),
                ).pk
        self._insert(
            LINE, uuid4(), statement, self.desk.budget.pk, self.number, "7", former(fitid), DAY,
            cents, text, status, movement,
        )  # fmt: skip

    def _insert(self, sql: str, *values: Any) -> None:
        with acting_for(self.desk.tenant), connection.cursor() as cursor:
            cursor.execute(sql, [self.desk.tenant.pk, *values])


def test_an_old_file_brings_nothing_before_and_after(desk):
    before = Before(desk)
    may = before.statement("may.ofx", 7)
    before.line(may, "a", 10_00, "new")
    before.line(may, LONG, 20_00, "new")
    before.line(may, "a", 10_00, "duplicate")
    before.line(may, "a", 30_00, "duplicate", "of another amount")
    before.line(may, "0", 40_00, "new")
    before.line(may, "0", 50_00, "duplicate", "of another amount")
    before.line(may, "s", 60_00, "skipped")
    old = identities(desk)
    content = incoming(
        a="10 x", b="20 x", c="10 x", d="30 of another amount", e="40 x", f="50 of another amount",
        g="60 x",
    )  # fmt: skip
    for name, fitid in zip("abcdefg", ["a", LONG, "a", "a", "0", "0", "s"], strict=True):
        content = content.replace(f"<FITID>{name}\n", f"<FITID>{fitid}\n").replace(
            f"<FITID>{name}<", f"<FITID>{fitid}<"
        )

    migrate()
    longer = identities(desk)
    statuses = desk.import_file(desk.file(content), dry_run=True)
    migrate(BEFORE)
    back = identities(desk)
    migrate()

    assert statuses == {
        1: "duplicate", 2: "duplicate", 3: "duplicate", 4: "held", 5: "duplicate", 6: "held",
        7: "skipped",
    }  # fmt: skip
    assert old == back
    assert longer == identities(desk)
    assert longer[:4] == [
        "id:2025-01-31:1000:1:1:7:a",
        f"id:2025-01-31:2000:1:{former(LONG)[2:]}",
        "id:2025-01-31:1000:2:1:7:a",
        "id:2025-01-31:3000:1:1:7:a",
    ]
    assert all(len(identity) <= 120 for identity in old)
    assert desk.import_file(desk.file(content)) == statuses


def test_what_came_in_since_is_still_known_after_going_back_and_forth(desk):
    before = Before(desk)
    before.line(before.statement("may.ofx", 1), "a", 10_00, "new")
    migrate()
    june = desk.file(incoming(a="11 x", b="12 y", no="3 z"))
    july = desk.file(incoming(a="11 x", no="3 z") + "\n")
    desk.import_file(june)
    desk.import_file(july, include={1, 2})
    known = identities(desk), copies(desk)

    migrate(BEFORE)
    assert all(len(identity) <= 120 for identity in identities(desk))
    migrate()

    assert (identities(desk), copies(desk)) == known
    assert set(desk.import_file(june).values()) == {"duplicate"}
    assert set(desk.import_file(july, include={1, 2}).values()) == {"duplicate"}
    assert len(desk.movements()) == 6


def copies(desk: Desk) -> list[int]:
    return desk.do(
        lambda: list(
            StatementLine.objects.order_by("statement_id", "number").values_list("copy", flat=True)
        )
    )
