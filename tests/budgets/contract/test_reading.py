"""The questions, over the managers and in memory."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from budgets.cascade import Claim
from budgets.errors import BadQuestion
from tenants.errors import BadCursor, BadQuery
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
        assert (seen.redistributed, seen.last_redistributed_at) == (0, None)

    def test_says_what_was_redistributed_and_when_last(self, scene):
        side = scene.side

        def redistribute() -> Any:
            side.movements.redistribute_to(scene.bucket("Rent"), 50_00, effective_at=PAST)
            side.movements.redistribute(scene.home, 20_00)
            return side.movements.redistribute_to(scene.bucket("Spare"), 5_00)

        last = scene.do(redistribute)
        before = scene.do(lambda: side.budgets.dashboard(scene.home))
        scene.do(lambda: side.movements.reverse_movement(last))
        after = scene.do(lambda: side.budgets.dashboard(scene.home))

        assert (before.redistributed, after.redistributed) == (75_00, 70_00)
        assert before.last_redistributed_at == last.effective_at
        assert PAST < after.last_redistributed_at < last.effective_at


def names_and_sums(scene: Scene, **when: Any) -> tuple[int, dict[str, int]]:
    then = scene.do(lambda: scene.side.budgets.balances_at(scene.kept["Home"], **when))
    return then.seq, {bucket.name: bucket.balance for bucket in then.buckets}


class TestBalancesAt:
    def test_after_a_movement(self, scene):
        empty = dict.fromkeys(("Rent", "Trip", "Fun", "Spare", "Money"), 0)

        assert names_and_sums(scene, seq=0) == (0, empty)
        assert names_and_sums(scene, seq=1)[1]["Money"] == 300_00
        assert names_and_sums(scene, seq=99) == (
            2,
            {"Rent": 300_00, "Trip": 100_00, "Fun": 300_00, "Spare": 0, "Money": 305_00},
        )

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
            ({}, "as of"),
            ({"seq": 1, "recorded": PAST}, "as of"),
            ({"seq": -1}, "seq"),
            ({"seq": True}, "seq"),
            ({"effective": "now"}, "effective"),
            ({"recorded": datetime(2020, 1, 1)}, "recorded"),
        ],
    )
    def test_what_is_no_time_is_refused(self, scene, when, field):
        with pytest.raises(BadQuestion) as raised:
            names_and_sums(scene, **when)
        assert raised.value.figures["field"] == field


def places(page: Any) -> list[tuple[int, int]]:
    return [(row.movement.seq, row.position) for row in page.rows]


class TestPages:
    @pytest.fixture
    def turn(self, scene) -> Any:
        for number in range(3):
            scene.do(
                lambda number=number: scene.side.movements.deposit(
                    scene.home,
                    10_00 + number,
                    memo=f"Lohn {number}",
                    source=f"line {number}",
                    effective_at=PAST + timedelta(days=number),
                )
            )
        home = {"budget": scene.kept["Home"].pk}

        def turn(**asked: Any) -> Any:
            """A page, with what was read of its rows in the block."""

            def read() -> Any:
                page = scene.side.entries.page(home | asked)
                for row in page.rows:
                    assert row.movement.seq
                    assert row.bucket.name
                return page

            return scene.do(read)

        return turn

    @pytest.mark.parametrize("sort", ["newest", "oldest"])
    @pytest.mark.parametrize("limit", [1, 2, 5])
    def test_are_walked_down_and_up_again(self, turn, sort, limit):
        whole = places(turn(sort=sort))
        pages = [turn(sort=sort, limit=limit)]
        while pages[-1].next:
            pages.append(turn(sort=sort, limit=limit, cursor=pages[-1].next))
        back = [pages[-1]]
        while back[0].previous:
            back.insert(0, turn(sort=sort, limit=limit, cursor=back[0].previous))

        assert whole == sorted(whole, reverse=sort == "newest")
        assert [place for page in pages for place in places(page)] == whole
        assert [place for page in back for place in places(page)] == whole
        assert (pages[0].previous, pages[-1].next, back[0].previous) == (None, None, None)

    def test_say_what_there_is_to_know_of_an_entry(self, scene, turn):
        row = turn(kind="deposit_into").rows[0]

        assert (row.bucket_id, row.movement.pk) == (
            scene.kept["Money"].pk,
            scene.kept["coins"].pk,
        )
        assert (row.balance_before, row.balance_after, row.reason) == (300_00, 305_00, "direct")

    def test_are_narrowed(self, scene, turn):
        whole = turn().rows
        rent, far = scene.kept["Rent"].pk, scene.kept["Far"].pk
        for asked, passes in (
            ({"kind": "deposit"}, lambda row: row.movement.kind == "deposit"),
            ({"kind__in": ["deposit_into", "close"]}, lambda row: row.movement.seq == 2),
            ({"bucket": rent}, lambda row: row.bucket_id == rent),
            ({"bucket__in": [str(rent), str(far)]}, lambda row: row.bucket_id == rent),
            ({"bucket": far}, lambda row: False),
            ({"seq__gt": 2, "seq__lt": "5"}, lambda row: row.movement.seq in (3, 4)),
            ({"seq__gte": 2, "seq__lte": 3}, lambda row: row.movement.seq in (2, 3)),
            ({"seq": 1}, lambda row: row.movement.seq == 1),
            ({"amount__gte": 100_00}, lambda row: row.amount >= 100_00),
            ({"amount__lte": 10_00, "search": None}, lambda row: row.amount <= 10_00),
            ({"amount__gt": 5_00, "amount__lt": 11_00}, lambda row: 5_00 < row.amount < 11_00),
            ({"amount": 5_00}, lambda row: row.amount == 5_00),
            ({"search": "LOHN"}, lambda row: row.movement.memo),
            ({"search": " LINE 1 "}, lambda row: row.movement.source == "line 1"),
            (
                {"effective_at__lt": PAST + timedelta(days=1)},
                lambda row: row.movement.source == "line 0",
            ),
            (
                {"effective_at__gte": PAST.isoformat(), "recorded_at__gte": FAR},
                lambda row: False,
            ),
            ({"recorded_at__lt": FAR, "search": "nothing"}, lambda row: False),
        ):
            rows = turn(**asked).rows
            assert rows == tuple(row for row in whole if passes(row)), asked
            assert len(rows) < len(whole)

    @pytest.mark.parametrize(
        ("asked", "code", "field"),
        [
            ({"budget": None}, "bad_filter", "budget"), ({"budget": 5}, "bad_filter", "budget"),
            ({"limit": 0}, "bad_limit", "limit"), ({"limit": 501}, "bad_limit", "limit"),
            ({"limit": True}, "bad_limit", "limit"), ({"cursor": "x"}, "bad_cursor", "cursor"),
            ({"cursor": (1, 1)}, "bad_cursor", "cursor"), ({"kind": "x"}, "bad_filter", "kind"),
            ({"amount__gte": 1.5}, "bad_filter", "amount__gte"), ({"sort": 1}, "bad_sort", "sort"),
            ({"amount__lte": 2**63}, "bad_filter", "amount__lte"),
            ({"seq__in": [1]}, "bad_filter", "seq__in"), ({"search": "x"}, "bad_search", "search"),
            ({"search": "x" * 101}, "bad_search", "search"), ({"hue": 1}, "bad_filter", "hue"),
            ({"recorded_at__lt": "today"}, "bad_filter", "recorded_at__lt"),
            ({"effective_at__gte": 1}, "bad_filter", "effective_at__gte"),
        ],
    )  # fmt: skip
    def test_that_cannot_be_are_refused(self, turn, asked, code, field):
        with pytest.raises(BadQuery) as raised:
            turn(**asked)
        assert (raised.value.code, raised.value.field) == (code, field)

    def test_are_of_one_budget(self, scene):
        for asked in (None, {}, {"bucket": scene.kept["Rent"].pk}):
            with pytest.raises(BadQuery, match="filter budget is required"):
                scene.do(lambda asked=asked: scene.side.entries.page(asked))

    def test_refuse_the_cursors_of_others(self, scene, stranger, turn):
        cursor = turn(limit=1).next
        home, away = ({"budget": scene.kept[name].pk} for name in ("Home", "Away"))

        for who, asked in (
            (scene, away),
            (scene, home | {"kind": "deposit"}),
            (scene, home | {"search": "lohn"}),
            (scene, home | {"sort": "oldest"}),
            (stranger, home),
        ):
            with pytest.raises(BadCursor):
                who.do(lambda who=who, asked=asked: who.side.entries.page(asked, cursor=cursor))
        assert scene.do(lambda: scene.side.entries.page(home, cursor=cursor).rows)
