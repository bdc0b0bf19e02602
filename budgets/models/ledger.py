"""The ledger: movements and their entries, append-only. Money is in minor units.

The functions of the triggers are in `migrations/0001_commit_checks.py`, as
`0016_column_names.py` has replaced them.
"""

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from budgets.managers import EntryManager, MovementManager
from budgets.managers.kinds import EntryReason, MovementKind
from budgets.managers.reads.ledger import LEDGER, MEMOS
from budgets.models.budgets import Bucket, Budget
from budgets.models.shared import RequestColumns
from tenants.listing import Key, Listing, Moment, Text
from tenants.models import APPEND_ONLY, VERBS_ALONE, TenantModel
from tenants.schema.constraints import RowTrigger
from tenants.schema.fields import TenantForeignKey


class Movement(RequestColumns, TenantModel):
    """One atomic money event; PostgreSQL checks that its entries add up to `net_amount`."""

    budget = TenantForeignKey(Budget, related_name="movements")
    seq = models.BigIntegerField(help_text="number of the movement in its budget, from 1")
    kind = models.CharField(
        max_length=20, choices=MovementKind, help_text="the verb that moved the money"
    )
    amount = models.BigIntegerField(help_text="the requested amount, in minor units")
    net_amount = models.BigIntegerField(
        help_text="deposited (+) or withdrawn (-) amount, in minor units; 0 inside the budget"
    )
    entry_count = models.IntegerField(help_text="number of its entries")
    recorded_at = models.DateTimeField(
        help_text="when it was written; never earlier than that of a smaller seq"
    )
    source = models.CharField(
        max_length=200,
        blank=True,
        help_text="origin: a schedule, a statement, or a name; may be empty",
    )
    reverses = TenantForeignKey(
        "self",
        null=True,
        related_name="reversals",
        help_text="the movement that this reversal mirrors; null for other kinds",
    )

    app_privileges = APPEND_ONLY
    history = None  # append-only
    listing = Listing(
        filters={
            "budget": Key("exact", "in"),
            "kind": Text("exact", "in"),
            "effective_at": Moment("gte", "lt"),
            "recorded_at": Moment("gte", "lt"),
            "reverses": Key("exact", "in"),
        },
        sorts={"newest": "-recorded_at", "oldest": "recorded_at"},
        search=MEMOS.name,
        always=Q(entry_count__gt=0),
    )
    plain_writes = VERBS_ALONE
    objects: ClassVar[MovementManager] = MovementManager()
    if TYPE_CHECKING:  # of a row that `misshapen` read
        adds_up: bool
        suits: bool

    class Meta:
        select_on_save = True
        indexes: ClassVar = [
            models.Index(
                fields=["tenant", "budget", "effective_at"], name="budgets_movement_effective"
            ),
            models.Index(
                fields=["tenant", "budget", "recorded_at"], name="budgets_movement_recorded"
            ),
            models.Index(fields=["tenant", "budget", "kind", "seq"], name="budgets_movement_kind"),
            # For the listing over all budgets, which adds the condition. Without the condition the
            # planner would use these on a new table for one budget, instead of those above.
            models.Index(
                fields=["tenant", "recorded_at", "id"],
                condition=Q(entry_count__gt=0),
                name="budgets_movement_newest",
            ),
            models.Index(
                fields=["tenant", "kind", "recorded_at", "id"],
                condition=Q(entry_count__gt=0),
                name="budgets_movement_of_kind",
            ),
            models.Index(
                fields=["tenant", "effective_at"],
                condition=Q(entry_count__gt=0),
                name="budgets_movement_happened",
            ),
        ]
        constraints: ClassVar = [
            MEMOS,
            models.UniqueConstraint(
                fields=["tenant", "budget", "seq"], name="budgets_movement_seq_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "budget", "key"], name="budgets_movement_key_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "reverses"], name="budgets_movement_reversed_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, entry_count__gt=0, seq__gt=0),
                name="budgets_movement_amount",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["deposit", "deposit_into"], net_amount=F("amount"), reverses=None
                )
                | Q(kind="withdraw", net_amount=-F("amount"), reverses=None)
                | Q(kind="close", net_amount__in=[0, -F("amount")], reverses=None)
                | Q(
                    kind__in=[
                        "transfer",
                        "redistribute",
                        "redistribute_to",
                        "release_excess",
                        "close_cascade",
                    ],
                    net_amount=0,
                    reverses=None,
                )
                | Q(kind="reversal", reverses__isnull=False),
                name="budgets_movement_net_amount",
            ),
            RowTrigger(
                name="budgets_movement_adds_up",
                function="budgets_movement_adds_up",
                when="AFTER INSERT",
                deferred=True,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.seq}"

    @property
    def processed(self) -> int:
        """The sum of its entries on envelopes, in minor units.

        `processed + to_money == net_amount`. Both read the entries once: prefetch
        `entries__bucket` for many movements.
        """
        return self._received[0]

    @property
    def to_money(self) -> int:
        """The amount of its entry on the money bucket, in minor units."""
        return self._received[1]

    @cached_property
    def _received(self) -> tuple[int, int]:
        return self.entries.all().received()


