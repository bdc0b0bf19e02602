"""The columns that 0016 renames, with rows in them, there and back."""

import pytest
from django.core.management import call_command
from django.db import connection

from budgets.models import Movement
from tenants.context import acting_for
from tenants.errors import DatabaseFailed
from tenants.postgres.base import as_owner
from tests.budgets.test_ledger_guards import (
    ADDS_UP,
    CHAINS,
    IS_LAST,
    JOINS,
    Ledger,
    balance,
    entry,
    movement,
)
from tests.command_line import manage

pytestmark = pytest.mark.usefixtures("own_database", "committed")

NEW = (
    "SELECT seq, net_amount, entry_count FROM budgets_movement ORDER BY seq",
    "SELECT id, last_movement_seq, deposited FROM budgets_budget ORDER BY id",
    "SELECT id, last_entry_seq, balance FROM budgets_bucket ORDER BY id",
    "SELECT relname, pg_relation_filenode(oid) FROM pg_class"
    " WHERE relname LIKE 'budgets_movement%%' ORDER BY 1",
)
NAMES = {
    "net_amount": "external",
    "entry_count": "lines",
    "last_movement_seq": "last_seq",
    "last_entry_seq": "last_seq",
}
WRONG = {
    "fewer entries": ((movement(entry_count=2), entry(), balance()), ADDS_UP),
    "another sum": ((movement(6_00), entry(), balance()), ADDS_UP),
    "more entries": (
        (movement(10_00), entry(), balance(), entry(bucket="fun", before=50_00, position=2)),
        JOINS,
    ),
    "an entry that the bucket does not count": ((movement(), entry()), CHAINS),
    "a balance without an entry": ((balance(seq=1),), IS_LAST),
}


def migrate(*to: str) -> None:
    """Migrate to that migration, or to the newest one."""
    with as_owner():
        call_command("migrate", "budgets", *to, verbosity=0)


def with_old_names(sql: str) -> str:
    for new, old in NAMES.items():
        sql = sql.replace(new, old)
    return sql


def read(ledger: Ledger, *queries: str) -> list[list[tuple[object, ...]]]:
    with acting_for(ledger.tenant), connection.cursor() as cursor:
        found = []
        for query in queries:
            cursor.execute(query, {})
            found.append(cursor.fetchall())
    return found


def outcome(ledger: Ledger, *statements: str) -> object:
    """What refuses the statements; None where they are accepted."""
    try:
        ledger.run(*statements)
    except DatabaseFailed as error:
        return type(error), error.constraint
    return None


def test_columns_keep_their_rows_and_their_checks_there_and_back(tenant):
    ledger = Ledger.of(tenant)
    before = read(ledger, *NEW)

    migrate("0015")
    old = read(ledger, *map(with_old_names, NEW))
    refused = [outcome(ledger, *map(with_old_names, sql)) for sql, _ in WRONG.values()]
    migrate("0016")
    new = read(ledger, *NEW)
    migrate()

    assert before[0] == [(1, 5_00, 1), (2, 150_00, 2)]
    assert old == before == new == read(ledger, *NEW)
    assert refused == [constraint for _, constraint in WRONG.values()]
    assert manage("check", "--database", "default").code == 0


def test_a_movement_may_be_written_at_either(tenant):
    ledger = Ledger.of(tenant)
    count = (
        "UPDATE budgets_budget SET last_movement_seq = 3, deposited = deposited + 500"
        " WHERE id = %(budget)s"
    )

    migrate("0015")
    at_0015 = outcome(ledger, *map(with_old_names, (movement(), entry(), balance(), count)))
    migrate("0016")
    with acting_for(tenant):
        rent = Movement.objects.get(seq=3).entries.get().bucket
        later = Movement.objects.deposit_into(rent, 7)
        unbalanced = list(Movement.objects.unbalanced())

    assert at_0015 is None
    assert (later.seq, later.net_amount, later.entry_count) == (4, 7, 1)
    assert unbalanced == []
