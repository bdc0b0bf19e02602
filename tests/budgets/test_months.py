"""Income, withdrawals and fill by month, each currency by itself."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from budgets.cascade import Claim
from budgets.errors import BadQuestion
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget, Movement
from tenants.models import TenantSettings
from tests.budgets.reading import fill_with_buckets, statements
from tests.factories import BucketFactory, BudgetFactory

MARCH, APRIL, JUNE = (datetime(2026, month, 15, tzinfo=UTC) for month in (3, 4, 6))
LATE_IN_MARCH = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)


def until_moved(budget, *, zone=UTC, **asked):
    """The months up to that of the newest movement by effective time."""
    newest = budget.movements.latest("effective_at").effective_at.astimezone(zone)
    return Budget.objects.months(budget, zone=zone, until=newest.date(), **asked)


def flows(months):
    return [(month.first.month, month.income, month.withdrawn) for month in months]


def closing(months):
    return [{line.name: line.closing for line in month.buckets} for month in months]


class TestMonths:
    def test_count_what_came_and_what_went(self, budget):
        money = budget.buckets.money()
        Movement.objects.deposit(budget, 100, effective_at=MARCH)
        Movement.objects.deposit_into(money, 20, effective_at=MARCH)
        Movement.objects.withdraw(money, 30, effective_at=APRIL)

        assert flows(until_moved(budget)) == [(3, 120, 0), (4, 0, 30)]

    def test_do_not_count_what_only_changed_its_bucket(self, budget):
        rent = BucketFactory(budget=budget, filter=Claim(flat=0))
        Movement.objects.deposit(budget, 100, effective_at=MARCH)
        Movement.objects.transfer(budget.buckets.money(), rent, 40, effective_at=APRIL)
        Movement.objects.redistribute_to(rent, 10, effective_at=APRIL)
        Bucket.objects.close(rent, Disposition.MONEY, effective_at=APRIL)

        assert flows(until_moved(budget)) == [(3, 100, 0), (4, 0, 0)]

    def test_count_money_that_left_with_its_bucket(self, budget):
        rent = BucketFactory(budget=budget)
        Movement.objects.deposit_into(rent, 40, effective_at=MARCH)
        Bucket.objects.close(rent, Disposition.OUT, effective_at=APRIL)

        assert flows(until_moved(budget)) == [(3, 40, 0), (4, 0, 40)]

    def test_leave_out_none_between_the_first_and_the_last(self, budget):
        Movement.objects.deposit(budget, 1, effective_at=JUNE)
        Movement.objects.deposit(budget, 2, effective_at=MARCH)

        months = until_moved(budget)

        assert [month.first for month in months] == [date(2026, m, 1) for m in (3, 4, 5, 6)]
        assert [month.closing for month in months] == [2, 2, 2, 3]

    def test_are_none_before_money_first_moved(self, budget):
        BucketFactory(budget=budget)

        assert Budget.objects.months(budget) == ()
        assert Budget.objects.months(budget, until=date(2026, 1, 1)) == ()

    def test_begin_at_midnight_in_the_time_zone(self, budget):
        Movement.objects.deposit(budget, 7, effective_at=LATE_IN_MARCH)

        for zone, month in (
            (UTC, 3),
            (ZoneInfo("Europe/Berlin"), 4),  # 00:30 on 1 April, summer time
            (ZoneInfo("Europe/London"), 3),  # 23:30 on 31 March
            (ZoneInfo("America/New_York"), 3),
            (ZoneInfo("Pacific/Auckland"), 4),
        ):
            assert flows(until_moved(budget, zone=zone)) == [(month, 7, 0)]

    def test_begin_at_midnight_where_the_tenant_is(self, budget):
        Movement.objects.deposit(budget, 7, effective_at=LATE_IN_MARCH)
        TenantSettings.objects.change(time_zone="Europe/Berlin")

        assert flows(Budget.objects.months(budget))[0] == (4, 7, 0)
        assert flows(Budget.objects.months_by_currency()[0].months)[0] == (4, 7, 0)
        assert flows(Budget.objects.months(budget, zone=UTC))[0] == (3, 7, 0)


class TestReversals:
    def test_take_income_back_in_their_own_month(self, budget):
        wrong = Movement.objects.deposit(budget, 100, effective_at=MARCH)
        Movement.objects.deposit(budget, 30, effective_at=APRIL)
        Movement.objects.reverse_movement(wrong, effective_at=APRIL)

        assert flows(until_moved(budget)) == [(3, 100, 0), (4, -70, 0)]

    def test_take_withdrawals_back_in_their_own_month(self, budget):
        Movement.objects.deposit(budget, 100, effective_at=MARCH)
        wrong = Movement.objects.withdraw(budget.buckets.money(), 60, effective_at=MARCH)
        Movement.objects.reverse_movement(wrong, effective_at=APRIL)

        assert flows(until_moved(budget)) == [(3, 100, 60), (4, 0, -60)]

    def test_of_what_stayed_in_the_budget_take_nothing_back(self, budget):
        rent = BucketFactory(budget=budget, filter=Claim(flat=100))
        Movement.objects.deposit(budget, 100, effective_at=MARCH)
        moved = Movement.objects.transfer(rent, budget.buckets.money(), 60, effective_at=MARCH)
        Movement.objects.reverse_movement(moved, effective_at=APRIL)

        assert flows(until_moved(budget)) == [(3, 100, 0), (4, 0, 0)]


class TestBuckets:
    def test_show_their_change_what_they_held_and_how_full_that_was(self, budget):
        rent = BucketFactory(budget=budget, name="Rent", filter=Claim(flat=60), target=180)
        Movement.objects.deposit(budget, 100, effective_at=MARCH)
        Movement.objects.deposit(budget, 65, effective_at=APRIL)
        Movement.objects.withdraw(rent, 90, effective_at=APRIL)

        march, april = until_moved(budget)

        lines = [
            [(line.name, line.change, line.closing, line.fill) for line in month.buckets]
            for month in (march, april)
        ]
        assert lines == [
            [("Rent", 60, 60, 333_333), ("Money", 40, 40, None)],
            [("Rent", -30, 30, 166_666), ("Money", 5, 45, None)],
        ]

    def test_that_are_closed_are_listed_while_they_held_or_moved_something(self, budget):
        rent = BucketFactory(budget=budget, name="Rent", filter=Claim(flat=60))
        Movement.objects.deposit(budget, 60, effective_at=MARCH)
        Bucket.objects.close(rent, Disposition.MONEY, effective_at=APRIL)
        Movement.objects.deposit(budget, 1, effective_at=JUNE)

        held = closing(until_moved(budget))

        assert held == [
            {"Money": 0, "Rent": 60},
            {"Money": 60, "Rent": 0},
            {"Money": 60},
            {"Money": 61},
        ]

    def test_come_to_what_the_balances_of_that_time_come_to(self, budget):
        fill_with_buckets(budget, 3)
        for amount, when in ((9, MARCH), (2, APRIL), (40, MARCH), (5, JUNE)):
            Movement.objects.deposit(budget, amount, effective_at=when)

        for month in until_moved(budget):
            end = datetime(2026, month.first.month + 1, 1, tzinfo=UTC) - datetime.resolution
            then = Budget.objects.balances_at(budget, effective=end)
            assert [line.closing for line in month.buckets] == [b.balance for b in then.buckets]


class TestWhichMonths:
    @pytest.fixture
    def year(self, budget):
        for month in range(1, 13):
            when = datetime(2025, month, 3, tzinfo=UTC)
            Movement.objects.deposit(budget, month, effective_at=when)
        return budget

    def test_the_last_ones_begin_with_what_was_there(self, year):
        november, december = until_moved(year, last=2)

        assert (november.income, november.closing) == (11, sum(range(12)))
        assert (december.income, december.closing) == (12, sum(range(13)))

    def test_until_a_day_is_its_whole_month(self, year):
        months = Budget.objects.months(year, last=3, until=date(2025, 2, 1))

        assert flows(months) == [(1, 1, 0), (2, 2, 0)]

    def test_go_on_after_money_last_moved_when_asked(self, year):
        december, january = Budget.objects.months(year, last=2, until=date(2026, 1, 31))

        assert (december.first.month, january.income, january.closing) == (12, 0, 78)

    @pytest.mark.parametrize(
        ("zone", "ends"), [(UTC, (2026, 8)), (ZoneInfo("Europe/Berlin"), (2026, 9))]
    )
    def test_end_at_the_present_whatever_is_dated_ahead(self, year, monkeypatch, zone, ends):
        now = datetime(2026, 8, 31, 22, 30, tzinfo=UTC)
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)
        Movement.objects.deposit(year, 500, effective_at=datetime(2026, 12, 24, tzinfo=UTC))

        for months in (
            Budget.objects.months(year, zone=zone, last=3),
            Budget.objects.months_by_currency(zone=zone, last=3)[0].months,
        ):
            last = months[-1]
            assert (last.first.year, last.first.month) == ends
            assert [month.closing for month in months] == [78] * 3

    def test_are_none_while_all_is_dated_ahead(self, budget, monkeypatch):
        monkeypatch.setattr("django.utils.timezone.now", lambda: MARCH)
        Movement.objects.deposit(budget, 1, effective_at=APRIL)

        assert Budget.objects.months(budget) == ()

    @pytest.mark.parametrize("last", [0, -1, 241, 2.0, True])
    def test_are_so_many_and_no_more(self, year, last):
        with pytest.raises(BadQuestion):
            Budget.objects.months(year, last=last)


class TestCurrencies:
    def test_are_never_added_to_each_other(self, acting):
        budgets = {
            code: [BudgetFactory(currency=code) for _ in range(many)]
            for code, many in (("JPY", 1), ("EUR", 2), ("KWD", 1))
        }
        for size, code in enumerate(budgets):
            for budget in budgets[code]:
                Movement.objects.deposit(budget, 10**size, effective_at=MARCH)
                Movement.objects.withdraw(budget.buckets.money(), 10**size, effective_at=APRIL)
        Movement.objects.deposit(budgets["EUR"][1], 3, effective_at=JUNE)

        told = Budget.objects.months_by_currency(until=JUNE.date())

        assert [(each.currency, each.exponent, each.budgets) for each in told] == [
            ("EUR", 2, 2),
            ("JPY", 0, 1),
            ("KWD", 3, 1),
        ]
        assert {each.currency: flows(each.months) for each in told} == {
            "EUR": [(3, 20, 0), (4, 0, 20), (5, 0, 0), (6, 3, 0)],
            "JPY": [(3, 1, 0), (4, 0, 1), (5, 0, 0), (6, 0, 0)],
            "KWD": [(3, 100, 0), (4, 0, 100), (5, 0, 0), (6, 0, 0)],
        }

    def test_keep_the_buckets_of_their_budgets_apart(self, acting):
        first, second = BudgetFactory(name="A"), BudgetFactory(name="B")
        for amount, budget in enumerate((first, second), start=1):
            Movement.objects.deposit(budget, amount, effective_at=MARCH)

        [euro] = Budget.objects.months_by_currency(until=MARCH.date())

        [march] = euro.months
        assert [(line.budget, line.closing) for line in march.buckets] == [
            (first.pk, 1),
            (second.pk, 2),
        ]
        assert march.closing == 3

    def test_are_those_of_the_tenant(self, acting):
        assert Budget.objects.months_by_currency() == ()


@pytest.mark.parametrize("many", [1, 12])
def test_takes_three_statements_whatever_there_is_to_read(budget, many):
    fill_with_buckets(budget, many)
    for month in range(1, many + 1):
        when = datetime(2025, month, 3, tzinfo=UTC)
        Movement.objects.deposit(budget, month, effective_at=when)

    with statements(4):  # the tenant's settings are read once in a block
        Budget.objects.months(budget)
    with statements(3):
        Budget.objects.months_by_currency()
