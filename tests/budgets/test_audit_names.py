"""What SQL changed in silence before, and the code by which the audit now names it.

`test_falsification.py` tries every column; it is slow.
"""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from budgets.jobs import audit
from tenants.context import acting_for
from tenants.models import Tenant
from tenants.postgres.base import as_owner
from tests.budgets.falsification import Undo, build

UNRECORDED = "ALTER TABLE budgets_{0} DISABLE TRIGGER budgets_{0}_history"
STANDS = "name = 'first.ofx'"
RECORDED_LATER = (
    "UPDATE budgets_movement SET created_at = created_at + interval '2 days',"
    " recorded_at = recorded_at + interval '2 days' WHERE key LIKE 'undo:%'"
)
RUN = "DELETE FROM budgets_schedulerun WHERE outcome = '{}'"
CLOCK = "UPDATE budgets_schedule SET next_due_at = next_due_at {} WHERE name = 'Salary'"
WHERE = " AND tenant_id = {tenant}"


@pytest.fixture(scope="module")
def lived(django_db_setup, django_db_blocker, tmp_path_factory) -> Tenant:
    with django_db_blocker.unblock():
        return build(tmp_path_factory.mktemp("files"))


@pytest.fixture
def block(lived: Tenant, committed: None) -> Iterator[Tenant]:
    """A block of the tenant as owner, which is rolled back."""
    with as_owner(), acting_for(lived):
        yield lived
        transaction.set_rollback(True)


def codes(tenant: Tenant, *statements: str) -> set[str]:
    """The codes of the breaks after the statements, which are undone."""
    found: set[str] = set()
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                for statement in statements:
                    where = WHERE if " WHERE " in statement else WHERE.replace(" AND", " WHERE")
                    whole = statement if statement.startswith("ALTER") else statement + where
                    cursor.execute(whole.replace("{tenant}", f"'{tenant.pk}'"))
            found = {each.invariant for each in audit.breaks_of(tenant)}
            raise Undo
    except Undo:
        return found


def test_names_nothing_in_a_ledger_that_used_every_verb(block):
    assert list(audit.breaks_of(block, replay=True)) == []


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (
            ["UPDATE budgets_budget SET deposited = deposited + 5, withdrawn = withdrawn + 5"],
            {"I2"},
        ),
        (["UPDATE budgets_budget SET version = version - 1 WHERE name = 'Home'"], {"I2"}),
        (["UPDATE budgets_budget SET currency = 'USD' WHERE name = 'Away'"], {"history"}),
        (
            ["UPDATE budgets_budget SET currency = 'USD' WHERE name = 'Home'"],
            {"currency", "history"},
        ),
        (["UPDATE budgets_budget SET exponent = 3"], {"history"}),
        (["UPDATE budgets_statementline SET currency = 'USD'"], {"currency"}),
        (["UPDATE budgets_movement SET amount = amount + 1 WHERE kind = 'transfer'"], {"kind"}),
        (["UPDATE budgets_movement SET kind = 'deposit_into' WHERE key = 'of 1000'"], {"kind"}),
        (["UPDATE budgets_movement SET kind = 'transfer' WHERE kind = 'close' AND net_amount = 0"],
         {"I11"}),
        ([RECORDED_LATER], {"I10"}),
        (["DELETE FROM budgets_bucketversion WHERE verb = 'lock'"], {"I14"}),
        (["UPDATE budgets_bucketversion SET target = 9 WHERE verb = 'create' AND name = 'Fills'"],
         {"I14"}),
        ([RUN.format("deposited")], {"schedule"}),
        ([RUN.format("skipped")], {"schedule"}),
        ([RUN.format("missed")], {"schedule"}),
        ([CLOCK.format("- interval '1 day'")], {"schedule"}),
        ([CLOCK.format("+ interval '1 day'")], {"schedule"}),
        (["DELETE FROM budgets_scheduleversion WHERE verb = 'end'"], {"schedule"}),
        (["UPDATE budgets_scheduleversion SET amount = 12 WHERE verb = 'rename'"], {"schedule"}),
        ([f"UPDATE budgets_statement SET undone_at = now() WHERE {STANDS}"], {"statement"}),
        (
            ["UPDATE budgets_statement SET undone_at = NULL, undo_key = NULL"
             " WHERE undone_at IS NOT NULL"],
            {"statement"},
        ),
        (["DELETE FROM budgets_statementline WHERE status = 'duplicate'"], {"statement"}),
        (
            [
                UNRECORDED.format("budget"),
                "UPDATE budgets_budget SET name = 'X' WHERE name = 'Home'",
            ],
            {"history"},
        ),
        (["UPDATE tenants_change SET after = after || '{\"name\": \"X\"}'"
          " WHERE model = 'budgets.budget' AND verb = 'insert'"], {"history"}),
        (["DELETE FROM tenants_change WHERE model = 'budgets.schedule'"], {"history"}),
    ],
)  # fmt: skip
def test_names(block, statements, named):
    assert codes(block, *statements) >= named
