"""Depositing through the cascade."""

import pytest

from budgets.cascade import Claim
from budgets.errors import BadAmount, KeyReused, StalePlan
from budgets.models import Movement
from tests.factories import BucketFactory


class TestDeposit:
    def test_fills_envelopes_by_priority_and_sends_the_rest_to_the_money_bucket(self, budget):
        rent = BucketFactory(budget=budget, filter=Claim(flat=300_00))
        fun = BucketFactory(budget=budget, filter=Claim(share=500_000))

        movement = Movement.objects.deposit(budget, 350_00, key="pay-june")

        after = dict(movement.entries.values_list("bucket__name", "balance_after"))
        assert after == {rent.name: 300_00, fun.name: 25_00, "Money": 25_00}

    def test_repeating_a_key_moves_nothing(self, budget):
        first = Movement.objects.deposit(budget, 100, key="once")

        again = Movement.objects.deposit(budget, 100, key="once")

        assert again == first
        assert budget.buckets.money().balance == 100

    def test_a_key_of_another_request_is_refused(self, budget):
        Movement.objects.deposit(budget, 100, key="once")

        with pytest.raises(KeyReused):
            Movement.objects.deposit(budget, 101, key="once")

    @pytest.mark.parametrize("amount", [0, -1, 1.5, True, 2**63, "5"])
    def test_refuses_what_is_no_amount(self, budget, amount):
        with pytest.raises(BadAmount):
            Movement.objects.deposit(budget, amount)

    def test_does_what_the_preview_said(self, budget):
        BucketFactory(budget=budget, filter=Claim(share=333_333), target=5)
        preview = Movement.objects.preview(budget, 100)

        movement = Movement.objects.deposit(budget, 100, expect=preview.hash)

        entries = movement.entries.order_by("position").values_list("bucket", "amount", "reason")
        assert list(entries) == [
            (line.bucket.pk, line.amount, line.reason) for line in preview.lines
        ]

    def test_refuses_a_preview_the_budget_has_outgrown(self, budget):
        preview = Movement.objects.preview(budget, 100)
        BucketFactory(budget=budget)

        with pytest.raises(StalePlan):
            Movement.objects.deposit(budget, 100, expect=preview.hash)
