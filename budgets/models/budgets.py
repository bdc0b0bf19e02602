"""Budgets, buckets and the versions of their rules. Money is in minor units, shares in ppm.

Every unique constraint begins with the tenant. The functions of the triggers are in
`migrations/0001_commit_checks.py`, as `0016_column_names.py` has replaced them.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Deferrable, F, Q
from django.db.models.functions import Lower

from budgets.cascade import WHOLE
from budgets.managers import BucketManager, BudgetManager
from budgets.managers.cleaning import LONGEST_NAME
from budgets.managers.facts import BucketFacts
from budgets.managers.kinds import BucketKind
from budgets.managers.versions import RULES
from budgets.models.shared import Rules
from tenants.listing import Flag, HasValue, Key, Listing
from tenants.models import VERBS_ALONE, Membership, TenantModel
from tenants.schema.constraints import RowTrigger
from tenants.schema.fields import TenantForeignKey
from tenants.schema.history import History
from tenants.schema.searches import TrigramSearch


class Budget(TenantModel):
    """One owner's plan in one currency; lock this row before moving its money."""

    name = models.CharField(max_length=LONGEST_NAME)
    owner = TenantForeignKey(
        Membership,
        null=True,
        blank=True,
        related_name="budgets",
        help_text="the member who owns it; null without an owner",
    )
    currency = models.CharField(max_length=3, help_text="ISO 4217 code; it never changes")
    exponent = models.SmallIntegerField(help_text="number of decimals of the currency")
    version = models.BigIntegerField(
        default=0, help_text="number of changes of the budget and its buckets"
    )
    last_movement_seq = models.BigIntegerField(
        default=0, help_text="number of its movements: the seq of the last one"
    )
    deposited = models.BigIntegerField(default=0, help_text="sum of all deposits, in minor units")
    withdrawn = models.BigIntegerField(
        default=0, help_text="sum of all withdrawals, in minor units"
    )
    last_recorded_at = models.DateTimeField(null=True, help_text="recorded_at of its last movement")
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was archived; null while it is open"
    )

    # Role app may not update the currency. PostgreSQL refuses a plain save() of an existing budget,
    # so loaddata must select before it writes (select_on_save).
    app_privileges = (
        "SELECT, INSERT, UPDATE (name, owner_id, version, last_movement_seq, deposited,"
        " withdrawn, last_recorded_at, archived_at, updated_at)"
    )
    history = History(
        without=["version", "last_movement_seq", "deposited", "withdrawn", "last_recorded_at"],
        only=["name", "owner_id", "archived_at"],
    )  # the ledger is the history of its money
    listing = Listing(
        filters={"owner": Key("exact", "in")},
        sorts={"newest": "-id", "oldest": "id"},  # ids are in order of creation
        search="budgets_budget_search",
    )
    plain_writes = VERBS_ALONE
    objects: ClassVar[BudgetManager] = BudgetManager()

    class Meta:
        select_on_save = True
        indexes: ClassVar = [models.Index(fields=["tenant", "owner"], name="budgets_budget_owner")]
        constraints: ClassVar = [
            TrigramSearch(fields=["name"], name="budgets_budget_search"),
            models.UniqueConstraint(
                F("tenant"),
                Lower("name"),
                condition=Q(archived_at=None),
                name="budgets_budget_open_name_once",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="budgets_budget_currency"
            ),
            models.CheckConstraint(
                condition=Q(exponent__gte=0, exponent__lte=4), name="budgets_budget_exponent"
            ),
            models.CheckConstraint(
                condition=Q(
                    withdrawn__gte=0, deposited__gte=F("withdrawn"), last_movement_seq__gte=0
                ),
                name="budgets_budget_totals",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def acquire(self) -> None:
        """Lock the budget until the transaction ends, and re-read it."""
        rows = type(self).objects.acquired()
        self.refresh_from_db(from_queryset=rows)


class Bucket(BucketFacts, Rules, TenantModel):
    """An envelope, or the money bucket of a budget, which receives unallocated money."""

    budget = TenantForeignKey(Budget, related_name="buckets")
    kind = models.CharField(
        max_length=8,
        choices=BucketKind,
        default=BucketKind.ENVELOPE,
        help_text="envelope, or money: the bucket of unallocated money",
    )
    balance = models.BigIntegerField(
        default=0, help_text="balance in minor units, equal to balance_after of its last entry"
    )
    version = models.IntegerField(default=0, help_text="number of versions of its rules")
    last_entry_seq = models.BigIntegerField(
        default=0, help_text="number of its entries: the seq of the last one"
    )

    # A bucket is never deleted or moved to another budget. Only the verbs save it: they write the
    # versions of its rules.
    app_privileges = (
        "SELECT, INSERT, UPDATE (name, priority, filter_flat, filter_share, hold_flat,"
        " hold_share, target, locked, archived_at, balance, version, last_entry_seq, updated_at)"
    )
    history = None  # the versions are its history
    listing = Listing(
        filters={
            "budget": Key("exact", "in"),
            "locked": Flag(),
            "closed": HasValue(of="archived_at"),
        },
        sorts={"newest": "-id", "oldest": "id", "name": "name"},
        search="budgets_bucket_search",
    )  # not by balance: an index on it would prevent HOT updates by deposits
    plain_writes = VERBS_ALONE
    objects: ClassVar[BucketManager] = BucketManager()

    class Meta:
        select_on_save = True
        indexes: ClassVar = [
            models.Index(fields=["tenant", "locked", "id"], name="budgets_bucket_locked"),
            models.Index(fields=["tenant", "archived_at", "id"], name="budgets_bucket_closed"),
            models.Index(fields=["tenant", "name", "id"], name="budgets_bucket_name"),
        ]
        constraints: ClassVar = [
            TrigramSearch(fields=["name"], name="budgets_bucket_search"),
            models.UniqueConstraint(
                fields=["tenant", "budget", "priority"],
                deferrable=Deferrable.IMMEDIATE,
                name="budgets_bucket_priority_once",
            ),
            models.UniqueConstraint(
                F("tenant"),
                F("budget"),
                Lower("name"),
                condition=Q(archived_at=None),
                name="budgets_bucket_open_name_once",
            ),
            models.UniqueConstraint(
                fields=["tenant", "budget"],
                condition=Q(kind="money"),
                name="budgets_bucket_one_money",
            ),
            models.CheckConstraint(
                condition=Q(kind="envelope")
                | Q(
                    kind="money",
                    filter_flat=None,
                    filter_share=None,
                    hold_flat=None,
                    hold_share=None,
                    target=None,
                    locked=False,
                    archived_at=None,
                    priority=None,
                ),
                name="budgets_bucket_money_is_plain",
            ),
            models.CheckConstraint(
                condition=Q(kind="money")
                | Q(filter_flat__isnull=False, filter_flat__gte=0, filter_share=None)
                | Q(
                    filter_share__isnull=False,
                    filter_share__gte=0,
                    filter_share__lte=WHOLE,
                    filter_flat=None,
                ),
                name="budgets_bucket_filter",
            ),
            models.CheckConstraint(
                condition=Q(hold_flat=None, hold_share=None)
                | Q(hold_flat__gte=0, hold_share=None)
                | Q(hold_share__gte=0, hold_share__lte=WHOLE, hold_flat=None),
                name="budgets_bucket_hold",
            ),
            models.CheckConstraint(
                condition=Q(target=None) | Q(target__gte=0), name="budgets_bucket_target"
            ),
            models.CheckConstraint(
                condition=Q(kind="money")
                | Q(archived_at=None, priority__isnull=False, priority__gte=0)
                | Q(archived_at__isnull=False, priority=None, balance=0),
                name="budgets_bucket_priority",
            ),
            models.CheckConstraint(condition=Q(balance__gte=0), name="budgets_bucket_balance"),
            RowTrigger(
                name="budgets_bucket_is_its_last_entry",
                function="budgets_bucket_is_its_last_entry",
                when="AFTER INSERT OR UPDATE OF balance, last_entry_seq",
                deferred=True,
            ),
            RowTrigger(
                name="budgets_bucket_made_as_versioned",
                function="budgets_bucket_as_versioned",
                when="AFTER INSERT",
                deferred=True,
            ),
            RowTrigger(
                name="budgets_bucket_as_versioned",
                function="budgets_bucket_as_versioned",
                when=f"AFTER UPDATE OF {', '.join(('budget_id', *RULES, 'version'))}",
            ),
        ]

    def __str__(self) -> str:
        return self.name
