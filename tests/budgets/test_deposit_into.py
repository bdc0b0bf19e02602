"""Depositing into one bucket, and what becomes of money it has no space for."""

import pytest

from budgets.cascade import MAX_MINOR, Claim
from budgets.errors import BadAmount, BadRule, BucketClosed, KeyReused, NoSpace
from budgets.managers.dispositions import Disposition, Overflow
from budgets.models import Bucket, Entry, Movement
from tests.factories import BucketFactory, BudgetFactory


def lines(movement: Movement) -> list[tuple]:
    """Bucket, amount, reason and whether it became full, in order."""
    entries = movement.entries.order_by("position")
    return list(entries.values_list("bucket__name", "amount", "reason", "became_full"))


@pytest.fixture
def bucket(budget) -> Bucket:
    """A bucket with space for 100; 20 of them are taken."""
    bucket = BucketFactory(budget=budget, name="Holiday", target=100)
    Movement.objects.deposit_into(bucket, 20)
    return bucket


class TestOverflow:
    @pytest.mark.parametrize("overflow", Overflow)
    def test_does_not_matter_while_there_is_space(self, bucket, overflow):
        movement = Movement.objects.deposit_into(bucket, 80, overflow=overflow)

        assert lines(movement) == [("Holiday", 80, "direct", True)]

    def test_goes_to_the_money_bucket_by_default(self, bucket):
        movement = Movement.objects.deposit_into(bucket, 81)

        assert lines(movement) == [
            ("Holiday", 80, "direct", True),
            ("Money", 1, "overflow", False),
        ]

    def test_can_be_rejected(self, bucket):
        with pytest.raises(NoSpace) as refused:
            Movement.objects.deposit_into(bucket, 81, overflow=Overflow.REJECT)

        assert refused.value.figures == {"asked": 81, "space": 80}
        assert Movement.objects.count() == 1

    def test_can_fill_the_bucket_beyond_its_target(self, bucket):
        movement = Movement.objects.deposit_into(bucket, 81, overflow=Overflow.ALLOW)

        assert lines(movement) == [("Holiday", 81, "direct", True)]
        assert Entry.objects.get(movement=movement).balance_after == 101

    def test_beyond_its_target_a_bucket_does_not_become_full_again(self, bucket):
        for amount, becomes_full in ((79, False), (1, True), (5, False)):
            movement = Movement.objects.deposit_into(bucket, amount, overflow=Overflow.ALLOW)

            assert lines(movement) == [("Holiday", amount, "direct", becomes_full)]

    @pytest.mark.parametrize("balance", [100, 101])
    def test_is_everything_when_the_bucket_is_full(self, budget, balance):
        bucket = BucketFactory(budget=budget, name="Full", target=100)
        Movement.objects.deposit_into(bucket, balance, overflow=Overflow.ALLOW)

        movement = Movement.objects.deposit_into(bucket, 5)

        assert lines(movement) == [("Money", 5, "overflow", False)]
        with pytest.raises(NoSpace, match="Full is full") as refused:
            Movement.objects.deposit_into(bucket, 5, overflow=Overflow.REJECT)
        assert refused.value.figures == {"asked": 5, "space": 0}

    @pytest.mark.parametrize("overflow", Overflow)
    def test_there_is_none_without_a_target(self, budget, overflow):
        bucket = BucketFactory(budget=budget, name="Open")

        movement = Movement.objects.deposit_into(bucket, 10**15, overflow=overflow)

        assert lines(movement) == [("Open", 10**15, "direct", False)]

    @pytest.mark.parametrize("overflow", ["elsewhere", "", "MONEY", None])
    def test_is_refused_when_it_is_no_way_there_is(self, bucket, overflow):
        for verb in (Movement.objects.deposit_into, Movement.objects.preview_into):
            with pytest.raises(BadRule, match="money, reject, allow"):
                verb(bucket, 5, overflow=overflow)

        assert Movement.objects.count() == 1

    @pytest.mark.parametrize("overflow", Overflow)
    def test_there_is_none_of_the_money_bucket(self, budget, overflow):
        money = budget.buckets.money()

        movement = Movement.objects.deposit_into(money, 5, overflow=overflow)

        assert lines(movement) == [("Money", 5, "direct", False)]


