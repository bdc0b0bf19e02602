"""The questions, over the managers and in memory."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from budgets.cascade import Claim
from budgets.errors import BadPage, BadQuestion
from tests.budgets.contract.sides import Scene

PAST = datetime(2020, 2, 29, 12, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)


class TestDashboard:
    def test_says_what_each_bucket_holds_wants_and_was_moved_by(self, scene):
        seen = scene.do(lambda: scene.side.budgets.dashboard(scene.kept["Home"]))

        assert (seen.budget, seen.name, seen.seq) == (scene.kept["Home"].pk, "Home", 2)
        assert (seen.held, seen.spare, seen.missing) == (1005_00, 305_00, 200_00)
        rent, trip, _, spare, money = seen.buckets
        assert (rent.name, rent.filter, rent.fill) == ("Rent", Claim(flat=300_00), 600_000)
        assert (rent.last.movement, rent.last.amount) == (scene.kept["salary"].pk, 300_00)
        assert (trip.state, trip.space, trip.fill) == ("full", 0, 1_666_666)
        assert (spare.last, money.filter, money.last.seq) == (None, None, 2)


def names_and_sums(scene: Scene, **when: Any) -> tuple[int, dict[str, int]]:
    then = scene.do(lambda: scene.side.budgets.balances_at(scene.kept["Home"], **when))
    return then.seq, {bucket.name: bucket.balance for bucket in then.buckets}


class TestBalancesAt:
    def test_after_a_movement(self, scene):
        empty = dict.fromkeys(("Rent", "Trip", "Fun", "Spare", "Money"), 0)

        assert names_and_sums(scene, seq=0) == (0, empty)
        assert names_and_sums(scene, seq=1)[1]["Money"] == 300_00
        assert names_and_sums(scene, seq=99) == (
            2, {"Rent": 300_00, "Trip": 100_00, "Fun": 300_00, "Spare": 0, "Money": 305_00}
        )  # fmt: skip

    def test_by_when_it_happened_and_by_when_it_was_recorded(self, scene):
        scene.do(
            lambda: scene.side.movements.withdraw(scene.bucket("Fun"), 1_00, effective_at=PAST)
        )

        assert names_and_sums(scene, effective=PAST)[1]["Fun"] == -1_00
        assert names_and_sums(scene, effective=PAST - timedelta(seconds=1))[1]["Fun"] == 0
        assert names_and_sums(scene, recorded=PAST) == names_and_sums(scene, seq=0)
        assert names_and_sums(scene, recorded=FAR) == names_and_sums(scene, seq=3)

    def test_closed_buckets_come_last_if_they_held_anything(self, scene):
        def close() -> None:
            for name in ("Fun", "Rent"):
                scene.side.buckets.close(scene.bucket(name), "out")

        scene.do(close)

        assert list(names_and_sums(scene, seq=2)[1]) == ["Trip", "Spare", "Money", "Fun", "Rent"]
        assert list(names_and_sums(scene, seq=9)[1]) == ["Trip", "Spare", "Money"]

    @pytest.mark.parametrize(
        ("when", "field"),
        [
            ({}, "as of"), ({"seq": 1, "recorded": PAST}, "as of"), ({"seq": -1}, "seq"),
            ({"seq": True}, "seq"), ({"effective": "now"}, "effective"),
            ({"recorded": datetime(2020, 1, 1)}, "recorded"),
        ],
    )  # fmt: skip
    def test_what_is_no_time_is_refused(self, scene, when, field):
        with pytest.raises(BadQuestion) as raised:
            names_and_sums(scene, **when)
        assert raised.value.figures["field"] == field


def places(page: Any) -> list[tuple[int, int]]:
    return [tuple(row.cursor) for row in page.rows]


class TestPages:
    @pytest.fixture
    def turn(self, scene) -> Any:
        for number in range(3):
            scene.do(
                lambda number=number: scene.side.movements.deposit(
                    scene.home, 10_00 + number, memo=f"Lohn {number}", source=f"s{number}",
                    effective_at=PAST + timedelta(days=number),
                )
            )  # fmt: skip
        home = scene.kept["Home"]
        return lambda **asked: scene.do(lambda: scene.side.entries.page(home, **asked))

    def test_are_walked_down_and_up_again(self, turn):
        whole = places(turn())
        pages = [turn(limit=2)]
        while pages[-1].older:
            pages.append(turn(limit=2, after=pages[-1].older))
        back = [pages[-1]]
        while back[-1].newer:
            back.append(turn(limit=2, before=back[-1].newer))

        assert whole == sorted(whole, reverse=True)
        assert [place for page in pages for place in places(page)] == whole
        assert sorted({place for page in back for place in places(page)}, reverse=True) == whole
        assert (pages[0].newer, pages[-1].older, back[-1].newer) == (None, None, None)

    def test_say_what_there_is_to_know_of_an_entry(self, scene, turn):
        row = turn(kind="deposit_into").rows[0]

        assert (row.bucket, row.movement) == (scene.kept["Money"].pk, scene.kept["coins"].pk)
        assert (row.balance_before, row.balance_after, row.reason) == (300_00, 305_00, "direct")

    def test_are_narrowed(self, scene, turn):
        whole = turn().rows
        for asked, passes in (
            ({"kind": "deposit"}, lambda row: row.kind == "deposit"),
            ({"bucket": scene.kept["Rent"]}, lambda row: row.bucket_name == "Rent"),
            ({"least": 100_00}, lambda row: row.amount >= 100_00),
            ({"most": 10_00, "least": None}, lambda row: row.amount <= 10_00),
            ({"text": "LOHN"}, lambda row: row.memo),
            ({"text": "S1"}, lambda row: row.source == "s1"),
            ({"effective_to": PAST + timedelta(days=1)}, lambda row: row.source == "s0"),
            ({"effective_from": PAST, "recorded_from": FAR}, lambda row: False),
            ({"recorded_to": FAR, "text": "nothing"}, lambda row: False),
        ):
            rows = turn(**asked).rows
            assert rows == tuple(row for row in whole if passes(row)), asked
            assert len(rows) < len(whole)

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"limit": 0}, "limit"), ({"limit": 501}, "limit"), ({"limit": True}, "limit"),
            ({"after": (1, 1), "before": (1, 1)}, "after"), ({"after": "x"}, "cursor"),
            ({"before": (1,)}, "cursor"), ({"after": (0, 1)}, "cursor"), ({"kind": "x"}, "kind"),
            ({"least": 1.5}, "least"), ({"text": "x" * 201}, "text"), ({"colour": 1}, "colour"),
            ({"recorded_to": "today"}, "recorded_to"), ({"effective_from": 1}, "effective_from"),
        ],
    )  # fmt: skip
    def test_that_cannot_be_are_refused(self, turn, asked, field):
        with pytest.raises(BadPage) as raised:
            turn(**asked)
        assert raised.value.figures["field"] == field

    def test_of_another_budgets_bucket_are_refused(self, scene, turn):
        with pytest.raises(BadPage):
            turn(bucket=scene.kept["Far"])
