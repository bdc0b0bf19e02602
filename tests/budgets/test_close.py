"""Closing a bucket: its money goes where it must be said, its history stays."""

from functools import partial
from typing import Any

import pytest

from budgets.cascade import Claim
from budgets.errors import BadOption, BadRule, BucketClosed, NothingToMove, WrongBudget
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Movement
from tests.budgets.verbs import JUNE, Audited, EveryRequest, Scene, Verb
from tests.factories import BucketFactory

MONEY, CASCADE, BUCKET, OUT = Disposition


def close(name: str, to: Any, scene: Scene, into: str | None = None, **said: Any) -> Bucket:
    target = scene.bucket(into) if into else None
    return Bucket.objects.close(scene.bucket(name), to, into=target, **said)


VERBS = {
    "through the cascade": partial(close, "Fun", CASCADE),
    "to a bucket": partial(close, "Fun", BUCKET, into="Rent"),
    "an empty one": partial(close, "Spare", OUT),
}
OTHERS = (
    partial(close, "Trip", MONEY),
    partial(close, "Fun", BUCKET, into="Spare"),
    partial(close, "Spare", MONEY),
)


class TestEveryRequest(EveryRequest):
    @pytest.fixture(params=VERBS)
    def verb(self, request) -> Verb:
        return Verb(VERBS[request.param], OTHERS)


class TestDispositions(Audited):
    def test_to_the_money_bucket(self, scene):
        scene.do(lambda: close("Fun", MONEY, scene))

        movement = scene.newest()
        assert (movement.kind, movement.amount, movement.net_amount) == ("close", 300_00, 0)
        assert scene.lines(movement) == [("Fun", -300_00, "source"), ("Money", 300_00, "direct")]

    def test_through_the_cascade_of_the_others(self, scene):
        scene.do(lambda: Bucket.objects.set_rules(scene.bucket("Fun"), filter=Claim(share=10**6)))

        scene.do(lambda: close("Fun", CASCADE, scene))

        movement = scene.newest()
        assert (movement.kind, movement.amount, movement.net_amount) == ("close_cascade", 300_00, 0)
        assert scene.lines(movement) == [
            ("Fun", -300_00, "source"),
            ("Rent", 200_00, "capacity_limit"),
            ("Money", 100_00, "remainder"),
        ]

    def test_to_a_named_bucket_all_of_it_beyond_its_target_if_need_be(self, scene):
        scene.do(lambda: Bucket.objects.lock(scene.bucket("Rent")))

        scene.do(lambda: close("Fun", BUCKET, scene, into="Rent"))

        movement = scene.newest()
        assert (movement.kind, movement.net_amount) == ("close", 0)
        assert scene.lines(movement) == [("Fun", -300_00, "source"), ("Rent", 300_00, "direct")]
        assert scene.balances("Rent") == [600_00]

    def test_out_of_the_budget(self, scene):
        scene.do(lambda: close("Fun", OUT, scene))

        movement = scene.newest()
        assert (movement.kind, movement.net_amount) == ("close", -300_00)
        assert scene.lines(movement) == [("Fun", -300_00, "withdrawn")]
        assert scene.totals() == (1005_00, 300_00)

    def test_an_empty_bucket_moves_nothing(self, scene):
        for to in (MONEY, CASCADE, OUT):
            made = scene.do(
                lambda: Bucket.objects.create_bucket(scene.home, "Empty", filter=Claim())
            )
            scene.do(lambda made=made, to=to: Bucket.objects.close(made, to))

        assert scene.newest().pk == scene.pks["coins"]


class TestClosed(Audited):
    @pytest.fixture(params=[MONEY, CASCADE])
    def closed(self, scene, request):
        return scene.do(
            lambda: close("Rent", request.param, scene, memo="moved", metadata={"a": 1})
        )

    def test_is_archived_and_has_neither_money_nor_priority(self, scene, closed):
        row = scene.do(lambda: scene.bucket("Rent"))

        assert row.archived_at == closed.archived_at is not None
        assert (row.balance, row.priority, row.state) == (0, None, "closed")

    def test_keeps_its_history(self, scene, closed):
        version = scene.do(lambda: closed.versions.order_by("version").last())

        assert (version.verb, version.from_seq, version.priority) == ("close", 3, None)
        assert version.archived_at == closed.archived_at
        assert scene.do(lambda: closed.entries.count()) == 2

    def test_its_movement_says_what_the_request_said(self, scene, closed):
        movement = scene.newest()

        assert (movement.memo, movement.metadata, movement.key) == ("moved", {"a": 1}, None)

    def test_its_name_is_free_again(self, scene, closed):
        again = scene.do(
            lambda: Bucket.objects.create_bucket(scene.home, "rent", filter=Claim(), priority=0)
        )

        assert scene.do(lambda: Bucket.objects.get_by_name(scene.home, "Rent")) == again

    def test_gets_nothing_from_the_next_deposit(self, scene, closed):
        movement = scene.do(lambda: Movement.objects.deposit(scene.home, 100_00))

        assert "Rent" not in [name for name, *_ in scene.lines(movement)]

    def test_is_not_closed_twice(self, scene, closed):
        scene.refuses(
            lambda: close("Rent", MONEY, scene), BucketClosed, "bucket_closed", bucket="Rent"
        )


