"""Depositing through the cascade."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from budgets.cascade import MAX_MINOR, Claim
from budgets.errors import BadAmount, KeyReused, StalePlan
from budgets.managers import databasewriter
from budgets.models import Bucket, Budget, Entry, Movement
from tenants.context import acting_for
from tests.factories import BucketFactory, BudgetFactory, UserFactory

PAST = datetime(2020, 2, 29, 12, tzinfo=UTC)


class TestDeposit:
    def test_fills_envelopes_by_priority_and_sends_the_rest_to_the_money_bucket(self, budget):
        rent = BucketFactory(budget=budget, filter=Claim(flat=300_00))
        fun = BucketFactory(budget=budget, filter=Claim(share=500_000))

        movement = Movement.objects.deposit(budget, 350_00, key="pay-june")

        after = dict(movement.entries.values_list("bucket__name", "balance_after"))
        assert after == {rent.name: 300_00, fun.name: 25_00, "Money": 25_00}

    def test_writes_a_line_only_for_buckets_that_get_something(self, budget):
        BucketFactory(budget=budget, name="locked", locked=True)
        BucketFactory(budget=budget, name="full", target=0)
        BucketFactory(budget=budget, name="takes all", filter=Claim(share=1_000_000))
        BucketFactory(budget=budget, name="exhausted")

        movement = Movement.objects.deposit(budget, 100)

        assert movement.entry_count == 1
        assert movement.entries.get().bucket.name == "takes all"

    def test_each_line_says_why(self, budget):
        for flat, hold, target in ((1, None, None), (1, Claim(flat=2), None), (5, None, 1)):
            BucketFactory(budget=budget, filter=Claim(flat=flat), hold=hold, target=target)

        movement = Movement.objects.deposit(budget, 100)

        entries = movement.entries.order_by("position").values_list("amount", "reason")
        assert list(entries) == [
            (1, "filter"),
            (2, "hold_floor"),
            (1, "capacity_limit"),
            (96, "remainder"),
        ]

    def test_a_bucket_becomes_full_once(self, budget):
        BucketFactory(budget=budget, filter=Claim(flat=3), target=5)

        for _ in range(3):
            Movement.objects.deposit(budget, 3)

        lines = Entry.objects.order_by("movement__seq", "position")
        assert list(lines.values_list("movement__seq", "balance_after", "became_full")) == [
            (1, 3, False),
            (2, 5, True),
            (2, 1, False),
            (3, 4, False),
        ]

    def test_numbers_movements_and_each_buckets_entries_without_a_gap(self, budget):
        bucket = BucketFactory(budget=budget, filter=Claim(flat=1))
        other = BudgetFactory()

        for each in (budget, other, budget, budget):
            Movement.objects.deposit(each, 5)

        assert list(budget.movements.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3]
        chain = bucket.entries.order_by("seq").values_list("seq", "balance_before", "balance_after")
        assert list(chain) == [(1, 0, 1), (2, 1, 2), (3, 2, 3)]

    def test_counts_into_the_budgets_totals(self, budget):
        for amount in (5, 7):
            movement = Movement.objects.deposit(budget, amount)

        kept = Budget.objects.get(pk=budget.pk)
        assert (kept.deposited, kept.withdrawn, kept.last_movement_seq, kept.version) == (
            12,
            0,
            2,
            3,
        )
        assert kept.last_recorded_at == movement.recorded_at

    def test_goes_by_what_is_stored_and_not_by_a_budget_read_before(self, budget):
        stale = Budget.objects.get(pk=budget.pk)
        Movement.objects.deposit(budget, 5)

        movement = Movement.objects.deposit(stale, 7)

        assert (movement.seq, movement.entries.get().balance_before) == (2, 5)

    @pytest.mark.parametrize("amount", [0, -1, 1.5, True, 2**63, "5", None])
    def test_refuses_what_is_no_amount(self, budget, amount):
        with pytest.raises(BadAmount):
            Movement.objects.deposit(budget, amount)

        assert not Movement.objects.exists()

    def test_refuses_more_than_the_budget_can_count(self, budget):
        Movement.objects.deposit(budget, MAX_MINOR - 1, key="much")
        Movement.objects.deposit(budget, 1)

        with pytest.raises(BadAmount, match="count that much"):
            Movement.objects.deposit(budget, 1)

        assert budget.buckets.money().balance == MAX_MINOR

    def test_takes_ten_buckets_in_as_many_statements_as_two(self, budget):
        for _ in range(2):
            BucketFactory(budget=budget, filter=Claim(flat=1))
        with CaptureQueriesContext(connection) as over_two:
            Movement.objects.deposit(budget, 100, key="two")
        for _ in range(8):
            BucketFactory(budget=budget, filter=Claim(flat=1))

        with CaptureQueriesContext(connection) as over_ten:
            movement = Movement.objects.deposit(budget, 100, key="ten")

        # lock, key, buckets, movement, entries, balances, totals
        assert movement.entry_count == 11
        assert (len(over_two), len(over_ten)) == (7, 7)


class TestRequestOptions:
    def test_are_recorded(self, tenant):
        user = UserFactory()
        with acting_for(tenant, actor=user, request_id="request-7"):
            Movement.objects.deposit(
                BudgetFactory(),
                5,
                key="k",
                effective_at=PAST,
                memo="Löhne",
                metadata={"a": [1, None, "ü"]},
                source="run 3",
            )

            movement = Movement.objects.get()
            assert (movement.actor_id, movement.request_id) == (user.pk, "request-7")
            assert (movement.key, movement.effective_at, movement.memo) == ("k", PAST, "Löhne")
            assert (movement.metadata, movement.source) == ({"a": [1, None, "ü"]}, "run 3")

    def test_are_empty_and_now_by_default(self, budget):
        movement = Movement.objects.deposit(budget, 5)

        assert (movement.key, movement.actor_id, movement.request_id) == (None, None, "")
        assert (movement.memo, movement.metadata, movement.source) == ("", {}, "")
        assert movement.effective_at == movement.recorded_at
        assert abs(datetime.now(UTC) - movement.recorded_at) < timedelta(minutes=1)

    def test_a_clock_that_goes_back_does_not_take_the_record_with_it(self, budget, monkeypatch):
        first = Movement.objects.deposit(budget, 5)
        monkeypatch.setattr(databasewriter, "timezone", SimpleNamespace(now=lambda: PAST))

        second = Movement.objects.deposit(budget, 5)

        assert second.recorded_at == first.recorded_at


class TestKey:
    def test_repeating_it_moves_nothing(self, budget):
        first = Movement.objects.deposit(budget, 100, key="once")
        Movement.objects.deposit(budget, 100)

        again = Movement.objects.deposit(budget, 100, key="once")

        assert again == first
        assert budget.buckets.money().balance == 200

    def test_repeating_it_with_all_particulars_moves_nothing(self, budget):
        told: dict[str, Any] = {"key": "k", "effective_at": PAST, "memo": "m", "source": "s"}
        first = Movement.objects.deposit(budget, 5, **told, metadata={"a": 1, "b": 2})

        again = Movement.objects.deposit(budget, 5, **told, metadata={"b": 2, "a": 1})

        assert again == first

    @pytest.mark.parametrize(
        "change",
        [
            {"amount": 101},
            {"memo": "other"},
            {"source": "other"},
            {"metadata": {"a": 1}},
            {"effective_at": PAST},
        ],
    )
    def test_of_another_request_is_refused(self, budget, change):
        request: dict[str, Any] = {"amount": 100, "key": "once"}
        Movement.objects.deposit(budget, **request)

        with pytest.raises(KeyReused):
            Movement.objects.deposit(budget, **request | change)

        assert Movement.objects.count() == 1

    def test_of_a_deposit_into_a_bucket_is_refused(self, budget):
        Movement.objects.deposit_into(budget.buckets.money(), 100, key="once")

        with pytest.raises(KeyReused):
            Movement.objects.deposit(budget, 100, key="once")

    def test_of_another_budget_is_another_key(self, budget):
        movements = [
            Movement.objects.deposit(each, 100, key="once") for each in (budget, BudgetFactory())
        ]

        assert len(set(movements)) == 2

    def test_is_known_however_full_the_budget_is(self, budget):
        first = Movement.objects.deposit(budget, MAX_MINOR, key="all")

        again = Movement.objects.deposit(budget, MAX_MINOR, key="all")

        assert again == first

    def test_is_known_although_the_preview_has_been_outgrown(self, budget):
        preview = Movement.objects.preview(budget, 100)
        first = Movement.objects.deposit(budget, 100, key="k", expect=preview.hash)

        again = Movement.objects.deposit(budget, 100, key="k", expect=preview.hash)

        assert again == first


class TestPreview:
    def test_writes_nothing(self, budget):
        BucketFactory(budget=budget)

        with CaptureQueriesContext(connection) as statements:
            Movement.objects.preview(budget, 100)

        assert [query["sql"][:6] for query in statements] == ["SELECT"]

    def test_is_what_the_deposit_then_does(self, budget):
        BucketFactory(budget=budget, filter=Claim(share=333_333), target=5)
        preview = Movement.objects.preview(budget, 100)

        movement = Movement.objects.deposit(budget, 100, expect=preview.hash)

        entries = movement.entries.order_by("position").values_list("bucket", "amount", "reason")
        assert list(entries) == [
            (line.bucket.pk, line.amount, line.reason) for line in preview.lines
        ]

    def test_is_the_same_as_long_as_the_budget_is(self, budget):
        BucketFactory(budget=budget)

        hashes = {Movement.objects.preview(budget, 100).hash for _ in range(2)}

        assert len(hashes) == 1
        assert Movement.objects.preview(budget, 101).hash not in hashes

    @pytest.mark.parametrize(
        "change",
        [
            lambda budget: BucketFactory(budget=budget),
            lambda budget: Bucket.objects.lock(Bucket.objects.get(name="Rent")),
            lambda budget: Movement.objects.deposit(budget, 1),
        ],
        ids=["a new bucket", "a lock", "a deposit"],
    )
    def test_is_refused_once_the_budget_has_changed(self, budget, change):
        BucketFactory(budget=budget, name="Rent")
        preview = Movement.objects.preview(budget, 100)
        change(budget)
        before = Movement.objects.count()

        with pytest.raises(StalePlan):
            Movement.objects.deposit(budget, 100, expect=preview.hash)

        assert Movement.objects.count() == before

    def test_of_another_sum_or_budget_is_refused(self, budget):
        for preview in (
            Movement.objects.preview(budget, 101),
            Movement.objects.preview(BudgetFactory(), 100),
        ):
            with pytest.raises(StalePlan):
                Movement.objects.deposit(budget, 100, expect=preview.hash)

    @pytest.mark.parametrize("amount", [0, -1, 2**63])
    def test_refuses_what_is_no_amount(self, budget, amount):
        with pytest.raises(BadAmount):
            Movement.objects.preview(budget, amount)
