"""A ledger in memory replaces every primitive of PostgreSQL."""

import pytest

from budgets.managers.databasewriter import DatabaseWriter
from budgets.managers.schedulerows import ScheduleRows
from budgets.managers.statementrows import StatementRows
from budgets.testing.schedules import MemoryScheduleRows
from budgets.testing.statements import MemoryStatementRows
from budgets.testing.writer import MemoryWriter

MADE_OF_OTHERS = {"columns", "db"}


@pytest.mark.parametrize(
    ("database", "memory"),
    [
        (DatabaseWriter, MemoryWriter),
        (ScheduleRows, MemoryScheduleRows),
        (StatementRows, MemoryStatementRows),
    ],
)
def test_each_one_is_replaced(database: type, memory: type) -> None:
    primitives = {name for name in vars(database) if not name.startswith("_")} - MADE_OF_OTHERS

    assert len(primitives) > 5
    assert primitives <= vars(memory).keys()
