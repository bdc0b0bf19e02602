"""Reordering: a permutation of all open envelopes, exactly, or nothing."""

from collections.abc import Sequence
from functools import partial
from itertools import permutations
from typing import Any

import pytest

from budgets.cascade import Claim
from budgets.errors import NotAPermutation
from budgets.models import Bucket, Movement
from tests.budgets.verbs import Audited, EveryRequest, Scene, Verb

ORDER = ("Rent", "Trip", "Fun", "Spare")
BACKWARDS = ORDER[::-1]


def reorder(order: Sequence[str], scene: Scene, **said: Any) -> list[Bucket]:
    return Bucket.objects.reorder(scene.home, [scene.bucket(name) for name in order], **said)


def order_of(scene: Scene) -> list[tuple[str, int]]:
    rows = scene.do(lambda: list(scene.home.buckets.envelopes()))
    return [(row.name, row.priority) for row in rows]


class TestEveryRequest(EveryRequest):
    @pytest.fixture
    def verb(self) -> Verb:
        return Verb(partial(reorder, BACKWARDS), (partial(reorder, ORDER),))


class TestReorder(Audited):
    def test_serves_the_envelopes_in_the_new_order(self, scene):
        answer = scene.do(lambda: reorder(BACKWARDS, scene))

        movement = scene.do(lambda: Movement.objects.deposit(scene.home, 100_00))

        assert [bucket.name for bucket in answer] == list(BACKWARDS)
        assert scene.lines(movement) == [("Fun", 50_00, "filter"), ("Rent", 50_00, "filter")]

    def test_takes_every_permutation_from_any_other(self, scene):
        for order in permutations(ORDER):
            scene.do(partial(reorder, order, scene))

            assert order_of(scene) == list(zip(order, range(4), strict=True))

    def test_closes_the_gaps_between_priorities(self, scene):
        scene.do(
            lambda: Bucket.objects.create_bucket(scene.home, "Far", filter=Claim(), priority=99)
        )
        scene.pks["Far"] = scene.do(lambda: Bucket.objects.get_by_name(scene.home, "Far").pk)

        scene.do(lambda: reorder((*ORDER, "Far"), scene))

        assert order_of(scene)[-1] == ("Far", 4)

    def test_writes_a_version_of_each_bucket_that_moved_and_of_no_other(self, scene):
        scene.do(lambda: reorder(("Trip", "Rent", "Fun", "Spare"), scene, key="k"))

        versions = scene.do(lambda: list(scene.home.versions.filter(verb="reorder")))
        assert sorted((row.name, row.priority, row.from_seq) for row in versions) == [
            ("Rent", 1, 3),
            ("Trip", 0, 3),
        ]
        assert [row.key for row in versions].count("k") == 1

    def test_the_same_order_changes_nothing(self, scene):
        before = scene.everything()

        scene.do(lambda: reorder(ORDER, scene))

        assert scene.everything() == before

    def test_a_key_is_kept_even_when_nothing_changed(self, scene):
        scene.do(lambda: reorder(ORDER, scene, key="k"))
        scene.do(lambda: reorder(BACKWARDS, scene))

        again = scene.do(lambda: reorder(ORDER, scene, key="k"))

        assert [bucket.name for bucket in again] == list(BACKWARDS)

    @pytest.mark.parametrize(
        "order",
        [
            (),
            ORDER[1:],
            (*ORDER, "Rent"),
            ("Rent", "Rent", "Fun", "Spare"),
            ("Rent", "Trip", "Fun", "Gone"),
            ("Rent", "Trip", "Fun", "Money"),
            ("Rent", "Trip", "Fun", "Far"),
            (*ORDER, "Money"),
        ],
        ids=" ".join,
    )
    def test_anything_else_is_refused(self, scene, order):
        scene.refuses(
            lambda: reorder(order, scene),
            NotAPermutation,
            "not_a_permutation",
            given=len(order),
            envelopes=4,
        )

    def test_of_two_at_once_the_second_stands(self, scene):
        scene.at_once(partial(reorder, BACKWARDS, scene), partial(reorder, ORDER, scene))

        assert [name for name, _ in order_of(scene)] in (list(ORDER), list(BACKWARDS))

    def test_a_bucket_made_meanwhile_is_not_forgotten(self, scene):
        made = partial(Bucket.objects.create_bucket, name="New", filter=Claim())

        answers = scene.at_once(lambda: made(scene.home), partial(reorder, BACKWARDS, scene))

        refused = isinstance(answers[1], NotAPermutation)
        expected = [*ORDER, "New"] if refused else [*BACKWARDS, "New"]
        assert [name for name, _ in order_of(scene)] == expected
