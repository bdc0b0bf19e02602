"""The ledger a page at a time, in both directions, while it grows: the listing of entries."""

from datetime import UTC, datetime
from itertools import count
from operator import attrgetter
from uuid import uuid4

import pytest
from django.http import QueryDict

from budgets.cascade import Claim
from budgets.managers.bulk import Deposit
from budgets.models import Entry, Movement
from tenants.context import acting_for, inspecting
from tenants.errors import BadCursor, BadQuery
from tests.budgets.reading import fill_with_buckets, statements
from tests.factories import BucketFactory, BudgetFactory

MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))


def place(entry):
    """Where an entry is in its budget's ledger."""
    return entry.movement.seq, entry.position


def places(page):
    return [place(entry) for entry in page.rows]


def everything(budget):
    """All entries, newest first, in one page."""
    page = Entry.objects.page({"budget": budget.pk}, limit=500)
    assert page.next is None
    return page.rows


def walked(budget, way="next", cursor=None, **asked):
    """The pages of a walk, from the newest one or from a cursor to the end."""
    while True:
        page = Entry.objects.page({"budget": budget.pk, **asked}, cursor=cursor)
        yield page
        cursor = getattr(page, way)
        if cursor is None:
            return


def both_ways(budget, **asked):
    """The places of a walk to the last page, and of one from there back to the first."""
    down = list(walked(budget, **asked))
    up = [down[-1], *walked(budget, "previous", down[-1].previous, **asked)][: len(down)]
    return [[each for page in pages for each in places(page)] for pages in (down, reversed(up))]


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
    move.reverse_movement(budget.movements.get(seq=3), memo="landlord, undone")
    return rent


class TestPage:
    def test_is_newest_first_by_movement_and_position(self, budget, rent):
        rows = everything(budget)

        assert [place(row) for row in rows] == sorted(map(place, rows), reverse=True)
        assert len(rows) == Entry.objects.filter(movement__budget=budget).count()

    def test_may_be_oldest_first(self, budget, rent):
        page = Entry.objects.page({"budget": budget.pk}, sort="oldest")

        assert page.rows == everything(budget)[::-1]

    def test_says_what_it_is_good_to_know_of_an_entry(self, budget, rent):
        [entry] = Entry.objects.page({"budget": budget.pk, "kind": "withdraw"}).rows

        movement = entry.movement
        assert (place(entry), movement.kind) == ((3, 1), "withdraw")
        assert (entry.reason, entry.became_full) == ("withdrawn", False)
        assert (entry.bucket_id, entry.bucket.name, entry.amount) == (rent.pk, "Rent", -120)
        assert (entry.balance_before, entry.balance_after) == (200, 80)
        assert (movement.effective_at, movement.memo) == (JUNE, "Landlord")

    def test_knows_whether_there_are_others_beside_it(self, budget):
        for _ in range(5):
            Movement.objects.deposit(budget, 1)

        first, second, last = walked(budget, limit=2)
        back = Entry.objects.page({"budget": budget.pk, "limit": 2}, cursor=last.previous)
        top = Entry.objects.page({"budget": budget.pk, "limit": 2}, cursor=back.previous)

        assert (first.previous, last.next) == (None, None)
        assert [places(page) for page in (first, second, last)] == [
            [(5, 1), (4, 1)], [(3, 1), (2, 1)], [(1, 1)],
        ]  # fmt: skip
        assert (back, top) == (second, first)

    def test_of_what_has_no_more_is_empty(self, budget):
        page = Entry.objects.page({"budget": budget.pk})

        assert (page.rows, page.next, page.previous) == ((), None, None)

    def test_since_a_movement_is_what_was_entered_after_it(self, budget):
        Movement.objects.deposit(budget, 1)
        seen = Entry.objects.page({"budget": budget.pk}).rows[0]
        Movement.objects.deposit(budget, 2)

        since = Entry.objects.page({"budget": budget.pk, "seq__gt": seen.movement.seq})

        assert places(since) == [(2, 1)]

    def test_takes_one_statement_with_movements_and_buckets(self, budget, rent):
        asked = {"budget": budget.pk, "bucket": rent.pk, "search": "salary", "amount__gte": 1}
        cursor = Entry.objects.page({"budget": budget.pk}, limit=1).next

        with statements(1):
            rows = Entry.objects.with_buckets().page({"budget": budget.pk}, cursor=cursor).rows
            assert {(entry.bucket.name, entry.movement.seq) for entry in rows} >= {("Fund", 4)}
        with statements(1):
            Entry.objects.page(asked)

    def test_takes_a_query_string_as_it_comes(self, budget, rent):
        asked = QueryDict(
            f"budget={budget.pk}&kind=deposit&effective_at__gte=2026-06-15T00:00:00Z&limit=1"
        )

        page = Entry.objects.page(asked)

        assert places(page) == [(2, 3)]
        assert places(Entry.objects.page(asked, cursor=page.next)) == [(2, 2)]


