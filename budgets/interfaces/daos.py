"""The data-access objects as callers see them. What each verb does and raises: the managers say."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, Unpack

from budgets.cascade import Claim
from budgets.errors import Refused
from budgets.interfaces.rows import (
    BucketRow,
    BudgetRow,
    EntryRow,
    LineRow,
    MovementRow,
    PreviewRow,
)
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Disposition, Overflow
from budgets.managers.reads.dashboard import Dashboard
from budgets.managers.reads.moments import Balances
from budgets.managers.requests import RequestOptions
from tenants.listing import Page

type Given = Any
"""A row that a data-access object of the same store answered.

Not a Protocol: the managers take their own models alone, so nothing wider would fit them.
"""


class Budgets(Protocol):
    """Found one, find one, look at one: `Budget.objects`."""

    def create_budget(
        self, name: str, currency: str | None = None, *, owner: Given = None
    ) -> BudgetRow: ...
    def rename(self, budget: Given, name: str) -> BudgetRow: ...
    def archive(self, budget: Given) -> BudgetRow: ...
    def unarchive(self, budget: Given) -> BudgetRow: ...
    def get_by_name(self, name: str, *, archived: bool = False) -> BudgetRow: ...
    def of(self, user: Given) -> Iterable[BudgetRow]: ...
    def dashboard(self, budget: Given) -> Dashboard: ...
    def balances_at(
        self,
        budget: Given,
        *,
        effective: datetime | None = None,
        recorded: datetime | None = None,
        seq: int | None = None,
    ) -> Balances: ...


class Buckets(Protocol):
    """The verbs that change rules: `Bucket.objects`."""

    def get_by_name(self, budget: Given, name: str) -> BucketRow: ...
    def of(self, user: Given) -> Iterable[BucketRow]: ...
    def create_bucket(
        self,
        budget: Given,
        name: str,
        *,
        filter: Claim,
        hold: Claim | None = None,
        target: int | None = None,
        priority: int | None = None,
        locked: bool = False,
        **options: Unpack[RequestOptions],
    ) -> BucketRow: ...
    def lock(self, bucket: Given, **options: Unpack[RequestOptions]) -> BucketRow: ...
    def unlock(self, bucket: Given, **options: Unpack[RequestOptions]) -> BucketRow: ...
    def set_rules(
        self,
        bucket: Given,
        *,
        filter: Claim,
        hold: Claim | None = None,
        **options: Unpack[RequestOptions],
    ) -> BucketRow: ...
    def set_target(
        self, bucket: Given, target: int | None, **options: Unpack[RequestOptions]
    ) -> BucketRow: ...
    def rename(self, bucket: Given, name: str, **options: Unpack[RequestOptions]) -> BucketRow: ...
    def reorder(
        self, budget: Given, order: Sequence[Given], **options: Unpack[RequestOptions]
    ) -> Sequence[BucketRow]: ...
    def close(
        self,
        bucket: Given,
        to: Disposition,
        *,
        into: Given = None,
        **options: Unpack[RequestOptions],
    ) -> BucketRow: ...


class Movements(Protocol):
    """The verbs that move money: `Movement.objects`."""

    def preview(self, budget: Given, amount: int) -> PreviewRow: ...
    def preview_into(
        self, bucket: Given, amount: int, *, overflow: Overflow = Overflow.MONEY
    ) -> Sequence[LineRow]: ...
    def deposit(
        self, budget: Given, amount: int, **options: Unpack[RequestOptions]
    ) -> MovementRow: ...
    def deposit_into(
        self,
        bucket: Given,
        amount: int,
        *,
        overflow: Overflow = Overflow.MONEY,
        **options: Unpack[RequestOptions],
    ) -> MovementRow: ...
    def deposit_many(
        self, deposits: Sequence[Deposit], *, each_on_its_own: bool = False
    ) -> Sequence[MovementRow | Refused]: ...
    def withdraw(
        self, bucket: Given, amount: int, **options: Unpack[RequestOptions]
    ) -> MovementRow: ...
    def transfer(
        self,
        bucket: Given,
        to: Given,
        amount: int,
        *,
        overflow: Overflow = Overflow.MONEY,
        **options: Unpack[RequestOptions],
    ) -> MovementRow: ...
    def redistribute_to(
        self, bucket: Given, amount: int, **options: Unpack[RequestOptions]
    ) -> MovementRow: ...
    def redistribute(
        self, budget: Given, amount: int, **options: Unpack[RequestOptions]
    ) -> MovementRow: ...
    def release_excess(self, bucket: Given, **options: Unpack[RequestOptions]) -> MovementRow: ...
    def reverse_movement(
        self, movement: Given, **options: Unpack[RequestOptions]
    ) -> MovementRow: ...


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
