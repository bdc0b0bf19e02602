"""The due times of schedules that have no run, and the outcomes of those that have passed."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from budgets.recurrence import due_times, is_missed

if TYPE_CHECKING:
    from budgets.models import Schedule

type Planned = tuple[datetime, str]
"""A due time and its outcome: deposited or missed; or the first due time, which is resting."""


class Past(NamedTuple):
    """The part of a schedule's past that decides on its due times without a run.

    `last` is the last due time before the next one that has a run, `skipped` are later ones
    that were skipped; `since` is when it was changed last.
    """

    last: datetime | None = None
    skipped: Sequence[datetime] = ()
    since: datetime | None = None

    def is_behind(self, schedule: "Schedule") -> bool:
        """Whether due times from before a change have no run: its versions are to be read."""
        due = schedule.next_due_at
        return self.since is not None and due is not None and due <= self.since


def open_times(schedule: "Schedule", past: Past) -> Iterator[datetime]:
    """The due times of a schedule that have no run, in order; `behind` must have been read.

    They follow the last run, not `next_due_at`: where a newer time zone database has moved the
    next due time forward, it is not lost. A change applies to the due times after it.
    """
    after = past.last
    for version in schedule.behind:
        if after is None or after < version.until:
            yield from _unskipped(due_times(version.recurrence, after, version.until), past)
            after = version.until
    latest = max((moment for moment in (after, past.since) if moment), default=None)
    yield from _unskipped(due_times(schedule.recurrence, latest), past)


def _unskipped(times: Iterator[datetime], past: Past) -> Iterator[datetime]:
    return (due for due in times if due not in past.skipped)


def outcomes(
    schedule: "Schedule", times: list[datetime], following: datetime | None, now: datetime
) -> list[Planned]:
    """The outcomes of passed due times, `following` being due next."""
    if schedule.state == "resting":
        return [(due, "resting") for due in times[:1]]
    newest = following if following is not None and following <= now else max(times, default=now)
    missed = partial(is_missed, catch_up=schedule.catch_up, now=now, newest=newest)
    return [(due, "missed" if missed(due) else "deposited") for due in times]
