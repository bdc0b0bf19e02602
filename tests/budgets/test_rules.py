"""Setting rules and target, and renaming: at any time, never moving money, always on record."""

from functools import partial
from typing import Any

import pytest

from budgets.cascade import Claim
from budgets.errors import BadRule, BucketClosed
from budgets.models import Bucket, Movement
from tests.budgets.verbs import Audited, EveryRequest, Scene, Verb


def set_rules(name: str, filter: Claim, hold: Claim | None, scene: Scene, **said: Any) -> Bucket:
    return Bucket.objects.set_rules(scene.bucket(name), filter=filter, hold=hold, **said)


def set_target(name: str, target: Any, scene: Scene, **said: Any) -> Bucket:
    return Bucket.objects.set_target(scene.bucket(name), target, **said)


def rename(name: str, to: str, scene: Scene, **said: Any) -> Bucket:
    return Bucket.objects.rename(scene.bucket(name), to, **said)


FLAT, SHARE = Claim(flat=5_00), Claim(share=5_00)
VERBS = {
    "set_rules": Verb(
        partial(set_rules, "Rent", FLAT, SHARE),
        (
            partial(set_rules, "Rent", SHARE, SHARE),
            partial(set_rules, "Rent", FLAT, None),
            partial(set_rules, "Fun", FLAT, SHARE),
        ),
    ),
    "set_target": Verb(
        partial(set_target, "Rent", 0),
        (partial(set_target, "Rent", None), partial(set_target, "Fun", 0)),
    ),
    "rename": Verb(
        partial(rename, "Rent", "House"),
        (partial(rename, "Rent", "Home"), partial(rename, "Trip", "House")),
    ),
}
CHANGES = (
    partial(set_rules, filter=FLAT, hold=None),
    partial(set_target, target=5),
    partial(rename, to="Other"),
)


class TestEveryRequest(EveryRequest):
    @pytest.fixture(params=VERBS)
    def verb(self, request) -> Verb:
        return VERBS[request.param]


class TestSetRules(Audited):
    def test_govern_from_the_next_movement_on(self, scene):
        scene.do(lambda: set_rules("Rent", Claim(share=100_000), Claim(flat=20_00), scene))

        first = scene.do(lambda: Movement.objects.deposit(scene.home, 100_00))

        assert scene.lines(first)[0] == ("Rent", 20_00, "hold_floor")
        version = scene.do(lambda: scene.bucket("Rent").versions.order_by("version").last())
        assert (version.verb, version.version, version.from_seq) == ("set_rules", 2, first.seq)
        assert (version.filter, version.hold) == (Claim(share=100_000), Claim(flat=20_00))

    def test_a_hold_that_is_not_named_is_taken_away(self, scene):
        scene.do(lambda: set_rules("Rent", FLAT, FLAT, scene))

        bucket = scene.do(lambda: Bucket.objects.set_rules(scene.bucket("Rent"), filter=SHARE))

        assert (bucket.filter, bucket.hold, bucket.target) == (SHARE, None, 500_00)


class TestSetTarget(Audited):
    def test_a_target_under_the_balance_moves_nothing(self, scene):
        bucket = scene.do(lambda: set_target("Rent", 100_00, scene))

        assert (bucket.balance, bucket.state, bucket.space) == (300_00, "full", 0)
        assert scene.do(lambda: scene.home.last_movement_seq) == 2

    def test_none_is_no_limit_and_zero_no_capacity(self, scene):
        scene.do(lambda: set_target("Trip", None, scene))
        scene.do(lambda: set_target("Rent", 0, scene))

        movement = scene.do(lambda: Movement.objects.deposit(scene.home, 100_00))

        assert scene.lines(movement) == [("Trip", 100_00, "filter")]

    def test_refuses_what_is_no_target(self, scene):
        for target in (-1, 2**63, 1.5, True, "5"):
            scene.refuses(partial(set_target, "Rent", target, scene), BadRule, "bad_rule")


