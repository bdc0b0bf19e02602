"""What a recurrence rule may say."""

from datetime import datetime
from time import perf_counter

import pytest

from budgets.errors import BadSchedule
from budgets.recurrence import recurrence
from budgets.recurrence.rrules import parts_of, text_of

NINE = datetime(2026, 1, 1, 9)  # a Thursday


def test_reads_any_case_and_order_and_keeps_one_spelling():
    parts = parts_of(" rrule:byday=fr;interval=2;freq=weekly ")

    assert text_of(parts) == "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"


class TestRefused:
    @pytest.mark.parametrize(
        "rule",
        [
            "", "x", "FREQ", "FREQ=", "FREQ=HOURLY", "FREQ=SECONDLY", "INTERVAL=2",
            "FREQ=DAILY;", "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;BYSECOND=1", "FREQ=DAILY;X=1",
            "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=1,2",
            "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=10001", "FREQ=DAILY;COUNT=3;UNTIL=20270101",
            "FREQ=DAILY;UNTIL=tomorrow", "FREQ=DAILY;UNTIL=20261301", "FREQ=DAILY;UNTIL=2026-12-01",
            "FREQ=WEEKLY;BYDAY=2FR", "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;BYMONTHDAY=1",
            "FREQ=MONTHLY;BYDAY=6FR", "FREQ=MONTHLY;BYDAY=0FR", "FREQ=MONTHLY;BYDAY=1FR,MO",
            "FREQ=YEARLY;BYMONTH=1;BYDAY=6FR", "FREQ=MONTHLY;BYYEARDAY=1", "FREQ=YEARLY;BYWEEKNO=1",
            "FREQ=DAILY;BYSETPOS=1", "FREQ=DAILY;BYHOUR=24", "FREQ=MONTHLY;BYMONTHDAY=0",
            "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=DAILY;BYHOUR=1,2;BYMINUTE=" + ",".join("0123456789")
            + ",10,11,12", "FREQ=DAILY;BYMONTH=٣", "DTSTART:20260101T000000\nRRULE:FREQ=DAILY",
        ],
    )  # fmt: skip
    def test_what_makes_no_sense(self, rule):
        with pytest.raises(BadSchedule):
            recurrence(rule, NINE, "UTC")

    @pytest.mark.parametrize(
        "rule",
        [
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
            "FREQ=MONTHLY;BYDAY=1FR;BYMONTHDAY=8",
            "FREQ=MONTHLY;BYDAY=FR;BYSETPOS=6",
            "FREQ=DAILY;UNTIL=20251231",
        ],
    )
    def test_a_rule_that_is_empty_for_ever_and_that_is_found_out_soon(self, rule):
        began = perf_counter()

        with pytest.raises(BadSchedule, match="never falls due"):
            recurrence(rule, NINE, "UTC")

        assert perf_counter() - began < 2
