"""Buckets: made, locked and unlocked by verbs that each leave a version behind."""

from typing import Any

import pytest

from budgets.cascade import Claim
from budgets.errors import BadRule, BucketClosed, KeyReused, UnknownBucket
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, BucketVersion, Budget, Movement
from tenants.context import acting_for
from tests.factories import BucketFactory, BudgetFactory, UserFactory

HUNDRED = Claim(flat=100_00)


def close(bucket: Bucket) -> None:
    """Close an empty bucket; the row in hand does not know it."""
    Bucket.objects.close(Bucket.objects.get(pk=bucket.pk), Disposition.MONEY)


def names(budget: Budget) -> list[str]:
    """The envelopes, first served first."""
    return list(budget.buckets.envelopes().values_list("name", flat=True))


class TestCreateBucket:
    @pytest.mark.parametrize(
        ("rules", "columns"),
        [
            ({"filter": Claim(flat=5)}, (5, None, None, None, None)),
            ({"filter": Claim(share=333_333)}, (None, 333_333, None, None, None)),
            ({"filter": Claim()}, (0, None, None, None, None)),
            ({"filter": HUNDRED, "hold": Claim(flat=7)}, (100_00, None, 7, None, None)),
            ({"filter": HUNDRED, "hold": Claim(share=9)}, (100_00, None, None, 9, None)),
            ({"filter": HUNDRED, "hold": Claim()}, (100_00, None, 0, None, None)),
            ({"filter": HUNDRED, "target": 0}, (100_00, None, None, None, 0)),
            ({"filter": HUNDRED, "target": 2**63 - 1}, (100_00, None, None, None, 2**63 - 1)),
        ],
    )
    def test_keeps_the_rules_it_was_given(self, budget, rules, columns):
        bucket = Bucket.objects.create_bucket(budget, "Rent", **rules)

        kept = ("filter_flat", "filter_share", "hold_flat", "hold_share", "target")
        assert Bucket.objects.values_list(*kept).get(pk=bucket.pk) == columns
        assert (bucket.filter, bucket.hold) == (rules["filter"], rules.get("hold"))

    def test_writes_the_first_version_of_its_rules(self, tenant):
        user = UserFactory()
        with acting_for(tenant, actor=user):
            budget = BudgetFactory()
            Movement.objects.deposit(budget, 1)

            bucket = Bucket.objects.create_bucket(
                budget, "Rent", filter=Claim(share=5), hold=Claim(flat=6), target=7,
                priority=3, locked=True, key="rent",
            )  # fmt: skip

            version = bucket.versions.get()
            assert (version.version, version.from_seq, version.key) == (1, 2, "rent")
            assert version.actor_id == user.pk
            assert (version.name, version.priority, version.locked) == ("Rent", 3, True)
            assert (version.filter, version.hold, version.target) == (
                Claim(share=5),
                Claim(flat=6),
                7,
            )

    def test_counts_as_a_change_of_its_budget(self, budget):
        before = budget.version

        BucketFactory(budget=budget)

        budget.refresh_from_db()
        assert budget.version == before + 1

    def test_comes_last_without_a_priority(self, budget):
        for name, priority in (("a", None), ("b", 7), ("c", None), ("d", 3)):
            Bucket.objects.create_bucket(budget, name, filter=HUNDRED, priority=priority)

        found = budget.buckets.envelopes().values_list("name", "priority")
        assert list(found) == [("a", 0), ("d", 3), ("b", 7), ("c", 8)]

    @pytest.mark.parametrize(
        ("rule", "says"),
        [
            ({"priority": 0}, "another bucket of the budget has that priority"),
            ({"priority": -1}, "from 0"),
            ({"name": "taken"}, "another open bucket of the budget has that name"),
            ({"name": " TAKEN "}, "another open bucket of the budget has that name"),
            ({"name": "money"}, "another open bucket of the budget has that name"),
            ({"name": " "}, "1 to 255 characters"),
            ({"name": "x" * 256}, "1 to 255 characters"),
            ({"target": -1}, "target"),
        ],
    )
    def test_refuses_a_bad_rule_and_leaves_the_block_usable(self, budget, rule, says):
        Bucket.objects.create_bucket(budget, "Taken", filter=HUNDRED)
        rules: dict[str, Any] = {"name": "Rent", "filter": HUNDRED} | rule

        with pytest.raises(BadRule, match=says):
            Bucket.objects.create_bucket(budget, **rules)

        BucketFactory(budget=budget, name="After")
        assert names(budget) == ["Taken", "After"]
        assert budget.versions.count() == 3

    def test_takes_names_as_long_as_two_hundred_characters_without_spaces_around(self, budget):
        bucket = Bucket.objects.create_bucket(budget, f" {'x' * 255} ", filter=HUNDRED)

        assert bucket.name == "x" * 255

    def test_a_name_and_a_priority_are_free_in_another_budget_and_after_closing(self, budget):
        taken = Bucket.objects.create_bucket(budget, "Rent", filter=HUNDRED, priority=0)
        close(taken)

        for each in (budget, BudgetFactory()):
            Bucket.objects.create_bucket(each, "rent", filter=HUNDRED, priority=0)

        assert Bucket.objects.filter(name__iexact="rent", priority=0).count() == 2

    def test_repeating_a_key_returns_the_first_bucket_as_it_now_stands(self, budget):
        first = Bucket.objects.create_bucket(budget, "Rent", filter=HUNDRED, key="k")
        Movement.objects.deposit(budget, 30_00)

        again = Bucket.objects.create_bucket(budget, "Rent", filter=HUNDRED, key="k")

        assert (again, again.balance) == (first, 30_00)
        assert names(budget) == ["Rent"]
        assert first.versions.count() == 1

    @pytest.mark.parametrize(
        "rule",
        [
            {"name": "Rents"},
            {"filter": Claim(share=100_00)},
            {"hold": Claim()},
            {"target": 0},
            {"priority": 0},
            {"locked": True},
        ],
    )
    def test_a_key_of_another_request_is_refused(self, budget, rule):
        rules: dict[str, Any] = {"name": "Rent", "filter": HUNDRED, "key": "k"}
        Bucket.objects.create_bucket(budget, **rules)

        with pytest.raises(KeyReused):
            Bucket.objects.create_bucket(budget, **rules | rule)

    def test_a_key_of_another_budget_is_another_key(self, budget):
        first, second = (
            Bucket.objects.create_bucket(each, "Rent", filter=HUNDRED, key="k")
            for each in (budget, BudgetFactory())
        )

        assert first != second