class TestRename(Audited):
    def test_keeps_the_history_of_names(self, scene):
        scene.do(lambda: rename("Rent", " House ", scene))

        names = scene.do(
            lambda: list(
                scene.bucket("Rent").versions.order_by("version").values_list("name", "verb")
            )
        )
        assert names == [("Rent", "create"), ("House", "rename")]

    def test_the_old_name_is_free_at_once_and_a_closed_bucket_holds_none(self, scene):
        scene.do(lambda: rename("Rent", "House", scene))
        scene.do(lambda: rename("Fun", "rent", scene))
        scene.do(lambda: rename("Trip", "gone", scene))

        names = scene.do(lambda: list(scene.home.buckets.envelopes().values_list("name", flat=1)))
        assert names == ["House", "gone", "rent", "Spare"]

    def test_may_change_only_the_case(self, scene):
        assert scene.do(lambda: rename("Rent", "RENT", scene)).name == "RENT"

    def test_refuses_a_name_that_is_taken_and_what_is_none(self, scene):
        for name in ("fun", " MONEY "):
            scene.refuses(partial(rename, "Rent", name, scene), BadRule, "bad_rule")
        for name in ("", "  ", "x" * 256):
            scene.refuses(
                partial(rename, "Rent", name, scene), BadRule, "bad_rule", name=name.strip()
            )

    def test_leaves_the_block_usable_when_it_is_refused(self, scene):
        with scene.block():
            with pytest.raises(BadRule):
                rename("Rent", "Fun", scene)

            assert rename("Rent", "House", scene).version == 2

    def test_of_two_at_once_one_gets_the_name(self, scene):
        refusal = scene.one_wins(*[partial(rename, name, "X", scene) for name in ("Rent", "Fun")])

        assert (type(refusal), refusal.code) == (BadRule, "bad_rule")


class TestAll(Audited):
    def test_the_money_bucket_and_closed_ones_refuse(self, scene):
        for change in CHANGES:
            for name, error, code in (
                ("Money", BadRule, "bad_rule"),
                ("Gone", BucketClosed, "bucket_closed"),
            ):
                scene.refuses(partial(change, name, scene=scene), error, code, bucket=name)

    def test_what_is_so_already_changes_nothing(self, scene):
        before = scene.everything()

        scene.do(lambda: set_rules("Rent", Claim(flat=300_00), None, scene))
        scene.do(lambda: set_target("Rent", 500_00, scene))
        scene.do(lambda: rename("Rent", "Rent", scene))

        assert scene.everything() == before

    def test_a_key_is_kept_even_when_nothing_changed(self, scene):
        scene.do(lambda: set_target("Rent", 500_00, scene, key="k"))
        scene.do(lambda: set_target("Rent", 0, scene))

        again = scene.do(lambda: set_target("Rent", 500_00, scene, key="k"))

        assert again.target == 0

    def test_do_not_undo_what_others_changed_meanwhile(self, scene):
        rent = scene.do(lambda: scene.bucket("Rent"))
        scene.do(lambda: set_target("Rent", 7, scene))

        scene.do(lambda: Bucket.objects.rename(rent, "House"))

        assert scene.do(lambda: scene.bucket("Rent").target) == 7

    def test_one_of_each_at_once_all_count(self, scene):
        scene.at_once(*[partial(change, "Rent", scene=scene) for change in CHANGES])

        bucket = scene.do(lambda: scene.bucket("Rent"))
        assert (bucket.filter, bucket.target, bucket.name, bucket.version) == (FLAT, 5, "Other", 4)

    def test_beside_a_deposit_come_wholly_before_it_or_after(self, scene):
        scene.at_once(
            partial(set_rules, "Rent", Claim(flat=1), None, scene),
            lambda: Movement.objects.deposit(scene.home, 10_00),
        )

        [line, *_] = scene.lines(scene.do(lambda: scene.home.movements.get(seq=3)))
        assert line in [("Rent", 1, "filter"), ("Rent", 10_00, "filter")]
