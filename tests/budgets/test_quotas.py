"""What of budgets is counted, what is not, and the currency of a tenant's budgets."""

from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from budgets.cascade import Claim
from budgets.errors import CurrencyEnded, UnknownCurrency
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Budget, Movement, Schedule, Statement
from budgets.money import currencies
from tenants.access.quotas import standings
from tenants.context import acting_for, run_for
from tenants.models import TenantSettings
from tenants.refusals import BadDocument, QuotaReached
from tests.budgets.paydays import daily
from tests.command_line import manage
from tests.factories import BudgetFactory, UserFactory
from tests.tenants.test_quotas import statements
from tests.threads import at_once


def limit(**amounts):
    """Override the quotas of the tenant in force."""
    TenantSettings.objects.change(quotas=amounts)


def used(name):
    return next(each.used for each in standings() if each.quota == name)


def refuses(work, quota, asked, allowed):
    with pytest.raises(QuotaReached) as caught:
        work()
    error = caught.value
    assert (error.quota, error.asked, error.allowed) == (quota, asked, allowed)


class TestBudgets:
    def test_are_counted_while_they_are_open(self, acting):
        limit(budgets=2)
        first, _ = (BudgetFactory() for _ in range(2))
        refuses(BudgetFactory, "budgets", 3, 2)

        Budget.objects.filter(pk=first.pk).update(archived_at=timezone.now())

        BudgetFactory()
        assert used("budgets") == 2

    def test_over_a_lowered_quota_stay_and_can_be_used(self, acting):
        budgets = [BudgetFactory() for _ in range(3)]
        limit(budgets=1)

        for each in budgets:
            Movement.objects.deposit(each, 100)
            bucket(each)

        refuses(BudgetFactory, "budgets", 4, 1)
        assert used("budgets") == 3

    def test_of_another_tenant_do_not_count(self, tenant, other):
        with acting_for(other):
            BudgetFactory()

        with acting_for(tenant):
            limit(budgets=1)
            BudgetFactory()

    def test_two_founded_at_once_do_not_pass_the_quota(self, tenant):
        with acting_for(tenant):
            limit(budgets=1)

        def found():
            run_for(tenant, lambda: slowly(BudgetFactory))

        answers = at_once(found, found)

        assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "QuotaReached"]

    def test_that_are_refused_leave_the_block_usable(self, acting):
        limit(budgets=0)
        refuses(BudgetFactory, "budgets", 1, 0)

        limit(budgets=1)
        assert BudgetFactory().pk


class TestBuckets:
    def test_are_counted_in_each_budget_while_they_are_open_and_the_money_bucket_is_not(
        self, acting
    ):
        limit(buckets_per_budget=1)
        home, away = BudgetFactory(), BudgetFactory()
        rent = bucket(home)
        bucket(away)
        refuses(lambda: bucket(home), "buckets_per_budget", 2, 1)
        assert used("buckets_per_budget") == 1

        Bucket.objects.close(rent, Disposition.MONEY)

        bucket(home)

    def test_a_repeat_with_its_key_is_answered_when_there_is_no_room(self, budget):
        limit(buckets_per_budget=1)
        made = bucket(budget, "Rent", key="once")

        assert bucket(budget, "Rent", key="once") == made

    def test_two_added_at_once_do_not_pass_the_quota(self, tenant):
        with acting_for(tenant):
            limit(buckets_per_budget=1)
            home = BudgetFactory()

        def add(name):
            run_for(tenant, lambda: slowly(bucket, Budget.objects.get(pk=home.pk), name))

        answers = at_once(partial(add, "One"), partial(add, "Two"))

        assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "QuotaReached"]

    def test_do_not_lock_the_tenant(self, tenant):
        """Their budget's lock is enough: another budget's are added meanwhile."""
        with acting_for(tenant):
            home, away = BudgetFactory(), BudgetFactory()

        def add():
            with acting_for(tenant):
                return bucket(Budget.objects.get(pk=away.pk))

        with acting_for(tenant):
            bucket(home)
            [made] = at_once(add)

        assert isinstance(made, Bucket)


class TestSchedules:
    def test_are_counted_while_something_is_to_come(self, budget):
        limit(schedules=1)
        once(budget, "Bonus")
        refuses(lambda: once(budget, "Second"), "schedules", 2, 1)

        Schedule.objects.run_due(budget.schedules.get(), timezone.now())

        daily(budget)
        assert used("schedules") == 1

    def test_a_repeat_with_its_key_is_answered_when_there_is_no_room(self, budget):
        limit(schedules=1)
        made = once(budget, "Bonus", key="once")

        assert once(budget, "Bonus", key="once") == made


