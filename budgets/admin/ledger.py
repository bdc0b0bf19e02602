"""The admin pages of budgets, buckets and the ledger."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import F, Q
from django.utils.html import format_html

from budgets.models import (
    Bucket,
    BucketVersion,
    Budget,
    Entry,
    ImportProfile,
    Movement,
    Rules,
    Statement,
    StatementLine,
)
from budgets.money import show, show_percent
from tenants.admin.columns import TENANT, Column, link, links_to_lists
from tenants.admin.inspection import (
    InspectedTable,
    InspectingAdmin,
    TenantFilter,
    state_filter,
)

# -- Columns ----------------------------------------------------------------------------------


def _budget(row: Any) -> Budget:
    """The budget of a row."""
    if isinstance(row, Budget):
        return row
    budget: Budget = row.movement.budget if isinstance(row, Entry) else row.budget
    return budget


def _amount(row: Any, minor: int) -> str:
    budget = _budget(row)
    return show(minor, budget.currency, exponent=budget.exponent)


def money(title: str, field: str = "", of: Callable[[Any], int | None] | None = None) -> Column:
    """A column of amounts: of the field with that name, or computed by `of`."""
    field = field or title

    def value(row: Any) -> str | None:
        minor = of(row) if of else getattr(row, field)
        return None if minor is None else _amount(row, minor)

    return Column(title, value, admin_order_field=None if of else field, css="number")


def rule_column(name: str) -> Column:
    """A column of filters or holds: a flat amount or a percentage."""

    def value(row: Rules) -> str | None:
        flat, share = getattr(row, f"{name}_flat"), getattr(row, f"{name}_share")
        if share is not None:
            return show_percent(share)
        return None if flat is None else _amount(row, flat)

    return Column(name, value, css="number")


def _fill(bucket: Bucket) -> str | None:
    """The balance in percent of the target: a bar and digits."""
    if bucket.target is None:
        return None
    percent = bucket.balance * 100 // bucket.target if bucket.target else 100
    return format_html('<meter max="100" value="{}"></meter> {} %', min(percent, 100), percent)


def _redistributed(budget: Budget) -> str | None:
    """The total redistributed from the money bucket to envelopes, and the last day (UTC)."""
    dashboard = Budget.objects.dashboard(budget)
    if (last := dashboard.last_redistributed_at) is None:
        return None
    return f"{_amount(budget, dashboard.redistributed)}, last on {last:%Y-%m-%d}"


def _lists(row: Budget | Bucket | Movement | Statement) -> str:
    """Links to the lists of rows that belong to this row."""
    query = f"tenant={row.tenant.slug}&{row._meta.model_name}__id__exact={row.pk}"
    models = {
        Budget: (Bucket, Movement, BucketVersion, Statement, ImportProfile),
        Bucket: (Entry, BucketVersion),
        Movement: (Entry, StatementLine),
        Statement: (StatementLine,),
    }
    return links_to_lists(dict.fromkeys(models[type(row)], query))


BUDGET = link("budget", _budget)
BUCKET = link("bucket", lambda row: row.bucket)
MOVEMENT = link("movement", lambda row: row.movement)
ACTOR = link("actor", lambda row: row.actor)
OWNER = link("owner", lambda row: row.owner, lambda owner: owner.user.email)
REVERSES = link("reverses", lambda row: row.reverses)
LISTS = Column("lists", _lists)
NAME = link("name", lambda row: row)
LOCKED = Column("locked", lambda row: "yes" if row.locked else None)
BECAME_FULL = Column("became full", lambda row: "yes" if row.became_full else None)
STATE = Column("state", lambda row: row.state)
FILL = Column("fill", _fill)
FILTER, HOLD, TARGET = rule_column("filter"), rule_column("hold"), money("target")
BALANCE = money("balance")
AMOUNT = money("amount")
BEFORE, AFTER = money("before", "balance_before"), money("after", "balance_after")


# -- Filters ----------------------------------------------------------------------------------

OPEN = Q(archived_at=None)
FULL = Q(target__isnull=False, balance__gte=F("target"))


BUDGET_STATES = state_filter(open=OPEN, archived=~OPEN)
BUCKET_STATES = state_filter(
    active=OPEN & Q(locked=False) & ~FULL,
    full=OPEN & Q(locked=False) & FULL,
    locked=OPEN & Q(locked=True),
    closed=~OPEN,
)


# -- Tables on the pages of related rows --------------------------------------------------------


class BucketTable(InspectedTable):
    """A budget's envelopes by priority, then the money bucket, then closed buckets."""

    model = Bucket
    shown = ("priority", NAME, STATE, FILTER, HOLD, BALANCE, TARGET, FILL)
    ordering = (F("archived_at").asc(nulls_first=True), F("priority").asc(nulls_last=True))


class EntryTable(InspectedTable):
    """The entries of a movement."""

    model = Entry
    shown = ("position", BUCKET, BEFORE, AMOUNT, AFTER, "reason", BECAME_FULL)
    ordering = ("position",)
    related = ("bucket", "movement__budget")


