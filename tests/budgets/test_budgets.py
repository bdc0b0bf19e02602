"""Budgets: founded in one currency, with one money bucket."""

import pytest
from django.utils import timezone

from budgets.errors import BadRule, CurrencyEnded, UnknownBudget, UnknownCurrency
from budgets.managers.kinds import BucketKind
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tenants.errors import ConstraintBroken, TenantViolation
from tests.command_line import manage
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory


class TestCreateBudget:
    @pytest.mark.parametrize(
        ("said", "currency", "exponent"),
        [("JPY", "JPY", 0), ("EUR", "EUR", 2), ("eur", "EUR", 2), ("KWD", "KWD", 3)],
    )
    def test_knows_the_decimals_of_its_currency(self, acting, said, currency, exponent):
        budget = Budget.objects.create_budget("Household", said)

        kept = Budget.objects.values_list("currency", "exponent").get(pk=budget.pk)
        assert kept == (currency, exponent)

    def test_refuses_a_currency_that_ended(self, acting):
        with pytest.raises(CurrencyEnded, match=r"BGN ended on 2026-01-01: .* EUR"):
            Budget.objects.create_budget("Household", "bgn")

        assert not Budget.objects.exists()

    @pytest.mark.parametrize("currency", ["", "XYZ", "EURO", "DEM", "XXX", "€", "E R"])
    def test_refuses_what_is_no_currency(self, acting, currency):
        with pytest.raises(UnknownCurrency):
            Budget.objects.create_budget("Household", currency)

        assert not Budget.objects.exists()

    def test_begins_with_nothing_but_an_empty_money_bucket(self, acting):
        budget = Budget.objects.create_budget("Household", "EUR")

        money = budget.buckets.get()
        assert (money.kind, money.balance, money.priority) == ("money", 0, None)
        assert [version.bucket for version in budget.versions.all()] == [money]
        assert (budget.last_movement_seq, budget.deposited, budget.withdrawn) == (0, 0, 0)

    @pytest.mark.parametrize("name", ["household", " HOUSEHOLD "])
    def test_refuses_a_name_that_is_taken_and_leaves_the_block_usable(self, acting, name):
        Budget.objects.create_budget("Household", "EUR")

        with pytest.raises(BadRule, match="already"):
            Budget.objects.create_budget(name, "EUR")

        Budget.objects.create_budget("Another", "EUR")
        assert Bucket.objects.filter(kind=BucketKind.MONEY).count() == 2

    @pytest.mark.parametrize("name", ["", "  ", "x" * 256])
    def test_refuses_what_is_no_name(self, acting, name):
        with pytest.raises(BadRule, match="1 to 255"):
            Budget.objects.create_budget(name, "EUR")

        assert not Budget.objects.exists()

    @pytest.mark.parametrize("name", ["red \x1b[31m", "two\nlines", "\x9b31m"])
    def test_refuses_a_name_that_a_terminal_would_obey(self, acting, name):
        with pytest.raises(BadRule, match="no control characters"):
            Budget.objects.create_budget(name, "EUR")

        assert not Budget.objects.exists()

    def test_a_name_is_free_in_another_tenant_and_once_it_is_archived(self, tenant, other):
        for each in (tenant, other):
            with acting_for(each):
                Budget.objects.create_budget("Household", "EUR")

        with acting_for(tenant):
            Budget.objects.update(archived_at=timezone.now())
            Budget.objects.create_budget("Household", "EUR")

            assert Budget.objects.filter(name="Household").count() == 2

    def test_may_have_a_member_of_the_tenant_as_owner_and_nobody_else(self, tenant, other):
        with acting_for(other):
            stranger = MembershipFactory()
        with acting_for(tenant):
            member = MembershipFactory()

            budget = BudgetFactory(owner=member)

            assert list(member.budgets.all()) == [budget]
            with pytest.raises(ConstraintBroken):
                BudgetFactory(owner=stranger)


class TestMoneyBucket:
    def test_there_is_never_a_second_one(self, tenant):
        with pytest.raises(ConstraintBroken) as refused, acting_for(tenant):
            Bucket.objects.create(budget=BudgetFactory(), name="Purse", kind=BucketKind.MONEY)

        assert refused.value.constraint == "budgets_bucket_one_money"

    @pytest.mark.parametrize(
        "rule",
        [
            {"locked": True},
            {"target": 5},
            {"priority": 0},
            {"filter_flat": 1},
            {"filter_share": 1},
            {"hold_flat": 1},
            {"hold_share": 1},
            {"archived_at": "2026-01-01T00:00Z"},
        ],
    )
    def test_is_never_locked_closed_targeted_or_filtered(self, tenant, rule):
        with pytest.raises(ConstraintBroken) as refused, acting_for(tenant):
            BudgetFactory().buckets.filter(kind=BucketKind.MONEY).update(**rule)

        assert refused.value.constraint == "budgets_bucket_money_is_plain"


class TestCalled:
    def test_finds_an_open_budget_whatever_the_case_or_by_its_id(self, acting):
        budget = BudgetFactory(name="Crèche")

        found = {Budget.objects.get_by_name(name) for name in ("Crèche", "CRÈCHE", str(budget.pk))}

        assert found == {budget}

    def test_a_name_goes_before_an_id(self, acting):
        first = BudgetFactory()
        named = BudgetFactory(name=str(first.pk))

        assert Budget.objects.get_by_name(str(first.pk)) == named

    def test_refuses_archived_budgets_and_those_of_other_tenants(self, tenant, other):
        with acting_for(other):
            elsewhere = BudgetFactory(name="Elsewhere")
        with acting_for(tenant):
            archived = BudgetFactory(name="Archived")
            Budget.objects.update(archived_at=timezone.now())

            for name in ("Elsewhere", str(elsewhere.pk), "Archived", str(archived.pk), "", "x"):
                with pytest.raises(UnknownBudget):
                    Budget.objects.get_by_name(name)


def test_one_whose_currency_ended_goes_on(tenant):
    with acting_for(tenant):
        lev = Budget(name="From 2025", currency="BGN", exponent=2)
        lev.save(force_insert=True)
        Budget.objects._writer.add_money_bucket(lev)

    words = ("--tenant", tenant.slug, "--budget", "From 2025")
    assert "BGN5.50" in manage("deposit", *words, "5.50 BGN").out
    assert "BGN5.50" in manage("report", "dashboard", *words).out


def test_the_currency_is_fixed(tenant):
    with pytest.raises(TenantViolation), acting_for(tenant):
        Budget.objects.filter(pk=BudgetFactory().pk).update(currency="CHF")


def test_acquiring_reads_what_others_have_committed(tenant):
    with acting_for(tenant):
        budget = BudgetFactory()
        Movement.objects.deposit(Budget.objects.get(), 5)
        BucketFactory(budget=Budget.objects.get())

        budget.acquire()

        assert (budget.last_movement_seq, budget.deposited, budget.version) == (1, 5, 3)