class TestImports:
    @pytest.fixture
    def home(self, tenant):
        with acting_for(tenant):
            limit(imports_per_month=2)
            return BudgetFactory(name="Home")

    def bring(self, tenant, path, *words):
        return manage("import_statement", path, "--tenant", tenant.slug, "--budget", "Home", *words)

    def test_are_counted_in_their_month_whatever_became_of_them(
        self, tenant, home, tmp_path, monkeypatch
    ):
        paths = [statement(tmp_path, day) for day in (1, 2, 3)]
        assert [self.bring(tenant, path).code for path in paths[:2]] == [0, 0]
        assert self.bring(tenant, paths[0]).code == 0  # the same again is no other import
        with acting_for(tenant):
            Statement.objects.undo(Statement.objects.order_by("pk")[0])
        self.bring(tenant, paths[2]).assert_refused("quota_reached", "imports per month")

        with acting_for(tenant):
            assert used("imports_per_month") == 2
            assert Movement.objects.filter(kind="deposit").count() == 2
            next_month = timezone.now().replace(day=28) + timedelta(days=4)
            monkeypatch.setattr("budgets.managers.quotas.timezone.now", lambda: next_month)
            assert used("imports_per_month") == 0

    def test_a_dry_run_is_not_counted(self, tenant, home, tmp_path):
        for day in (1, 2, 3):
            assert self.bring(tenant, statement(tmp_path, day), "--dry-run").code == 0


class TestStatementsSent:
    @pytest.mark.parametrize("counted", ["create_budget", "create_bucket", "create_schedule"])
    def test_a_verb_sends_two_more(self, budget, counted, monkeypatch):
        verb = {
            "create_budget": BudgetFactory,
            "create_bucket": lambda: bucket(budget),
            "create_schedule": lambda: once(budget, UserFactory.build().email),
        }[counted]
        with statements() as with_quotas:
            verb()
        monkeypatch.setattr("tenants.access.quotas.require", lambda *_: None)
        with statements() as without:
            verb()

        assert len(with_quotas) == len(without) + 2

    def test_a_deposit_sends_none(self, budget):
        with statements() as sent:
            Movement.objects.deposit(budget, 100)

        assert not any("tenants_tenant" in sql for sql in sent)


class TestTheCurrencyOfATenant:
    def test_is_that_of_a_budget_whose_founder_names_none(self, acting):
        TenantSettings.objects.change(currency="JPY")

        assert Budget.objects.create_budget("Home").exponent == 0
        assert Budget.objects.create_budget("Away", "EUR").currency == "EUR"

    def test_has_to_be_named_where_none_is_set(self, acting):
        with pytest.raises(UnknownCurrency, match="has not set one"):
            Budget.objects.create_budget("Home")

        assert not Budget.objects.exists()

    @pytest.mark.parametrize("code", ["XXX", "BGN", "eur", "EURO", "", 978, "É"], ids=str)
    def test_is_money_in_use(self, acting, code):
        with pytest.raises(BadDocument) as caught:
            TenantSettings.objects.change(currency=code)

        assert caught.value.field == "currency"
        assert TenantSettings.objects.change(currency=None).values.currency is None

    def test_that_ended_since_it_was_set_founds_no_budget_and_can_be_read(
        self, acting, monkeypatch
    ):
        with monkeypatch.context() as before:
            before.setattr(currencies, "in_use", lambda code, on=None: True)
            TenantSettings.objects.change(currency="BGN")

        assert TenantSettings.objects.current().values.currency == "BGN"
        with pytest.raises(CurrencyEnded):
            Budget.objects.create_budget("Home")

    def test_may_be_set_by_an_owner(self, tenant):
        with acting_for(tenant, role="owner"):
            TenantSettings.objects.change(currency="EUR")

    def test_from_the_command_line(self, tenant):
        words = ["budget", "create", "--tenant", tenant.slug, "--name", "Home", "--json"]
        manage(*words).assert_refused("unknown_currency", "EUR")

        manage("configure", "--tenant", tenant.slug, "currency", "CHF")

        assert manage(*words).json["currency"] == "CHF"


def bucket(budget, name="", **options):
    name = name or f"Bucket {UserFactory.build().email}"
    return Bucket.objects.create_bucket(budget, name, filter=Claim(flat=1), **options)


def once(budget, name, **options):
    """A schedule that fell due yesterday, once."""
    starts = datetime.combine(timezone.now() - timedelta(days=1), time())
    when: Any = {"rrule": "FREQ=DAILY;COUNT=1", "starts": starts, "time_zone": "UTC"}
    return Schedule.objects.create_schedule(budget, name, 100, **when, **options)


def statement(folder, day):
    path = folder / f"{day}.csv"
    path.write_text(f"Date,Amount,Description\n2026-01-0{day},5.00,Salary\n")
    return path


def slowly(work, *args):
    """Do it, and stay in the transaction for a while."""
    work(*args)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.2)")
