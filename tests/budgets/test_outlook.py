"""What a rule brings: the months that it skips are said before it is kept."""

from datetime import UTC, datetime
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets.recurrence import Recurrence, due_times, recurrence
from budgets.recurrence.outlook import Skip, outlook, skips_of


def skips(rrule, starts="2026-01-31T09:00", zone="Europe/Berlin"):
    return [str(skip) for skip in skips_of(recurrence(rrule, datetime.fromisoformat(starts), zone))]


SHORT = "skips February, April, June, September, November (no day 31)"


@pytest.mark.parametrize(
    ("rrule", "expected"),
    [
        ("FREQ=MONTHLY", [SHORT]),  # the day of its start
        ("FREQ=MONTHLY;BYMONTHDAY=31", [SHORT]),
        ("FREQ=DAILY;BYMONTHDAY=31", [SHORT]),
        ("FREQ=YEARLY;BYMONTHDAY=31", [SHORT]),
        ("FREQ=MONTHLY;BYMONTHDAY=30", ["skips February (no day 30)"]),
        ("FREQ=MONTHLY;BYMONTHDAY=29", ["skips February except in leap years (no day 29)"]),
        ("FREQ=MONTHLY;BYMONTHDAY=15,31", [SHORT]),
        ("FREQ=MONTHLY;BYMONTHDAY=-31", [SHORT.replace("31", "-31")]),
        ("FREQ=MONTHLY;INTERVAL=2", ["skips September, November (no day 31)"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=1,4", ["skips April (no day 31)"]),
        ("FREQ=MONTHLY;BYDAY=5FR", ["skips months without a fifth Friday"]),
        (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            ["skips February except in leap years (no day 29)"],
        ),
        ("FREQ=MONTHLY;COUNT=3", ["skips February, April (no day 31)"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20260401", ["skips February (no day 31)"]),
    ],
)  # fmt: skip
def test_a_rule_that_skips_months_is_told(rrule, expected):
    assert skips(rrule) == expected


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=MONTHLY;BYMONTHDAY=28",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYDAY=4FR",
        "FREQ=WEEKLY",
        "FREQ=DAILY",
        "FREQ=YEARLY",
        "FREQ=YEARLY;BYDAY=5MO",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=3;BYMONTHDAY=31",
        "FREQ=MONTHLY;INTERVAL=12",
        "FREQ=MONTHLY;COUNT=1",
        "FREQ=MONTHLY;BYDAY=5FR;COUNT=1",
    ],
)
def test_one_that_skips_none_is_not(rrule):
    assert skips(rrule) == []


def test_a_leap_day_of_the_only_february_there_is_is_not_skipped():
    assert skips("FREQ=MONTHLY;UNTIL=20280401", "2028-01-29T09:00") == []
    assert skips("FREQ=MONTHLY;UNTIL=20270401", "2027-01-29T09:00") == [
        "skips February except in leap years (no day 29)"
    ]


@settings(max_examples=60, deadline=None)
@given(
    day=st.integers(1, 31) | st.integers(-31, -1),
    every=st.integers(1, 12),
    month=st.integers(1, 12),
)
def test_what_is_told_is_what_the_due_times_leave_out(day, every, month):
    """Twelve years of a rule: which months of its steps it never falls due in."""
    when = Recurrence(
        f"FREQ=MONTHLY;INTERVAL={every};BYMONTHDAY={day}", datetime(2001, month, 1), "UTC"
    )
    end = datetime(2013, 1, 1, tzinfo=UTC)
    due = {(at.year, at.month) for at in takewhile(lambda at: at < end, due_times(when))}
    steps = [divmod(2001 * 12 + month - 1 + n * every, 12) for n in range(144 // every)]
    lacking = {m + 1 for year, m in steps if year < 2013 and (year, m + 1) not in due}

    assert {m for skip in skips_of(when) for m in skip.months} == lacking


def test_an_outlook_has_the_next_due_times_and_stops_where_they_do():
    twice = Recurrence("FREQ=MONTHLY;COUNT=2", datetime(2026, 1, 31, 9), "UTC")

    seen = outlook(twice, due_times(twice), 5)

    assert [f"{due:%m-%d}" for due in seen.due_times] == ["01-31", "03-31"]
    assert seen.skips == (Skip("31", (2,)),)