class LatestEntries(EntryTable):
    """The entries of a bucket, newest first."""

    shown = ("seq", MOVEMENT, BEFORE, AMOUNT, AFTER, "reason", BECAME_FULL)
    ordering = ("-seq",)
    verbose_name_plural = "latest entries"


class LatestVersions(InspectedTable):
    """The versions of a bucket's rules, newest first."""

    model = BucketVersion
    shown = (
        "version", "from_seq", "name", "priority", FILTER, HOLD, TARGET, LOCKED, ACTOR,
        "created_at",
    )  # fmt: skip
    ordering = ("-version",)
    verbose_name_plural = "latest rules"


# -- Pages ------------------------------------------------------------------------------------


@admin.register(Budget)
class BudgetAdmin(InspectingAdmin):
    """Budgets with their buckets."""

    BALANCE = money("balance", of=lambda budget: budget.deposited - budget.withdrawn)
    shown = (
        ("name", TENANT, OWNER, "currency"),
        (BALANCE, money("deposited"), money("withdrawn")),
        (Column("redistributed", _redistributed, css="number"),),
        LISTS,
        ("version", "last_movement_seq", "last_recorded_at", "archived_at"),
        ("created_at", "updated_at", "id"),
    )
    inlines = (BucketTable,)
    list_display = ("name", TENANT, OWNER, "currency", BALANCE, "last_recorded_at")
    list_filter = (TenantFilter, BUDGET_STATES, "currency")
    related = ("tenant", "owner__user")
    search_fields = ("name", "owner__user__email", "id__exact")
    search_help_text = "name, e-mail of the owner or id"


@admin.register(Bucket)
class BucketAdmin(InspectingAdmin):
    """Buckets with their latest entries and versions."""

    shown = (
        ("name", "kind", BUDGET, TENANT),
        (BALANCE, TARGET, FILL, STATE),
        ("priority", FILTER, HOLD),
        LISTS,
        ("version", "last_entry_seq", "archived_at"),
        ("created_at", "updated_at", "id"),
    )
    inlines = (LatestEntries, LatestVersions)
    list_display = ("name", BUDGET, TENANT, STATE, "priority", FILTER, HOLD, BALANCE, TARGET, FILL)
    list_filter = (TenantFilter, BUCKET_STATES, "kind", "budget")
    search_fields = ("name", "budget__name", "id__exact")
    search_help_text = "name, name of the budget or id"


@admin.register(Movement)
class MovementAdmin(InspectingAdmin):
    """Movements with their entries."""

    date_hierarchy = "effective_at"
    shown = (
        ("kind", "seq", BUDGET, TENANT),
        (AMOUNT, money("net amount", "net_amount"), REVERSES),
        (money("processed"), money("to the money bucket", "to_money")),
        ("memo", "source"),
        ("effective_at", "recorded_at", ACTOR),
        LISTS,
        ("metadata", "key", "request_id"),
        ("request_hash", "id"),
    )
    inlines = (EntryTable,)
    list_display = ("__str__", BUDGET, TENANT, AMOUNT, "memo", "effective_at")
    list_filter = (TenantFilter, "kind", "budget")
    search_fields = ("memo", "key", "source", "budget__name", "id__exact")
    search_help_text = "memo, key, source, name of the budget or id"


@admin.register(Entry)
class EntryAdmin(InspectingAdmin):
    """Entries: one bucket's part of a movement."""

    shown = (
        (MOVEMENT, BUCKET, BUDGET, TENANT),
        (BEFORE, AMOUNT, AFTER),
        ("reason", BECAME_FULL, "position", "seq"),
        ("created_at", "id"),
    )
    list_display = (
        Column("entry", lambda row: f"{row.movement}, entry {row.position}"),
        BUCKET, BUDGET, TENANT, BEFORE, AMOUNT, AFTER, "reason", BECAME_FULL,
    )  # fmt: skip
    list_filter = (TenantFilter, "reason", "became_full", "bucket", "movement")
    related = ("tenant", "bucket", "movement__budget")
    search_fields = ("bucket__name", "movement__memo", "movement__key", "id__exact")
    search_help_text = "name of the bucket, memo or key of the movement, or id"


@admin.register(BucketVersion)
class BucketVersionAdmin(InspectingAdmin):
    """Versions of the rules of buckets."""

    date_hierarchy = "created_at"
    shown = (
        ("name", BUCKET, BUDGET, TENANT),
        ("priority", FILTER, HOLD, TARGET, LOCKED),
        ("version", "from_seq", "archived_at"),
        (ACTOR, "key", "request_hash"),
        ("created_at", "id"),
    )
    list_display = (
        "__str__", BUDGET, TENANT, "from_seq", "priority", FILTER, HOLD, TARGET, LOCKED,
        "created_at",
    )  # fmt: skip
    list_filter = (TenantFilter, "locked", "bucket", "budget")
    search_fields = ("name", "key", "budget__name", "id__exact")
    search_help_text = "name, key, name of the budget or id"
