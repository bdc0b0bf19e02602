"""When a rule falls due: examples of the calendar and of the clock."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest

from budgets.errors import BadSchedule
from budgets.recurrence import GRACE, Recurrence, due_times, is_missed, recurrence, split_due
from budgets.recurrence.rrules import MOST

NINE = datetime(2026, 1, 1, 9)  # a Thursday


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def first(
    n: int, rule: str, starts: datetime = NINE, zone: str = "UTC", after: datetime | None = None
) -> list[datetime]:
    return list(islice(due_times(recurrence(rule, starts, zone), after), n))


def days(n: int, rule: str, starts: datetime = NINE) -> list[str]:
    return [f"{due:%y-%m-%d}" for due in first(n, rule, starts)]


class TestTheCalendar:
    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ("FREQ=DAILY;INTERVAL=10", ["26-01-01", "26-01-11", "26-01-21"]),
            ("FREQ=WEEKLY", ["26-01-01", "26-01-08", "26-01-15"]),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR", ["26-01-02", "26-01-16", "26-01-30"]),
            ("FREQ=MONTHLY;BYMONTHDAY=15,-1", ["26-01-15", "26-01-31", "26-02-15"]),
            ("FREQ=MONTHLY;BYMONTHDAY=31", ["26-01-31", "26-03-31", "26-05-31"]),
            ("FREQ=MONTHLY;BYDAY=-1FR", ["26-01-30", "26-02-27", "26-03-27"]),
            (
                "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
                ["26-01-30", "26-02-27", "26-03-31"],
            ),
            ("FREQ=YEARLY", ["26-01-01", "27-01-01", "28-01-01"]),
            ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["28-02-29", "32-02-29", "36-02-29"]),
            ("FREQ=YEARLY;BYYEARDAY=-1", ["26-12-31", "27-12-31", "28-12-31"]),
            ("FREQ=YEARLY;BYDAY=53TH", ["26-12-31", "32-12-30", "37-12-31"]),
        ],
    )
    def test_a_rule_falls_due_on_its_days(self, rule, expected):
        assert days(3, rule) == expected

    def test_what_the_rule_leaves_open_is_the_starts(self):
        assert days(2, "FREQ=YEARLY", datetime(2026, 5, 6)) == ["26-05-06", "27-05-06"]
        assert days(2, "FREQ=MONTHLY", datetime(2026, 5, 31)) == ["26-05-31", "26-07-31"]
        assert first(2, "FREQ=DAILY;BYMINUTE=5", datetime(2026, 5, 6, 7, 8, 9)) == [
            utc(2026, 5, 7, 7, 5, 9),
            utc(2026, 5, 8, 7, 5, 9),
        ]

    def test_a_start_the_rule_does_not_name_is_no_due_time(self):
        assert days(1, "FREQ=MONTHLY;BYMONTHDAY=15") == ["26-01-15"]

    def test_the_first_week_counts_from_its_first_day(self):
        # The first of Monday and Friday is a Monday, also in a week that begins before the start.
        assert days(2, "FREQ=WEEKLY;BYDAY=MO,FR;BYSETPOS=1") == ["26-01-05", "26-01-12"]

    def test_the_day_a_week_begins_decides_which_weeks_every_second_one_is(self):
        rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU"

        assert days(4, rule, datetime(2026, 1, 6)) == [
            "26-01-06",
            "26-01-11",
            "26-01-20",
            "26-01-25",
        ]
        assert days(4, rule + ";WKST=SU", datetime(2026, 1, 6)) == [
            "26-01-06",
            "26-01-18",
            "26-01-20",
            "26-02-01",
        ]

    def test_count_counts_from_the_start_on_wherever_one_looks(self):
        assert len(first(9, "FREQ=DAILY;COUNT=3")) == 3
        assert len(first(9, "FREQ=DAILY;COUNT=30", after=utc(2026, 1, 28))) == 3

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=DAILY;INTERVAL=10",
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=TU,SU;WKST=SU",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;BYSETPOS=-1",
            "FREQ=MONTHLY;INTERVAL=5;BYDAY=-1FR",
            "FREQ=YEARLY;INTERVAL=3;BYMONTH=2,11;BYMONTHDAY=-1",
        ],
    )
    def test_each_due_time_follows_the_one_before_it_wherever_one_looks(self, rule):
        dues = first(40, rule)

        assert [first(1, rule, after=due)[0] for due in dues[:-1]] == dues[1:]

    @pytest.mark.parametrize(
        ("until", "count"),
        [
            ("20260103", 3),
            ("20260103T090000", 3),
            ("20260103T085959", 2),
            ("20260103T140000Z", 3),
            ("20260103T135959Z", 2),
        ],
    )
    def test_until_is_a_day_a_local_time_or_a_moment(self, until, count):
        assert len(first(9, f"FREQ=DAILY;UNTIL={until}", zone="America/New_York")) == count


class TestTheClock:
    """Clocks change on 29 March and 25 October in Berlin, 8 March and 1 November in New York."""

    def test_nine_o_clock_stays_nine_o_clock(self):
        for zone, day in (("Europe/Berlin", 28), ("America/New_York", 7)):
            dues = first(3, "FREQ=DAILY", NINE, zone, utc(2026, 3, day))

            assert {due.astimezone(ZoneInfo(zone)).hour for due in dues} == {9}
            assert len({due.hour for due in dues}) == 2

    @pytest.mark.parametrize(
        ("zone", "expected"),
        [
            ("Europe/Berlin", [(28, 1, 30), (29, 1, 0), (30, 0, 30)]),
            ("America/New_York", [(7, 7, 30), (8, 7, 0), (9, 6, 30)]),
        ],
    )
    def test_half_past_two_falls_due_at_the_change_where_clocks_leave_it_out(self, zone, expected):
        day = expected[0][0]
        dues = first(3, "FREQ=DAILY", datetime(2026, 1, 1, 2, 30), zone, utc(2026, 3, day))

        assert dues == [utc(2026, 3, *each) for each in expected]
        assert dues[1].astimezone(ZoneInfo(zone)).hour == 3

    @pytest.mark.parametrize(
        ("zone", "hour", "month", "expected"),
        [
            ("Europe/Berlin", 2, 10, [(24, 0, 30), (25, 0, 30), (26, 1, 30)]),
            ("America/New_York", 2, 11, [(1, 7, 30), (2, 7, 30)]),
            ("America/New_York", 1, 11, [(1, 5, 30), (2, 6, 30)]),
        ],
    )
    def test_half_past_falls_due_the_first_time_where_clocks_show_it_twice(
        self, zone, hour, month, expected
    ):
        after = utc(2026, month, expected[0][0])
        dues = first(len(expected), "FREQ=DAILY", datetime(2026, 1, 1, hour, 30), zone, after)

        assert dues == [utc(2026, month, *each) for each in expected]

    def test_two_local_times_that_become_one_moment_fall_due_once(self):
        rule = "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30"

        dues = first(3, rule, NINE, "Europe/Berlin", utc(2026, 3, 29))

        assert dues == [utc(2026, 3, 29, 1), utc(2026, 3, 29, 1, 30), utc(2026, 3, 30, 0)]

    def test_a_whole_day_may_be_left_out(self):
        dues = first(3, "FREQ=DAILY", datetime(2011, 12, 29, 9), "Pacific/Apia")

        assert dues == [utc(2011, 12, 29, 19), utc(2011, 12, 30, 10), utc(2011, 12, 30, 19)]


class TestRefused:
    @pytest.mark.parametrize(
        "starts",
        [
            datetime(1969, 12, 31),
            datetime(2200, 1, 1),
            utc(2026, 1, 1),
            NINE.replace(microsecond=1),
        ],
    )
    def test_a_start_that_is_no_local_time_to_the_second(self, starts):
        with pytest.raises(BadSchedule, match="start"):
            recurrence("FREQ=DAILY", starts, "UTC")

    @pytest.mark.parametrize(
        ("starts", "zone"),
        [(datetime(1970, 1, 1, 8), "Asia/Tokyo"), (datetime(2199, 12, 31, 19), "America/New_York")],
    )
    def test_a_start_at_a_moment_that_cannot_be_written(self, starts, zone):
        with pytest.raises(BadSchedule, match="a start must be from 1970 to 2199") as caught:
            recurrence("FREQ=DAILY", starts, zone)

        assert caught.value.code == "bad_schedule"
        assert recurrence("FREQ=DAILY", starts, "UTC").starts == starts

    def test_a_rule_that_first_falls_due_when_nothing_can_be_written(self):
        with pytest.raises(BadSchedule, match="never falls due"):
            recurrence("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", datetime(2199, 1, 2), "UTC")

    @pytest.mark.parametrize("zone", ["", "Mars/Phobos", "../UTC", "europe/berlin", "posixrules"])
    def test_a_zone_there_is_not(self, zone):
        with pytest.raises(BadSchedule, match="time zone"):
            recurrence("FREQ=DAILY", NINE, zone)

    def test_a_zone_that_has_gone_since(self):
        with pytest.raises(BadSchedule, match="time zone"):
            next(due_times(Recurrence("FREQ=DAILY", NINE, "Mars/Phobos")))

    def test_more_due_times_than_one_call_may_yield(self):
        daily = recurrence("FREQ=DAILY", datetime(1970, 1, 1), "UTC")

        with pytest.raises(BadSchedule, match="at once"):
            list(due_times(daily))

        assert len(list(islice(due_times(daily), MOST))) == MOST


def test_a_schedule_of_1970_is_looked_up_as_quickly_as_one_of_today():
    daily = recurrence("FREQ=DAILY", datetime(1970, 1, 1, 9), "Europe/Berlin")
    began = perf_counter()

    for _ in range(100):
        next(due_times(daily, utc(2026, 6, 1)))

    assert perf_counter() - began < 1


# -- Catching up ------------------------------------------------------------------------------


def test_come_takes_no_more_than_asked_and_says_what_follows():
    times = [utc(2026, 1, day) for day in range(1, 6)]

    assert split_due(times, utc(2026, 1, 3), 9) == (times[:3], times[3])
    assert split_due(times, utc(2026, 1, 3), 2) == (times[:2], times[2])
    assert split_due(times, utc(2027, 1, 1), 9) == (times, None)
    assert split_due([], utc(2026, 1, 3), 9) == ([], None)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("all", [False, False, False, False]),
        ("last", [True, True, True, False]),
        ("none", [True, True, False, False]),
    ],
)
def test_what_is_too_late_depends_on_the_policy(policy, expected):
    now = utc(2026, 1, 9, 12)
    times = [now - GRACE * 5, now - GRACE - timedelta(seconds=1), now - GRACE, now]

    missed = [is_missed(due, catch_up=policy, now=now, newest=times[-1]) for due in times]

    assert missed == expected
