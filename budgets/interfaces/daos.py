"""The data-access objects as callers see them. What each verb does and raises: the managers say."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, Unpack

from budgets.cascade import Claim
from budgets.errors import Refused
from budgets.interfaces.rows import (
    BucketRow,
    BudgetRow,
    EntryRow,
    ImportProfileRow,
    MovementRow,
    ScheduleRow,
    ScheduleRunRow,
    StatementRow,
)
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Disposition, Overflow, Preview
from budgets.managers.duetimes import Planned
from budgets.managers.entries import ProposedEntry
from budgets.managers.matching import NO_CHOICES, Choices, Classified
from budgets.managers.profilefacts import Header, ProfileMatch
from budgets.managers.reads.dashboard import Dashboard
from budgets.managers.reads.moments import Balances
from budgets.managers.requests import RequestOptions
from budgets.recurrence.outlook import Outlook
from budgets.statements import Line, StatementFile, Survey
from tenants.listing import Page

type AnyRow = Any
"""A row that a data-access object of the same store answered.

Not a Protocol: the managers take their own models alone, so nothing wider would fit them.
"""


class Budgets(Protocol):
    """Found one, find one, look at one: `Budget.objects`."""

    def create_budget(
        self, name: str, currency: str | None = None, *, owner: AnyRow = None
    ) -> BudgetRow: ...
    def rename(self, budget: AnyRow, name: str) -> BudgetRow: ...
    def archive(self, budget: AnyRow) -> BudgetRow: ...
    def unarchive(self, budget: AnyRow) -> BudgetRow: ...
    def get_by_name(self, name: str, *, archived: bool = False) -> BudgetRow: ...
    def of(self, user: AnyRow) -> Iterable[BudgetRow]: ...
    def dashboard(self, budget: AnyRow) -> Dashboard: ...
    def balances_at(
        self,
        budget: AnyRow,
        *,
        effective: datetime | None = None,
        recorded: datetime | None = None,
        seq: int | None = None,
    ) -> Balances: ...


class Buckets(Protocol):
    """The verbs that change rules: `Bucket.objects`."""

    def get_by_name(self, budget: AnyRow, name: str) -> BucketRow: ...
    def of(self, user: AnyRow) -> Iterable[BucketRow]: ...
    def create_bucket(
        self,
        budget: AnyRow,
        name: str,
        *,
        filter: Claim,
        hold: Claim | None = None,
        target: int | None = None,
        priority: int | None = None,
        locked: bool = False,
        **options: Unpack[RequestOptions],
    ) -> BucketRow: ...
    def lock(self, bucket: AnyRow, **options: Unpack[RequestOptions]) -> BucketRow: ...
    def unlock(self, bucket: AnyRow, **options: Unpack[RequestOptions]) -> BucketRow: ...
    def set_rules(
        self,
        bucket: AnyRow,
        *,
        filter: Claim,
        hold: Claim | None = None,
        **options: Unpack[RequestOptions],
    ) -> BucketRow: ...
    def set_target(
        self, bucket: AnyRow, target: int | None, **options: Unpack[RequestOptions]
    ) -> BucketRow: ...
    def rename(self, bucket: AnyRow, name: str, **options: Unpack[RequestOptions]) -> BucketRow: ...
    def reorder(
        self, budget: AnyRow, order: Sequence[AnyRow], **options: Unpack[RequestOptions]
    ) -> Sequence[BucketRow]: ...
    def close(
        self,
        bucket: AnyRow,
        to: Disposition,
        *,
        into: AnyRow = None,
        **options: Unpack[RequestOptions],
    ) -> BucketRow: ...


class Movements(Protocol):
    """The verbs that move money: `Movement.objects`."""

    def preview(self, budget: AnyRow, amount: int) -> Preview: ...
    def preview_into(
        self, bucket: AnyRow, amount: int, *, overflow: Overflow = Overflow.MONEY
    ) -> Sequence[ProposedEntry]: ...
    def deposit(
        self, budget: AnyRow, amount: int, **options: Unpack[RequestOptions]
    ) -> MovementRow: ...
    def deposit_into(
        self,
        bucket: AnyRow,
        amount: int,
        *,
        overflow: Overflow = Overflow.MONEY,
        **options: Unpack[RequestOptions],
    ) -> MovementRow: ...
    def deposit_many(
        self, deposits: Sequence[Deposit], *, each_on_its_own: bool = False
    ) -> Sequence[MovementRow | Refused]: ...
    def withdraw(
        self, bucket: AnyRow, amount: int, **options: Unpack[RequestOptions]
    ) -> MovementRow: ...
    def transfer(
        self,
        bucket: AnyRow,
        to: AnyRow,
        amount: int,
        *,
        overflow: Overflow = Overflow.MONEY,
        **options: Unpack[RequestOptions],
    ) -> MovementRow: ...
    def redistribute_to(
        self, bucket: AnyRow, amount: int, **options: Unpack[RequestOptions]
    ) -> MovementRow: ...
    def redistribute(
        self, budget: AnyRow, amount: int, **options: Unpack[RequestOptions]
    ) -> MovementRow: ...
    def release_excess(self, bucket: AnyRow, **options: Unpack[RequestOptions]) -> MovementRow: ...
    def reverse_movement(
        self, movement: AnyRow, **options: Unpack[RequestOptions]
    ) -> MovementRow: ...


class Schedules(Protocol):
    """The verbs of schedules: `Schedule.objects`."""

    def get_by_name(self, budget: AnyRow, name: str, *, key: str | None = None) -> ScheduleRow: ...
    def due(self, now: datetime) -> Iterable[ScheduleRow]: ...
    def create_schedule(
        self,
        budget: AnyRow,
        name: str,
        amount: int,
        *,
        rrule: str,
        starts: datetime,
        time_zone: str,
        catch_up: str = "all",
        **options: Unpack[RequestOptions],
    ) -> ScheduleRow: ...
    def edit(
        self,
        schedule: AnyRow,
        *,
        amount: int | None = None,
        rrule: str | None = None,
        starts: datetime | None = None,
        time_zone: str | None = None,
        catch_up: str | None = None,
        **options: Unpack[RequestOptions],
    ) -> ScheduleRow: ...
    def rename(
        self, schedule: AnyRow, name: str, **options: Unpack[RequestOptions]
    ) -> ScheduleRow: ...
    def pause(self, schedule: AnyRow, **options: Unpack[RequestOptions]) -> ScheduleRow: ...
    def resume(self, schedule: AnyRow, **options: Unpack[RequestOptions]) -> ScheduleRow: ...
    def end(self, schedule: AnyRow, **options: Unpack[RequestOptions]) -> ScheduleRow: ...
    def preview(
        self, rrule: str, *, starts: datetime, time_zone: str, many: int = 5
    ) -> Outlook: ...
    def upcoming(self, schedule: AnyRow, *, many: int = 5) -> Outlook: ...
    def planned(self, schedule: AnyRow, now: datetime, *, most: int = 1000) -> list[Planned]: ...
    def skip(self, schedule: AnyRow, due_at: datetime) -> ScheduleRunRow: ...
    def run_due(self, schedule: AnyRow, now: datetime) -> Sequence[ScheduleRunRow]: ...


class Statements(Protocol):
    """The verbs of imports: `Statement.objects`."""

    def get_by_name(self, budget: AnyRow, name: str) -> StatementRow: ...
    def review(
        self, budget: AnyRow, file: StatementFile, choices: Choices = NO_CHOICES
    ) -> Iterable[Classified]: ...
    def balance_warnings(
        self, budget: AnyRow, file: StatementFile, surveyed: Survey
    ) -> list[str]: ...
    def begin(
        self, budget: AnyRow, file: StatementFile, surveyed: Survey, choices: Choices
    ) -> StatementRow: ...
    def import_batch(
        self, statement: AnyRow, batch: Sequence[Line], surveyed: Survey, *, hold: bool
    ) -> list[Classified]: ...
    def finish(self, statement: AnyRow) -> None: ...
    def undo(self, statement: AnyRow, *, key: str | None = None) -> Sequence[MovementRow]: ...
    def reversals(self, statement: AnyRow) -> Sequence[MovementRow]: ...


class ImportProfiles(Protocol):
    """The verbs of import profiles: `ImportProfile.objects`."""

    def remember(
        self,
        budget: AnyRow,
        account: str,
        header: Sequence[str],
        options: Mapping[str, Any],
        *,
        format: str = "csv",
    ) -> ImportProfileRow: ...
    def edit(self, profile: AnyRow, options: Mapping[str, Any]) -> ImportProfileRow: ...
    def forget(self, profile: AnyRow) -> None: ...
    def get_by_name(self, budget: AnyRow, account: str) -> ImportProfileRow: ...
    def matching(
        self, budget: AnyRow, rows: Collection[Header], account: str = ""
    ) -> list[ProfileMatch]: ...


class Entries(Protocol):
    """The ledger a page at a time, by `budgets.managers.reads.ledger`: `Entry.objects`."""

    def page(
        self,
        asked: Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        sort: str | None = None,
    ) -> Page[EntryRow]: ...
