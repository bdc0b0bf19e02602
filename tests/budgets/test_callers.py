"""A caller's own function, tested as its author would: without a database."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from budgets.cascade import Claim
from budgets.errors import NotEnoughMoney, StalePlan
from budgets.interfaces import Buckets, Budgets, MovementRow, Movements
from budgets.models import Bucket, Budget, Movement
from budgets.testing import MemoryLedger
from tenants.context import run_for
from tenants.errors import RowNotFound
from tests.factories import BudgetFactory

JUNE = datetime(2026, 6, 1, 12, tzinfo=UTC)


def pay_day(
    month: str, salary: int, budgets: Budgets, buckets: Buckets, movements: Movements
) -> MovementRow:
    """A salary comes in, once a month; the rent goes out of what it filled."""
    household = budgets.get_by_name("Household")
    preview = movements.preview(household, salary)
    salary_in = movements.deposit(household, salary, key=f"salary-{month}", expect=preview.hash)
    rent = buckets.get_by_name(household, "Rent")
    movements.withdraw(rent, 725_00, key=f"rent-{month}", memo="to the landlord")
    return salary_in


@pytest.fixture
def ledger() -> MemoryLedger:
    ledger = MemoryLedger(clock=lambda: JUNE, request_id="test")
    household = ledger.budgets.create_budget("Household", "EUR")
    ledger.buckets.create_bucket(household, "Rent", filter=Claim(flat=750_00))
    return ledger


def paid(ledger: MemoryLedger, month: str, salary: int) -> MovementRow:
    return pay_day(month, salary, ledger.budgets, ledger.buckets, ledger.movements)


class TestPayDay:
    def test_pays_the_rent_out_of_the_salary(self, ledger):
        movement = paid(ledger, "2026-06", 2_500_00)

        household = ledger.budgets.get_by_name("Household")
        assert ledger.buckets.get_by_name(household, "Rent").balance == 25_00
        assert household.buckets.money().balance == 1_750_00
        assert (movement.recorded_at, movement.request_id) == (JUNE, "test")

    def test_may_be_run_twice_a_month(self, ledger):
        first = paid(ledger, "2026-06", 2_500_00)

        assert paid(ledger, "2026-06", 2_500_00) == first
        assert ledger.budgets.get_by_name("Household").last_movement_seq == 2

    def test_leaves_nothing_behind_when_the_salary_does_not_pay_the_rent(self, ledger):
        with pytest.raises(NotEnoughMoney) as raised:
            ledger.run(lambda: paid(ledger, "2026-06", 700_00))

        assert raised.value.figures == {"asked": 725_00, "available": 700_00}
        assert ledger.budgets.get_by_name("Household").last_movement_seq == 0

    def test_does_the_same_in_production(self, tenant):
        def in_production() -> int:
            Bucket.objects.create_bucket(
                BudgetFactory(name="Household"), "Rent", filter=Claim(flat=750_00)
            )
            pay_day("2026-06", 2_500_00, Budget.objects, Bucket.objects, Movement.objects)
            return Bucket.objects.get_by_name(
                Budget.objects.get_by_name("Household"), "Rent"
            ).balance

        assert run_for(tenant, in_production) == 25_00


class TestLedger:
    def test_is_one_tenants_alone(self, ledger):
        household = ledger.budgets.get_by_name("Household")

        with pytest.raises(RowNotFound):
            MemoryLedger().movements.deposit(household, 5)

    def test_a_preview_of_yesterday_is_stale(self, ledger):
        household = ledger.budgets.get_by_name("Household")
        preview = ledger.movements.preview(household, 5)
        ledger.movements.deposit(household, 5)

        with pytest.raises(StalePlan):
            ledger.movements.deposit(household, 5, expect=preview.hash)

    def test_needs_neither_settings_nor_a_database(self):
        """In a Python of its own, where Django was never set up."""
        script = (
            "from budgets.cascade import Claim\n"
            "from budgets.testing import MemoryLedger\n"
            "ledger = MemoryLedger()\n"
            "budget = ledger.budgets.create_budget('Household', 'EUR')\n"
            "ledger.buckets.create_bucket(budget, 'Rent', filter=Claim(flat=5))\n"
            "print(ledger.movements.deposit(budget, 7, memo='Salary').entry_count)\n"
            "page = ledger.entries.page({'budget': budget.pk, 'search': 'salary'}, limit=1)\n"
            "print(ledger.entries.page({'budget': budget.pk}, limit=1).rows == page.rows)\n"
            "from django.conf import settings\n"
            "assert not settings.configured\n"
        )

        ran = subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[2],
            env={},
            capture_output=True,
            text=True,
        )

        assert (ran.stdout, ran.stderr) == ("2\nTrue\n", "")