class TestWalking:
    """A thousand entries, by pages of 50, with another movement before each page."""

    @pytest.fixture
    def ledger(self, budget):
        fill_with_buckets(budget, 20)
        Movement.objects.deposit_many([Deposit(budget.pk, 20)] * 50)
        return [each for page in walked(budget, limit=500) for each in places(page)]

    def test_down_misses_and_repeats_nothing_while_it_grows(self, budget, ledger):
        seen = []
        for page in walked(budget, limit=50):
            seen += places(page)
            Movement.objects.deposit(budget, 3)

        assert len(seen) == 1_000
        assert seen == ledger

    def test_up_misses_and_repeats_nothing_and_meets_what_is_new(self, budget, ledger):
        [*_, last] = walked(budget, limit=50)
        seen, new = places(last), count()
        for page in walked(budget, "previous", last.previous, limit=50):
            seen = places(page) + seen
            if next(new) < 10:
                Movement.objects.deposit(budget, 3)

        now = [each for page in walked(budget, limit=500) for each in places(page)]
        assert seen == now
        assert len(seen) == 1_000 + 30

    def test_of_one_bucket_misses_and_repeats_nothing_either_way(self, budget, ledger):
        bucket = budget.buckets.envelopes()[7]

        down, up = both_ways(budget, limit=4, bucket=bucket.pk)

        assert down == up == [(seq, 8) for seq in range(50, 0, -1)]


FILTERS = [
    ({"kind": "deposit"}, lambda row: row.movement.kind == "deposit"),
    ({"kind__in": ["withdraw", "reversal"]}, lambda row: row.movement.seq in (3, 7)),
    ({"effective_at__gte": JUNE}, lambda row: row.movement.effective_at >= JUNE),
    ({"effective_at__lt": JUNE}, lambda row: row.movement.effective_at < JUNE),
    (
        {"effective_at__gte": MAY, "effective_at__lt": JULY},
        lambda row: MAY <= row.movement.effective_at < JULY,
    ),
    ({"seq__gt": 2, "seq__lte": 4}, lambda row: row.movement.seq in (3, 4)),
    ({"amount__gte": 31}, lambda row: row.amount >= 31),
    ({"amount__lte": -10}, lambda row: row.amount <= -10),
    ({"amount__gt": -50, "amount__lt": 50}, lambda row: -50 < row.amount < 50),
    ({"amount": -120}, lambda row: row.amount == -120),
    ({"search": "LANDLORD"}, lambda row: "landlord" in row.movement.memo.lower()),
    ({"search": "7f line"}, lambda row: "7f line" in row.movement.source),
    ({"search": "100%"}, lambda row: False),
    ({"search": None, "sort": None, "limit": None}, lambda row: True),
    (
        {"search": "of may", "amount__lte": 30},
        lambda row: row.movement.seq == 1 and row.amount <= 30,
    ),
]


