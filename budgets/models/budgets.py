"""Budgets and their buckets. Money is in minor units, shares in parts per million.

Every unique begins with the tenant; what a constraint states is stated nowhere else. The
deferred triggers are in `migrations/0001_commit_checks.py`.
"""

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Deferrable, F, Q
from django.db.models.functions import Lower

from budgets.cascade import WHOLE, Slot
from budgets.managers import BucketManager, BucketVersionManager, BudgetManager
from budgets.managers.budgets import LONGEST_NAME
from budgets.models.shared import Answer, Request, Rules
from tenants.listing import Flag, Given, Key, Listing
from tenants.models import APPEND_ONLY, Membership, TenantModel
from tenants.schema.constraints import RowTrigger
from tenants.schema.fields import TenantForeignKey
from tenants.schema.history import History
from tenants.schema.searches import TrigramSearch

if TYPE_CHECKING:
    from budgets.models.ledger import Movement


class Budget(TenantModel):
    """One owner's plan in one currency; the row to lock before moving its money."""

    name = models.CharField(max_length=LONGEST_NAME)
    owner = TenantForeignKey(
        Membership,
        null=True,
        blank=True,
        related_name="budgets",
        help_text="whose plan it is, if anybody's",
    )
    currency = models.CharField(max_length=3, help_text="ISO 4217, fixed from the beginning")
    exponent = models.SmallIntegerField(help_text="decimals of the currency")
    version = models.BigIntegerField(
        default=0, help_text="counts every change of it or of its buckets"
    )
    last_seq = models.BigIntegerField(default=0, help_text="how many movements it has had")
    deposited = models.BigIntegerField(
        default=0, help_text="what came in, in minor units, since the beginning"
    )
    withdrawn = models.BigIntegerField(
        default=0, help_text="what went out, in minor units, since the beginning"
    )
    last_recorded_at = models.DateTimeField(
        null=True, help_text="when its last movement was recorded"
    )
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was closed; none while it is open"
    )

    # The currency is fixed: role app may not update it. So a plain save() of a budget that
    # exists is refused, and loaddata must look before it writes (select_on_save).
    app_privileges = (
        "SELECT, INSERT, MAINTAIN, UPDATE (name, owner_id, version, last_seq, deposited,"
        " withdrawn, last_recorded_at, archived_at, updated_at)"
    )
    history = History(
        without=["version", "last_seq", "deposited", "withdrawn", "last_recorded_at"],
        only=["name", "owner_id", "archived_at"],
    )  # the ledger tells of its money
    listing = Listing(
        filters={"owner": Key("exact", "in")},
        sorts={"newest": "-id", "oldest": "id"},  # the ids tell when they were made
        search="budgets_budget_search",
    )
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
                condition=Q(withdrawn__gte=0, deposited__gte=F("withdrawn"), last_seq__gte=0),
                name="budgets_budget_totals",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def acquire(self) -> None:
        """Make every other mover of this budget's money wait until we commit, and re-read it."""
        rows = type(self).objects.acquired()
        self.refresh_from_db(from_queryset=rows)

    def count(self, movement: "Movement") -> None:
        """Take a movement into the totals, in memory; `write_totals` writes them."""
        self.version += 1
        self.last_seq = movement.seq
        self.last_recorded_at = movement.recorded_at
        self.deposited += max(movement.external, 0)
        self.withdrawn += max(-movement.external, 0)


class Bucket(Answer, Rules, TenantModel):
    """An envelope, or the one money bucket of a budget, where the rest of a deposit lands."""

    class Kind(models.TextChoices):
        ENVELOPE = "envelope"
        MONEY = "money"

    budget = TenantForeignKey(Budget, related_name="buckets")
    kind = models.CharField(
        max_length=8,
        choices=Kind,
        default=Kind.ENVELOPE,
        help_text="envelope, or money: where the rest goes",
    )
    balance = models.BigIntegerField(
        default=0, help_text="what it holds, in minor units: its last entry's balance_after"
    )
    version = models.IntegerField(
        default=0, help_text="how many versions of its rules there have been"
    )
    last_seq = models.BigIntegerField(default=0, help_text="how many entries it has had")

    # Never deleted, never moved to another budget, and saved by the verbs only: they keep the
    # history of rules.
    app_privileges = (
        "SELECT, INSERT, MAINTAIN, UPDATE (name, priority, filter_flat, filter_share, hold_flat,"
        " hold_share, target, locked, archived_at, balance, version, last_seq, updated_at)"
    )
    history = None  # BucketVersion
    listing = Listing(
        filters={
            "budget": Key("exact", "in"),
            "locked": Flag(),
            "closed": Given(of="archived_at"),
        },
        sorts={"newest": "-id", "oldest": "id", "name": "name"},
        search="budgets_bucket_search",
    )  # not by its balance: with an index on that, each deposit would write all of a bucket's
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
                when="AFTER INSERT OR UPDATE OF balance, last_seq",
                deferred=True,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def space(self) -> int | None:
        """Minor units until the target is reached; None when there is no target."""
        return None if self.target is None else max(0, self.target - self.balance)

    @property
    def state(self) -> str:
        """Locked, else full, else active; a closed bucket is closed."""
        if self.archived_at:
            return "closed"
        return "locked" if self.locked else "full" if self.space == 0 else "active"

    def slot(self) -> "Slot[Bucket]":
        """This envelope as the cascade sees it. Raises ValueError for any other bucket."""
        if self.priority is None:
            raise ValueError(f"only open envelopes take part in a cascade, not {self}")
        return Slot(
            self, self.priority, self.balance, self.target, self.filter, self.hold, self.locked
        )


class BucketVersion(Rules, Request, TenantModel):
    """A bucket's rules from one movement on; written once, at every change of them."""

    budget = TenantForeignKey(Budget, related_name="versions")
    bucket = TenantForeignKey(Bucket, related_name="versions")
    version = models.IntegerField(help_text="counts the bucket's versions, from 1")
    from_seq = models.BigIntegerField(help_text="the first movement it governs")
    verb = models.CharField(max_length=20, help_text="what was done to the bucket")

    app_privileges = APPEND_ONLY
    history = None  # it is one
    listing = Listing(
        filters={"budget": Key("exact", "in"), "bucket": Key("exact", "in")},
        sorts={"newest": "-id", "oldest": "id"},
    )
    objects: ClassVar[BucketVersionManager] = BucketVersionManager()

    class Meta:
        select_on_save = True
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "bucket", "version"], name="budgets_bucketversion_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "budget", "key"], name="budgets_bucketversion_key_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
