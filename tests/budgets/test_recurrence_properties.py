"""What holds of any rule, start and time zone."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from budgets.errors import BadSchedule
from budgets.recurrence import Recurrence, due_times, recurrence
from budgets.recurrence.rrules import DAYS, parts_of

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
    "Africa/Casablanca", "Asia/Kathmandu", "America/Sao_Paulo",
)  # fmt: skip
LOCAL = st.datetimes(datetime(1970, 1, 2), datetime(2060, 1, 1)).map(
    lambda when: when.replace(microsecond=0)
)


def some(values: st.SearchStrategy[int]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=3).map(lambda ns: ",".join(map(str, ns)))


def either_end(most: int) -> st.SearchStrategy[int]:
    return st.integers(-most, most).filter(bool)


WEEKDAYS = st.lists(st.sampled_from(DAYS), min_size=1, max_size=3).map(",".join)
ENDS = st.one_of(
    st.just(""),
    st.integers(1, 30).map(";COUNT={}".format),
    st.dates(date(2030, 1, 1), date(2070, 1, 1)).map(";UNTIL={:%Y%m%d}".format),
)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules that make sense, some of which fall due seldom or never."""
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = {
        "INTERVAL": st.integers(1, 12).map(str),
        "WKST": st.sampled_from(DAYS),
        "BYMONTH": some(st.integers(1, 12)),
        "BYDAY": WEEKDAYS,
        "BYHOUR": some(st.integers(0, 23)),
        "BYMINUTE": some(st.integers(0, 59)),
    }
    if freq != "WEEKLY":
        parts["BYMONTHDAY"] = some(either_end(31))
    if freq == "YEARLY":
        parts["BYYEARDAY"] = some(either_end(366))
    names = draw(st.lists(st.sampled_from(sorted(parts)), unique=True, max_size=3))
    said = [f"{name}={draw(parts[name])}" for name in names]
    if any(name.startswith("BY") for name in names) and draw(st.booleans()):
        said.append(f"BYSETPOS={draw(some(either_end(3)))}")
    return ";".join([f"FREQ={freq}", *said]) + draw(ENDS)


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    try:
        return recurrence(draw(rules()), draw(LOCAL), draw(st.sampled_from(ZONES)))
    except BadSchedule as refused:
        assume("never" not in str(refused))
        raise


@given(recurrences(), st.integers(0, 99), st.timedeltas(timedelta(days=-3), timedelta(days=3)))
@settings(max_examples=60, deadline=None)
def test_looking_from_the_middle_finds_what_looking_from_the_start_does(when, n, aside):
    every = list(islice(due_times(when), n + 20))

    after = every[min(n, len(every) - 1)] + aside

    wanted = [due for due in every if due > after]
    ended = len(every) < n + 20
    assert list(islice(due_times(when, after), len(wanted) + ended)) == wanted


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", "1980-04-06 01:00"),
        ("Europe/Berlin", "1980-09-28 01:00"),
        ("America/New_York", "1970-04-26 07:00"),
        ("America/New_York", "1970-10-25 06:00"),
        ("Australia/Lord_Howe", "1981-10-24 15:30"),  # put forward by an hour
        ("Australia/Lord_Howe", "1982-03-06 14:30"),  # and back by half of one
        ("Pacific/Apia", "2011-12-30 10:00"),  # put forward by a day
        ("Pacific/Kwajalein", "1993-08-21 12:00"),
        ("Asia/Kathmandu", "1985-12-31 18:30"),
        ("America/Sao_Paulo", "1985-11-02 03:00"),
        ("America/Sao_Paulo", "1986-03-15 02:00"),
    ],
)
def test_looking_from_about_a_change_of_the_clock_loses_nothing_and_repeats_nothing(zone, change):
    at = datetime.fromisoformat(change).replace(tzinfo=UTC)
    assert _offset(at, zone) != _offset(at - timedelta(seconds=1), zone)
    starts = at.replace(tzinfo=None, minute=0) - timedelta(days=3)
    hourly = Recurrence(f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))}", starts, zone)
    every = list(due_times(hourly, until=at + timedelta(days=3)))

    for minutes in range(-26 * 60, 26 * 60, 30):
        for seconds in (0, 59):
            after = at + timedelta(minutes=minutes, seconds=seconds)
            assert next(due_times(hourly, after)) == every[bisect_right(every, after)]


def _offset(moment: datetime, zone: str) -> timedelta | None:
    return moment.astimezone(ZoneInfo(zone)).utcoffset()


@given(recurrences())
@settings(max_examples=60, deadline=None)
def test_due_times_ascend_from_the_start_and_show_what_the_rule_says(when):
    zone = ZoneInfo(when.time_zone)
    parts = parts_of(when.rrule)
    dues = list(islice(due_times(when), 15))

    assert dues == sorted(set(dues))
    shown = [due.astimezone(zone).replace(tzinfo=None) for due in dues]
    assert shown[0] >= when.starts
    assert len(dues) <= int(parts.get("COUNT", 15))
    hours = {int(hour) for hour in parts.get("BYHOUR", str(when.starts.hour)).split(",")}
    minutes = {int(each) for each in parts.get("BYMINUTE", str(when.starts.minute)).split(",")}
    for due, wall in zip(dues, shown, strict=True):
        put_forward = (due - timedelta(seconds=1)).astimezone(zone).utcoffset() != due.astimezone(
            zone
        ).utcoffset()
        assert put_forward or (wall.hour in hours and wall.minute in minutes)


@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]),
    st.integers(1, 9),
    st.sets(st.sampled_from(DAYS), min_size=1),
    LOCAL,
)
@settings(max_examples=60, deadline=None)
def test_weekdays_are_those_one_finds_by_going_through_the_days(freq, interval, weekdays, starts):
    """An oracle of ten lines that shares no code with dateutil."""
    rule = f"FREQ={freq};INTERVAL={interval};BYDAY={','.join(weekdays)}"
    monday = starts.date() - timedelta(days=starts.weekday())

    def is_due(day: date) -> bool:
        periods = {
            "DAILY": (day - starts.date()).days,
            "WEEKLY": (day - monday).days // 7,
            "MONTHLY": (day.year - starts.year) * 12 + day.month - starts.month,
        }
        return periods[freq] % interval == 0 and DAYS[day.weekday()] in weekdays

    span = [starts.date() + timedelta(days=n) for n in range(400)]
    expected = [day for day in span if is_due(day)]
    assume(expected)

    dues = due_times(recurrence(rule, starts, "UTC"))

    assert [due.date() for due in takewhile(lambda due: due.date() <= span[-1], dues)] == expected


@given(st.sampled_from(ZONES), st.lists(LOCAL, min_size=2, max_size=2))
@settings(max_examples=100, deadline=None)
def test_moments_keep_the_order_of_local_times(zone, locals_):
    earlier, later = (
        next(due_times(Recurrence("FREQ=DAILY", local, zone))) for local in sorted(locals_)
    )

    assert earlier <= later