class TestFilters:
    @pytest.mark.parametrize(("asked", "passes"), FILTERS)
    def test_let_pass_what_they_say_on_every_page_in_both_directions(
        self, budget, rent, asked, passes
    ):
        expected = [place(row) for row in everything(budget) if passes(row)]

        down, up = both_ways(budget, **{"limit": 2} | asked)

        assert down == up == expected

    def test_of_buckets_take_one_or_several(self, budget, rent):
        names = {bucket.name: bucket.pk for bucket in budget.buckets.all()}
        for asked, wanted in (
            ({"bucket": str(names["Rent"])}, {"Rent"}),
            ({"bucket__in": [names["Rent"], names["Fund"]]}, {"Rent", "Fund"}),
        ):
            expected = [place(row) for row in everything(budget) if row.bucket.name in wanted]

            assert both_ways(budget, limit=2, **asked) == [expected, expected]

    def test_by_the_recorded_time_end_before_it(self, budget, rent):
        times = list(budget.movements.order_by("seq").values_list("recorded_at", flat=True))

        page = Entry.objects.page(
            {"budget": budget.pk, "recorded_at__gte": times[2], "recorded_at__lt": times[4]}
        )

        assert {row.movement.seq for row in page.rows} == {
            seq for seq, time in enumerate(times, start=1) if times[2] <= time < times[4]
        }

    def test_show_nothing_of_other_budgets(self, budget, rent):
        other = BudgetFactory()
        Movement.objects.deposit(other, 5, memo="Salary")
        theirs = other.buckets.money().pk

        assert [row.amount for row in everything(other)] == [5]
        for asked in ({"search": "salary"}, {"bucket": theirs}, {"amount": 5}):
            rows = Entry.objects.page({"budget": budget.pk, **asked}).rows
            assert theirs not in map(attrgetter("bucket_id"), rows)


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"budget": None}, "bad_filter", "budget"),
        ({"budget": "Household"}, "bad_filter", "budget"),
        ({"limit": 0}, "bad_limit", "limit"),
        ({"limit": 501}, "bad_limit", "limit"),
        ({"limit": "many"}, "bad_limit", "limit"),
        ({"limit": True}, "bad_limit", "limit"),
        ({"cursor": "12.1"}, "bad_cursor", "cursor"),
        ({"cursor": (1, 1)}, "bad_cursor", "cursor"),
        ({"sort": "amount"}, "bad_sort", "sort"),
        ({"kind": "theft"}, "bad_filter", "kind"),
        ({"effective_at__gte": datetime(2026, 5, 1)}, "bad_filter", "effective_at__gte"),
        ({"recorded_at__lt": "yesterday"}, "bad_filter", "recorded_at__lt"),
        ({"amount__gte": 1.5}, "bad_filter", "amount__gte"),
        ({"amount__lte": 2**63}, "bad_filter", "amount__lte"),
        ({"search": "x" * 101}, "bad_search", "search"),
        ({"search": " ab "}, "bad_search", "search"),
        ({"search": 5}, "bad_search", "search"),
        ({"colour": "red"}, "bad_filter", "colour"),
    ],
)
def test_what_cannot_be_asked_is_refused(budget, asked, code, field):
    with pytest.raises(BadQuery) as refused:
        Entry.objects.page({"budget": budget.pk, **asked})

    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_listing_without_its_budget_says_what_is_needed(acting):
    for ask in (Entry.objects.page, Entry.objects.listed):
        with pytest.raises(BadQuery, match="filter budget is required") as refused:
            ask({})
        assert refused.value.field == "budget"


def test_a_search_says_how_many_letters_it_needs(budget):
    with pytest.raises(BadQuery, match="3 to 100 characters"):
        Entry.objects.page({"budget": budget.pk, "search": "ab"})


class TestCursors:
    def test_are_good_for_one_budget_bucket_and_sort(self, budget, rent):
        asked = {"budget": budget.pk, "bucket": rent.pk}
        cursor = Entry.objects.page(asked, limit=1).next

        for other in (
            {"budget": BudgetFactory().pk},
            {"bucket": budget.buckets.money().pk},
            {"sort": "oldest"},
            {"search": "salary"},
        ):
            with pytest.raises(BadCursor):
                Entry.objects.page(asked | other, cursor=cursor)
        assert Entry.objects.page(asked, cursor=cursor).rows

    def test_are_good_for_one_tenant(self, tenant, other):
        with acting_for(tenant):
            budget = BudgetFactory()
            for _ in range(2):
                Movement.objects.deposit(budget, 1)
            cursor = Entry.objects.page({"budget": budget.pk}, limit=1).next

        with acting_for(other):
            assert Entry.objects.page({"budget": budget.pk}).rows == ()
            with pytest.raises(BadCursor):
                Entry.objects.page({"budget": budget.pk}, cursor=cursor)


def test_whoever_inspects_may_ask_the_same(tenant):
    with acting_for(tenant):
        budget = BudgetFactory()
        Movement.objects.deposit(budget, 1, memo="Salary")
        Movement.objects.deposit(budget, 2, memo="Bonus")

    with inspecting():
        page = Entry.objects.page({"budget": budget.pk, "search": "SALA"})

    assert [entry.amount for entry in page.rows] == [1]


def test_of_nobodys_budget_there_is_nothing(acting):
    assert Entry.objects.page({"budget": uuid4()}).rows == ()
