"""Releasing what a bucket holds beyond its target: by somebody, never by itself."""

from functools import partial
from typing import Any

import pytest

from budgets.errors import BucketClosed, NothingToMove
from budgets.models import Bucket, Movement
from tests.budgets.verbs import Audited, EveryRequest, Scene, Verb


def release(name: str, scene: Scene, **said: Any) -> Movement:
    return Movement.objects.release_excess(scene.bucket(name), **said)


class TestEveryRequest(EveryRequest):
    @pytest.fixture
    def verb(self) -> Verb:
        return Verb(partial(release, "Trip"), (partial(release, "Rent"),))


class TestReleaseExcess(Audited):
    def test_moves_what_is_beyond_the_target_to_the_money_bucket(self, scene):
        movement = scene.do(lambda: release("Trip", scene))

        assert (movement.kind, movement.amount, movement.net_amount) == ("release_excess", 40_00, 0)
        assert scene.lines(movement) == [("Trip", -40_00, "source"), ("Money", 40_00, "overflow")]
        assert scene.balances("Trip", "Money") == [60_00, 345_00]
        assert scene.totals() == (1005_00, 0)

    def test_a_target_of_zero_leaves_nothing(self, scene):
        scene.do(lambda: Bucket.objects.set_target(scene.bucket("Rent"), 0))

        scene.do(lambda: release("Rent", scene))

        assert scene.balances("Rent") == [0]

    def test_a_locked_bucket_gives_and_stays_locked(self, scene):
        scene.do(lambda: Bucket.objects.lock(scene.bucket("Trip")))

        scene.do(lambda: release("Trip", scene))

        assert scene.do(lambda: (scene.bucket("Trip").balance, scene.bucket("Trip").locked)) == (
            60_00,
            True,
        )

    def test_there_is_nothing_within_a_target_or_without_one(self, scene):
        scene.do(lambda: Bucket.objects.set_target(scene.bucket("Fun"), 300_00))

        for name in ("Rent", "Fun", "Spare", "Money"):
            scene.refuses(
                partial(release, name, scene), NothingToMove, "nothing_to_move", bucket=name
            )

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("Rent", "no more than its target"),
            ("Money", "has no target"),
            ("Fun", "no more than its target"),
        ],
    )
    def test_a_refusal_says_whether_there_is_a_target(self, scene, name, why):
        scene.do(lambda: Bucket.objects.set_target(scene.bucket("Fun"), 300_00))

        with pytest.raises(NothingToMove, match=f"^{name} .*{why}$"):
            scene.do(partial(release, name, scene))

    def test_a_closed_bucket_has_nothing_to_give(self, scene):
        scene.refuses(lambda: release("Gone", scene), BucketClosed, "bucket_closed", bucket="Gone")

    def test_two_at_once_do_not_release_the_same_money(self, scene):
        refusal = scene.one_wins(*[partial(release, "Trip", scene)] * 2)

        assert isinstance(refusal, NothingToMove)
        assert scene.balances("Trip", "Money") == [60_00, 345_00]

    def test_a_target_lowered_meanwhile_is_the_one_that_counts(self, scene):
        trip = scene.do(lambda: scene.bucket("Trip"))
        scene.do(lambda: Bucket.objects.set_target(scene.bucket("Trip"), 10_00))

        movement = scene.do(lambda: Movement.objects.release_excess(trip))

        assert movement.amount == 90_00