class Entry(TenantModel):
    """One bucket's part of a movement, with the balance before and after."""

    movement = TenantForeignKey(Movement, related_name="entries")
    position = models.IntegerField(help_text="number of the entry in its movement, from 1")
    bucket = TenantForeignKey(Bucket, related_name="entries")
    seq = models.BigIntegerField(help_text="number of the entry in its bucket, from 1")
    amount = models.BigIntegerField(
        help_text="amount added to the balance, in minor units; negative for money out"
    )
    balance_before = models.BigIntegerField(help_text="balance before the movement, in minor units")
    balance_after = models.BigIntegerField(help_text="balance after the movement, in minor units")
    reason = models.CharField(
        max_length=20, choices=EntryReason, help_text="why the bucket has this amount"
    )
    became_full = models.BooleanField(
        default=False, help_text="whether the entry fills the bucket up to its target"
    )
    movement_seq = models.BigIntegerField(
        editable=False, db_default=0, help_text="seq of its movement, set by a trigger"
    )

    app_privileges = APPEND_ONLY
    history = None  # append-only
    listing = LEDGER
    plain_writes = VERBS_ALONE
    objects: ClassVar[EntryManager] = EntryManager()

    class Meta:
        verbose_name_plural = "entries"
        select_on_save = True
        # The condition is always true. It keeps the planner from using this index, on a new table,
        # for queries by the seq of the bucket.
        indexes: ClassVar = [
            models.Index(
                fields=["tenant", "bucket", "movement_seq"],
                condition=Q(movement_seq__gt=0),
                name="budgets_entry_place",
            ),
            models.Index(fields=["tenant", "amount"], name="budgets_entry_amount"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "movement", "position"], name="budgets_entry_position_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "movement", "bucket"], name="budgets_entry_bucket_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "bucket", "seq"], name="budgets_entry_seq_once"
            ),
            models.CheckConstraint(
                condition=Q(balance_after=F("balance_before") + F("amount")),
                name="budgets_entry_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(balance_before__gte=0, balance_after__gte=0)
                & ~Q(amount=0)
                & Q(seq__gt=0, position__gt=0),
                name="budgets_entry_signs",
            ),
            models.CheckConstraint(
                condition=Q(reason__in=EntryReason.values),
                name="budgets_entry_reason",
            ),
            RowTrigger(
                name="budgets_entry_takes_its_place",
                function="budgets_entry_takes_its_place",
                when="BEFORE INSERT",
            ),
            RowTrigger(
                name="budgets_entry_joins_its_movement",
                function="budgets_entry_joins_its_movement",
                when="AFTER INSERT",
            ),
            RowTrigger(
                name="budgets_entry_chains",
                function="budgets_entry_chains",
                when="AFTER INSERT",
                deferred=True,
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.position}"
