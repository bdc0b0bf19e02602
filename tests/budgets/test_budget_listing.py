"""Budgets, listed for whoever asks."""

import pytest

from budgets.models import Budget
from tenants.errors import BadFilter
from tests.factories import BudgetFactory, MembershipFactory


class TestAListing:
    def test_is_of_an_owner_newest_first_a_page_at_a_time(self, acting):
        owner = MembershipFactory()
        mine = [BudgetFactory(owner=owner) for _ in range(3)]
        BudgetFactory()

        first = Budget.objects.page({"owner": str(owner.pk), "limit": "2"})
        second = Budget.objects.page({"owner": str(owner.pk), "limit": "2"}, cursor=first.next)

        assert [*first.rows, *second.rows] == mine[::-1]
        assert second.next is None

    def test_finds_a_part_of_a_name_whatever_its_case(self, acting):
        wanted = BudgetFactory(name="Kitchen 2027")
        BudgetFactory(name="Garden")

        assert list(Budget.objects.listed({"search": "ITCHEN"})) == [wanted]

    def test_refuses_what_is_not_declared(self, acting):
        with pytest.raises(BadFilter, match="owner"):
            Budget.objects.listed({"deposited__gte": "1"})