class TestReplay(Audited):
    def test_of_a_close_through_the_cascade_leaves_the_closed_bucket_out(self, scene):
        scene.do(lambda: close("Rent", CASCADE, scene))
        scene.do(lambda: Bucket.objects.set_rules(scene.bucket("Fun"), filter=Claim(share=1)))

        movement = scene.newest()

        plan = scene.do(lambda: Movement.objects.replay(movement))

        kept = {step.key: (step.kept, str(step.reason)) for step in plan.steps}
        assert kept == {
            scene.pks["Trip"]: (0, "full"),
            scene.pks["Fun"]: (150_00, "filter"),
            scene.pks["Spare"]: (0, "nothing_wanted"),
        }
        assert plan.remainder == 150_00


class TestRefusals(Audited):
    def test_the_money_bucket(self, scene):
        scene.refuses(lambda: close("Money", OUT, scene), BadRule, "bad_rule", bucket="Money")

    def test_a_bucket_that_is_closed_or_another_budgets_takes_nothing(self, scene):
        for into, error, code, figures in (
            ("Gone", BucketClosed, "bucket_closed", {"bucket": "Gone"}),
            ("Far", WrongBudget, "wrong_budget", {}),
            ("Fun", NothingToMove, "nothing_to_move", {"bucket": "Fun"}),
        ):
            scene.refuses(partial(close, "Fun", BUCKET, scene, into=into), error, code, **figures)

    @pytest.mark.parametrize("name", ["Fun", "Spare"])
    def test_a_bucket_is_named_when_the_money_goes_to_one_and_only_then(self, scene, name):
        for to, into in ((BUCKET, None), (MONEY, "Rent"), (OUT, "Rent"), ("elsewhere", None)):
            scene.refuses(partial(close, name, to, scene, into=into), BadRule, "bad_rule", to=to)


class TestTwoAtOnce(Audited):
    def test_close_it_once(self, scene):
        refusal = scene.one_wins(
            *[partial(close, "Fun", to, scene) for to in (MONEY, CASCADE, OUT)]
        )

        assert isinstance(refusal, BucketClosed)
        assert scene.do(lambda: scene.home.last_movement_seq) == 3

    def test_a_deposit_that_comes_first_is_emptied_too_and_one_that_comes_later_refused(
        self, scene
    ):
        _, paid = scene.at_once(
            partial(close, "Fun", MONEY, scene, effective_at=JUNE),
            lambda: Movement.objects.deposit_into(scene.bucket("Fun"), 1),
        )

        arrived = 0 if isinstance(paid, BucketClosed) else 1
        assert scene.balances("Fun", "Money") == [0, 605_00 + arrived]

    def test_two_may_be_closed_into_each_other_but_one_is_left(self, scene):
        refusal = scene.one_wins(
            partial(close, "Fun", BUCKET, scene, into="Rent"),
            partial(close, "Rent", BUCKET, scene, into="Fun"),
        )

        assert isinstance(refusal, BucketClosed)
        assert sorted(scene.balances("Fun", "Rent")) == [0, 600_00]


@pytest.mark.parametrize("verb", ["create", "close"])
def test_what_cannot_be_recorded_leaves_nothing_behind_even_when_it_is_caught(acting, verb):
    bucket = BucketFactory()
    budget = bucket.budget
    Movement.objects.deposit_into(bucket, 5_00)
    before = snapshot(budget)

    too_long = {
        "close": partial(Bucket.objects.close, bucket, Disposition.MONEY, key="k" * 201),
        "create": partial(
            Bucket.objects.create_bucket, budget, "New", filter=Claim(flat=1), memo="m" * 501
        ),
    }
    with pytest.raises(BadOption):
        too_long[verb]()

    assert snapshot(budget) == before


def snapshot(budget):
    return [
        list(
            budget.buckets.order_by("pk").values_list("name", "balance", "version", "archived_at")
        ),
        budget.versions.count(),
        budget.movements.count(),
    ]
