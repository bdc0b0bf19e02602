"""The ledger a page at a time, in both directions, while it grows."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from budgets.managers.reads.pages import Cursor

from budgets.cascade import Claim
from budgets.errors import BadPage
from budgets.managers.bulk import Deposit
from budgets.models import Entry, Movement
from tests.budgets.reading import fill_with_buckets, statements
from tests.factories import BucketFactory, BudgetFactory

MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))


def places(page):
    return [tuple(row.cursor) for row in page.rows]


def everything(budget):
    """All entries, newest first, in one page."""
    page = Entry.objects.page(budget, limit=500)
    assert page.older is None
    return page.rows


def walked(budget, *, after=None, before=None, **asked):
    """The pages of a walk, from the newest one or from a cursor to the end."""
    while True:
        page = Entry.objects.page(budget, after=after, before=before, **asked)
        yield page
        after, before = (None, page.newer) if before else (page.older, None)
        if not (after or before):
            return


@pytest.fixture
def rent(budget):
    """A short ledger with something of everything; seven movements."""
    rent = BucketFactory(budget=budget, name="Rent", filter=Claim(share=500_000), target=1_000)
    fund = BucketFactory(budget=budget, name="Fund", filter=Claim(flat=30))
    move = Movement.objects
    move.deposit(budget, 100, memo="Salary of May", effective_at=MAY)
    move.deposit(budget, 300, memo="Bonus", effective_at=JULY, source="statement 7f line 3")
    move.withdraw(rent, 120, memo="Landlord", effective_at=JUNE)
    move.transfer(fund, rent, 10, effective_at=JUNE)
    move.deposit_into(fund, 45, effective_at=MAY)
    move.redistribute(budget, 100)
    move.reverse(budget.movements.get(seq=3), memo="landlord, undone")
    return rent


class TestPage:
    def test_is_newest_first_by_movement_and_position(self, budget, rent):
        rows = everything(budget)

        assert [row.cursor for row in rows] == sorted((row.cursor for row in rows), reverse=True)
        assert len(rows) == Entry.objects.filter(movement__budget=budget).count()

    def test_says_what_it_is_good_to_know_of_an_entry(self, budget, rent):
        [row] = Entry.objects.page(budget, kind="withdraw").rows

        entry = Entry.objects.get(pk=row.id)
        movement = entry.movement
        assert (row.seq, row.position, row.movement) == (3, 1, movement.pk)
        assert (row.kind, row.reason, row.became_full) == ("withdraw", "withdrawn", False)
        assert (row.bucket, row.bucket_name, row.amount) == (rent.pk, "Rent", -120)
        assert (row.balance_before, row.balance_after) == (200, 80)
        assert (row.effective_at, row.recorded_at) == (JUNE, movement.recorded_at)
        assert (row.memo, row.source) == ("Landlord", "")

    def test_knows_whether_there_are_others_beside_it(self, budget):
        for _ in range(5):
            Movement.objects.deposit(budget, 1)

        first = Entry.objects.page(budget, limit=2)
        second = Entry.objects.page(budget, limit=2, after=first.older)
        last = Entry.objects.page(budget, limit=2, after=second.older)
        back = Entry.objects.page(budget, limit=2, before=last.newer)
        top = Entry.objects.page(budget, limit=2, before=back.newer)

        assert (first.newer, first.older) == (None, (4, 1))
        assert (second.newer, second.older) == ((3, 1), (2, 1))
        assert (last.newer, last.older) == ((1, 1), None)
        assert back == second
        assert (places(top), top.newer, top.older) == ([(5, 1), (4, 1)], None, (4, 1))

    def test_of_what_has_no_more_is_empty(self, budget):
        Movement.objects.deposit(budget, 1)

        for page in (
            Entry.objects.page(BudgetFactory()),
            Entry.objects.page(budget, after=(1, 1)),
            Entry.objects.page(budget, before=(1, 1)),
        ):
            assert (page.rows, page.newer, page.older) == ((), None, None)

    def test_before_the_newest_row_is_what_was_entered_since(self, budget):
        Movement.objects.deposit(budget, 1)
        seen = Entry.objects.page(budget)
        Movement.objects.deposit(budget, 2)

        since = Entry.objects.page(budget, before=seen.rows[0].cursor)

        assert places(since) == [(2, 1)]

    def test_takes_one_statement(self, budget, rent):
        with statements(1):
            Entry.objects.page(budget)
        with statements(1):
            Entry.objects.page(budget, bucket=rent, after=(5, 1), text="a", least=1)


class TestWalking:
    """A thousand entries, by pages of 50, with another movement before each page."""

    @pytest.fixture
    def ledger(self, budget):
        fill_with_buckets(budget, 20)
        Movement.objects.deposit_many([Deposit(budget.pk, 20)] * 50)
        return [row.cursor for page in walked(budget, limit=500) for row in page.rows]

    def test_down_misses_and_repeats_nothing_while_it_grows(self, budget, ledger):
        seen = []
        for page in walked(budget, limit=50):
            seen += [row.cursor for row in page.rows]
            Movement.objects.deposit(budget, 3)

        assert len(seen) == 1_000
        assert seen == ledger

    def test_up_misses_and_repeats_nothing_and_meets_what_is_new(self, budget, ledger):
        seen: list[Cursor] = []
        new = count()
        for page in walked(budget, before=ledger[-1], limit=50):
            seen = [row.cursor for row in page.rows] + seen
            if next(new) < 10:
                Movement.objects.deposit(budget, 3)

        now = [row.cursor for page in walked(budget, limit=500) for row in page.rows]
        assert seen == now[:-1]
        assert len(seen) == 999 + 30

    def test_of_one_bucket_misses_and_repeats_nothing_either_way(self, budget, ledger):
        bucket = budget.buckets.envelopes()[7]

        down = [place for page in walked(budget, limit=4, bucket=bucket) for place in places(page)]
        up = [
            place
            for page in walked(budget, limit=4, bucket=bucket, before=down[-1])
            for place in reversed(places(page))
        ]

        assert down == [(seq, 8) for seq in range(50, 0, -1)]
        assert up == [(seq, 8) for seq in range(2, 51)]


FILTERS = [
    ({"kind": "deposit"}, lambda row: row.kind == "deposit"),
    ({"effective_from": JUNE}, lambda row: row.effective_at >= JUNE),
    ({"effective_to": JUNE}, lambda row: row.effective_at < JUNE),
    ({"effective_from": MAY, "effective_to": JULY}, lambda row: MAY <= row.effective_at < JULY),
    ({"least": 31}, lambda row: row.amount >= 31),
    ({"most": -10}, lambda row: row.amount <= -10),
    ({"least": -50, "most": 50}, lambda row: -50 <= row.amount <= 50),
    ({"text": "LANDLORD"}, lambda row: "landlord" in row.memo.lower()),
    ({"text": "7f line"}, lambda row: "7f line" in row.source),
    ({"text": "100%"}, lambda row: False),
    ({"text": None, "kind": None, "bucket": None, "least": None}, lambda row: True),
    ({"text": "of may", "most": 30}, lambda row: row.seq == 1 and row.amount <= 30),
]


class TestFilters:
    @pytest.mark.parametrize(("asked", "passes"), FILTERS)
    def test_let_pass_what_they_say_on_every_page_in_both_directions(
        self, budget, rent, asked, passes
    ):
        expected = [tuple(row.cursor) for row in everything(budget) if passes(row)]

        down = [place for page in walked(budget, limit=2, **asked) for place in places(page)]
        up = [
            place
            for page in walked(budget, limit=2, before=(1, 1), **asked)
            for place in reversed(places(page))
        ]

        assert down == expected
        assert up == [place for place in reversed(expected) if place > (1, 1)]

    @pytest.mark.parametrize("upwards", [False, True])
    def test_of_a_bucket_take_the_cursor_of_any_row(self, budget, rent, upwards):
        for bucket in budget.buckets.all():
            own = [tuple(row.cursor) for row in everything(budget) if row.bucket == bucket.pk]
            for row in everything(budget):
                place = tuple(row.cursor)
                beside: dict[str, Any] = {"before" if upwards else "after": place}
                page = Entry.objects.page(budget, bucket=bucket, **beside)

                assert places(page) == [
                    one for one in own if (one > place if upwards else one < place)
                ]

    def test_by_the_recorded_time_end_before_it(self, budget, rent):
        times = list(budget.movements.order_by("seq").values_list("recorded_at", flat=True))

        page = Entry.objects.page(budget, recorded_from=times[2], recorded_to=times[4])

        assert {row.seq for row in page.rows} == {
            seq for seq, time in enumerate(times, start=1) if times[2] <= time < times[4]
        }

    def test_show_nothing_of_other_budgets(self, budget, rent):
        other = BudgetFactory()
        Movement.objects.deposit(other, 5, memo="Salary")

        assert [row.amount for row in everything(other)] == [5]
        assert 5 not in [row.amount for row in Entry.objects.page(budget, text="salary").rows]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 501}, "limit"),
        ({"limit": "5"}, "limit"),
        ({"limit": True}, "limit"),
        ({"after": (1, 1), "before": (1, 1)}, "after"),
        ({"after": ()}, "cursor"),
        ({"after": (1,)}, "cursor"),
        ({"after": "12"}, "cursor"),
        ({"before": (0, 1)}, "cursor"),
        ({"before": (1, 2**63)}, "cursor"),
        ({"before": (1, "1; DROP TABLE")}, "cursor"),
        ({"kind": "theft"}, "kind"),
        ({"effective_from": datetime(2026, 5, 1)}, "effective_from"),
        ({"recorded_to": "yesterday"}, "recorded_to"),
        ({"least": 1.5}, "least"),
        ({"most": 2**63}, "most"),
        ({"text": "x" * 201}, "text"),
        ({"text": 5}, "text"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_page_that_is_none_is_refused(budget, asked, field):
    with pytest.raises(BadPage) as refused:
        Entry.objects.page(budget, **asked)

    assert refused.value.code == "bad_page"
    assert refused.value.figures["field"] == field


def test_a_bucket_of_another_budget_is_refused(budget):
    with pytest.raises(BadPage):
        Entry.objects.page(budget, bucket=BudgetFactory().buckets.money())