class TestLock:
    def test_a_locked_bucket_is_passed_by_until_it_is_unlocked(self, budget):
        bucket = BucketFactory(budget=budget, filter=Claim(flat=10))

        balances = []
        for verb in (Bucket.objects.lock, Bucket.objects.unlock):
            verb(bucket)
            Movement.objects.deposit(budget, 100)
            balances.append(Bucket.objects.get(pk=bucket.pk).balance)

        assert balances == [0, 10]

    def test_each_change_writes_a_version_from_the_next_movement_on(self, tenant):
        user = UserFactory()
        with acting_for(tenant):
            budget = BudgetFactory()
            bucket = BucketFactory(budget=budget)
            Movement.objects.deposit(budget, 1)
            with acting_for(tenant, actor=user):
                Bucket.objects.lock(bucket, key="k")
            Movement.objects.deposit(budget, 1)
            Bucket.objects.unlock(bucket)

            rows = bucket.versions.order_by("version")
            kept = rows.values_list("version", "from_seq", "locked", "key", "actor")
            assert list(kept) == [
                (1, 1, False, None, None),
                (2, 2, True, "k", user.pk),
                (3, 3, False, None, None),
            ]
            assert Bucket.objects.get(pk=bucket.pk).version == 3

    def test_a_change_of_rules_does_not_change_how_the_past_is_explained(self, budget):
        bucket = BucketFactory(budget=budget, filter=Claim(flat=10))
        before = Movement.objects.deposit(budget, 100)
        Bucket.objects.lock(bucket)
        after = Movement.objects.deposit(budget, 100)

        kept = [Movement.objects.replay(each).changes for each in (before, after)]

        assert kept == [{bucket.pk: 10}, {}]

    def test_locking_what_is_locked_changes_nothing(self, budget):
        bucket = BucketFactory(budget=budget)
        stale = Bucket.objects.get(pk=bucket.pk)
        Bucket.objects.lock(bucket)
        budget.refresh_from_db()
        version = budget.version

        again = Bucket.objects.lock(stale)

        budget.refresh_from_db()
        assert (again.locked, again.version, budget.version) == (True, 2, version)
        assert BucketVersion.objects.filter(bucket=bucket).count() == 2

    def test_repeating_a_key_does_not_lock_again(self, budget):
        bucket = BucketFactory(budget=budget)
        Bucket.objects.lock(bucket, key="k")
        Bucket.objects.unlock(bucket)

        again = Bucket.objects.lock(bucket, key="k")

        assert (again, again.locked) == (bucket, False)
        assert bucket.versions.count() == 3

    def test_a_key_of_another_verb_or_bucket_is_refused(self, budget):
        bucket, other = BucketFactory(budget=budget, key="made"), BucketFactory(budget=budget)
        Bucket.objects.lock(bucket, key="k")

        for verb, which, key in (
            (Bucket.objects.unlock, bucket, "k"),
            (Bucket.objects.lock, other, "k"),
            (Bucket.objects.lock, bucket, "made"),
        ):
            with pytest.raises(KeyReused):
                verb(which, key=key)

    def test_refuses_the_money_bucket_and_closed_ones(self, budget):
        closed = BucketFactory(budget=budget)
        close(closed)

        for verb in (Bucket.objects.lock, Bucket.objects.unlock):
            with pytest.raises(BucketClosed):
                verb(closed)
            with pytest.raises(BadRule, match="money bucket"):
                verb(budget.buckets.money())

        assert budget.versions.count() == 3

    def test_keeps_what_others_changed_meanwhile(self, budget):
        bucket = BucketFactory(budget=budget, target=5)
        Bucket.objects.set_target(Bucket.objects.get(pk=bucket.pk), 9)

        Bucket.objects.lock(bucket)

        assert bucket.versions.order_by("version").last().target == 9


class TestCalled:
    def test_finds_an_open_bucket_whatever_the_case(self, budget):
        bucket = BucketFactory(budget=budget, name="Crèche")

        assert Bucket.objects.get_by_name(budget, "CRÈCHE") == bucket
        assert Bucket.objects.get_by_name(budget, "money") == budget.buckets.money()

    def test_refuses_closed_buckets_and_those_of_other_budgets(self, budget):
        close(BucketFactory(budget=budget, name="Closed"))
        BucketFactory(name="Elsewhere")

        for name in ("Closed", "Elsewhere", ""):
            with pytest.raises(UnknownBucket):
                Bucket.objects.get_by_name(budget, name)


@pytest.mark.parametrize(
    ("locked", "balance", "state"),
    [(False, 4, "active"), (False, 5, "full"), (True, 4, "locked"), (True, 5, "locked")],
)
def test_the_state_is_locked_else_full_else_active(budget, locked, balance, state):
    bucket = BucketFactory(budget=budget, target=5, locked=locked)
    Movement.objects.deposit_into(bucket, balance)

    bucket.refresh_from_db()

    assert bucket.state == state
