"""The ledger: movements and their entries, each written once. Money is in minor units.

What PostgreSQL asks of them at COMMIT is in `migrations/0001_commit_checks.py`.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

from budgets.managers import EntryManager, MovementManager
from budgets.managers.reads.ledger import LEDGER, MEMOS
from budgets.models.budgets import Bucket, Budget
from budgets.models.shared import Request
from tenants.listing import Key, Listing, Moment, Text
from tenants.models import APPEND_ONLY, TenantModel
from tenants.schema.constraints import RowTrigger
from tenants.schema.fields import TenantForeignKey


class Movement(Request, TenantModel):
    """One atomic money event; its entries add up to `external`, or PostgreSQL refuses it."""

    class Kind(models.TextChoices):
        DEPOSIT = "deposit"
        DEPOSIT_INTO = "deposit_into"
        WITHDRAW = "withdraw"
        TRANSFER = "transfer"
        REDISTRIBUTE = "redistribute"
        REDISTRIBUTE_TO = "redistribute_to"
        RELEASE_EXCESS = "release_excess"
        CLOSE = "close"
        CLOSE_CASCADE = "close_cascade"
        REVERSAL = "reversal"

    budget = TenantForeignKey(Budget, related_name="movements")
    seq = models.BigIntegerField(help_text="its place in the budget's history, from 1")
    kind = models.CharField(max_length=20, choices=Kind, help_text="which verb moved the money")
    amount = models.BigIntegerField(
        help_text="what was to be moved, or offered to the cascade, in minor units"
    )
    external = models.BigIntegerField(help_text="what came in (+) or went out (-), in minor units")
    lines = models.IntegerField(help_text="how many entries it has")
    recorded_at = models.DateTimeField(help_text="never before that of an earlier seq")
    source = models.CharField(
        max_length=200, blank=True, help_text="what sent it: a schedule, a statement, a name"
    )
    reverses = TenantForeignKey(
        "self",
        null=True,
        related_name="reversals",
        help_text="the movement it undoes, if it is a reversal",
    )

    app_privileges = APPEND_ONLY
    history = None  # written once
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
        always=Q(lines__gt=0),
    )
    objects: ClassVar[MovementManager] = MovementManager()

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
            # Of all budgets' movements: for the listing alone, which says what always holds. On a
            # new table the planner would take these for those of one budget, above.
            models.Index(
                fields=["tenant", "recorded_at", "id"],
                condition=Q(lines__gt=0),
                name="budgets_movement_newest",
            ),
            models.Index(
                fields=["tenant", "kind", "recorded_at", "id"],
                condition=Q(lines__gt=0),
                name="budgets_movement_of_kind",
            ),
            models.Index(
                fields=["tenant", "effective_at"],
                condition=Q(lines__gt=0),
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
                condition=Q(amount__gt=0, lines__gt=0, seq__gt=0), name="budgets_movement_amount"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["deposit", "deposit_into"], external=F("amount"), reverses=None
                )
                | Q(kind="withdraw", external=-F("amount"), reverses=None)
                | Q(kind="close", external__in=[0, -F("amount")], reverses=None)
                | Q(
                    kind__in=[
                        "transfer",
                        "redistribute",
                        "redistribute_to",
                        "release_excess",
                        "close_cascade",
                    ],
                    external=0,
                    reverses=None,
                )
                | Q(kind="reversal", reverses__isnull=False),
                name="budgets_movement_external",
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
        """What envelopes got (+) or gave (-) by it, in minor units.

        With `to_money` it comes to `external`: of a deposit, to its amount. Both are read from
        the entries, once: prefetch `entries__bucket` for many movements.
        """
        return self._received[0]

    @property
    def to_money(self) -> int:
        """What the money bucket got (+) or gave (-) by it, in minor units."""
        return self._received[1]

    @cached_property
    def _received(self) -> tuple[int, int]:
        return self.entries.all().received()


class Entry(TenantModel):
    """One bucket's before and after in a movement."""

    class Reason(models.TextChoices):
        FILTER = "filter"
        HOLD_FLOOR = "hold_floor"
        CAPACITY_LIMIT = "capacity_limit"
        REMAINDER = "remainder"
        DIRECT = "direct"
        OVERFLOW = "overflow"
        SOURCE = "source"
        WITHDRAWN = "withdrawn"
        REVERSAL = "reversal"

    movement = TenantForeignKey(Movement, related_name="entries")
    position = models.IntegerField(help_text="its place in the movement, from 1")
    bucket = TenantForeignKey(Bucket, related_name="entries")
    seq = models.BigIntegerField(help_text="its place in the bucket's history, from 1")
    amount = models.BigIntegerField(help_text="what the bucket got (+) or gave (-), in minor units")
    balance_before = models.BigIntegerField(help_text="what the bucket held, in minor units")
    balance_after = models.BigIntegerField(help_text="what it then held, in minor units")
    reason = models.CharField(
        max_length=20, choices=Reason, help_text="why it got or gave that much"
    )
    became_full = models.BooleanField(
        default=False, help_text="whether it reached its target by this"
    )
    movement_seq = models.BigIntegerField(
        editable=False, db_default=0, help_text="the seq of its movement, filled in by PostgreSQL"
    )

    app_privileges = APPEND_ONLY
    history = None  # written once
    listing = LEDGER
    objects: ClassVar[EntryManager] = EntryManager()

    class Meta:
        verbose_name_plural = "entries"
        select_on_save = True
        # The condition always holds. By it only those who ask for the seq of a movement are led
        # here: on a new table the planner cannot tell this index from that of the bucket's seq.
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
                condition=Q(
                    reason__in=[
                        "filter",
                        "hold_floor",
                        "capacity_limit",
                        "remainder",
                        "direct",
                        "overflow",
                        "source",
                        "withdrawn",
                        "reversal",
                    ]
                ),
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