class TestDepositInto:
    def test_takes_no_notice_of_filters_and_other_buckets(self, budget):
        BucketFactory(budget=budget, filter=Claim(share=1_000_000))
        bucket = BucketFactory(budget=budget, name="Second", filter=Claim(flat=0))

        movement = Movement.objects.deposit_into(bucket, 5)

        assert (movement.kind, movement.net_amount) == ("deposit_into", 5)
        assert lines(movement) == [("Second", 5, "direct", False)]

    def test_works_on_a_locked_bucket(self, bucket):
        Bucket.objects.lock(bucket)

        movement = Movement.objects.deposit_into(bucket, 5)

        assert lines(movement) == [("Holiday", 5, "direct", False)]

    def test_refuses_a_closed_bucket(self, budget):
        bucket = BucketFactory(budget=budget)
        Bucket.objects.close(Bucket.objects.get(pk=bucket.pk), Disposition.MONEY)

        for overflow in Overflow:
            with pytest.raises(BucketClosed):
                Movement.objects.deposit_into(bucket, 5, overflow=overflow)

        assert not Movement.objects.exists()

    def test_goes_by_what_is_stored_and_not_by_a_bucket_read_before(self, bucket):
        stale = Bucket.objects.get(pk=bucket.pk)
        Movement.objects.deposit_into(bucket, 80)

        movement = Movement.objects.deposit_into(stale, 5)

        assert lines(movement) == [("Money", 5, "overflow", False)]

    def test_counts_into_the_budgets_totals(self, bucket):
        Movement.objects.deposit_into(bucket, 500)

        budget = bucket.budget
        budget.refresh_from_db()
        assert (budget.deposited, budget.last_movement_seq) == (520, 2)

    @pytest.mark.parametrize("amount", [0, -1, 1.5, True, 2**63, "5"])
    def test_refuses_what_is_no_amount(self, bucket, amount):
        for verb in (Movement.objects.deposit_into, Movement.objects.preview_into):
            with pytest.raises(BadAmount):
                verb(bucket, amount)

    def test_refuses_more_than_the_budget_can_count(self, bucket):
        with pytest.raises(BadAmount, match="count that much"):
            Movement.objects.deposit_into(bucket, MAX_MINOR - 19, overflow=Overflow.ALLOW)

    @pytest.mark.parametrize("overflow", Overflow)
    def test_does_what_the_preview_said(self, bucket, overflow):
        preview = Movement.objects.preview_into(bucket, 80, overflow=overflow)

        movement = Movement.objects.deposit_into(bucket, 80, overflow=overflow)

        said = [(line.bucket.name, line.amount, line.reason) for line in preview]
        assert said == [line[:3] for line in lines(movement)]


class TestKey:
    def test_repeating_it_moves_nothing(self, bucket):
        first = Movement.objects.deposit_into(bucket, 500, key="once")

        again = Movement.objects.deposit_into(bucket, 500, key="once")

        assert again == first
        assert Movement.objects.count() == 2

    def test_is_known_although_the_bucket_has_no_space_any_more(self, bucket):
        first = Movement.objects.deposit_into(bucket, 80, overflow=Overflow.REJECT, key="once")

        again = Movement.objects.deposit_into(bucket, 80, overflow=Overflow.REJECT, key="once")

        assert again == first

    def test_of_another_request_is_refused(self, bucket):
        other = BucketFactory(budget=bucket.budget)
        Movement.objects.deposit_into(bucket, 5, key="once")

        for which, amount, overflow in (
            (other, 5, Overflow.MONEY),
            (bucket, 6, Overflow.MONEY),
            (bucket, 5, Overflow.ALLOW),
        ):
            with pytest.raises(KeyReused):
                Movement.objects.deposit_into(which, amount, overflow=overflow, key="once")

    def test_of_another_budget_is_another_key(self, bucket):
        elsewhere = BudgetFactory().buckets.money()

        movements = {
            Movement.objects.deposit_into(each, 5, key="once") for each in (bucket, elsewhere)
        }

        assert len(movements) == 2
