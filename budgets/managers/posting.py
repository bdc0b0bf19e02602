"""The one door through which money moves: `_begin` takes the lock, `_post` writes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Count, F, Q, Sum, Window
from django.db.models.functions import Lag
from django.utils import timezone

from budgets.cascade import MAX_MINOR, Plan, Slot, cascade
from budgets.errors import BadAmount, NothingToMove, UnknownMovement
from budgets.managers.entries import Line, net
from budgets.managers.keys import again, answered
from budgets.managers.reads.moments import entered
from budgets.managers.requests import RequestOptions, recorded, require_expected
from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.managers.naming import uuid_of

if TYPE_CHECKING:
    from budgets.models import Budget, Entry, Movement

CASCADES = ("deposit", "redistribute", "close_cascade")
"""Kinds of movement whose lines are a cascade's."""

KEPT = ("filter", "hold_floor", "capacity_limit")
"""The reasons of a cascade's own lines."""

_DIGITS = 18  # of a number that surely fits its column


class MovementQuerySet(TenantQuerySet["Movement"]):
    """Filters on movements."""

    def cascaded(self) -> Self:
        """Movements whose lines the cascade decided: those that can be replayed."""
        return self.filter(kind__in=CASCADES)

    def imported(self) -> Self:
        """Deposits that bank statements brought, in the order they were recorded."""
        return self.filter(key__startswith="statement:").order_by("seq")

    def newest(self) -> "Movement":
        """The last movement of a budget that has some."""
        return self.latest("seq")

    def unbalanced(self) -> Self:
        """Movements whose entries are not as many, or not as much, as they say (I1)."""
        counted = self.annotate(entered=Count("entries"), total=Sum("entries__amount"))
        return counted.exclude(entered=F("lines"), total=F("external"))

    def unkeyed(self) -> Self:
        """Movements that share their key with another, or lost their fingerprint (I7)."""
        keys = self.exclude(key=None).values("budget", "key").annotate(n=Count("id"))
        return self.filter(Q(request_hash="") | Q(key__in=keys.filter(n__gt=1).values("key")))

    def misreversed(self) -> Self:
        """Reversals that are no mirror, or of a reversal, or a second one (I9)."""
        other = ~Q(reverses__external=-F("external")) | ~Q(reverses__budget=F("budget"))
        twice = self.filter(kind="reversal").values("reverses").annotate(n=Count("id"))
        return self.filter(kind="reversal").filter(
            other
            | Q(reverses__kind="reversal")
            | Q(reverses__in=twice.filter(n__gt=1).values("reverses"))
        )

    def backdated(self) -> Self:
        """Movements recorded before the one they follow (I10)."""
        before = Window(Lag("recorded_at"), partition_by="budget_id", order_by="seq")
        return self.annotate(before=before).filter(recorded_at__lt=F("before"))


@dataclass(frozen=True, slots=True)
class Draft:
    """A movement and its entries, not written yet."""

    movement: "Movement"
    entries: "list[Entry]"


_Manager = models.Manager.from_queryset(MovementQuerySet)


class PostingManager(_Manager["Movement"], TenantManager["Movement"]):
    """What every verb does first and last."""

    def _begin(
        self, budget: "Budget", amount: int, request: str, options: RequestOptions
    ) -> "Movement | None":
        """Check the amount, take the budget's lock, and return an earlier answer to the key."""
        require_amount(amount)
        budget.acquire()
        if pk := answered(self.db, budget.pk, options.get("key"), request):
            earlier: Movement = again(self.filter(pk=pk))
            return earlier
        require_expected(budget, options.get("expect"))
        return None

    def _post(
        self,
        budget: "Budget",
        kind: str,
        amount: int,
        lines: list[Line],
        request: str,
        options: RequestOptions,
        reverses: "Movement | None" = None,
    ) -> "Movement":
        """Draft a movement and write it."""
        draft = self._draft(budget, kind, amount, lines, request, options, reverses)
        self._write([draft])
        return draft.movement

    def _draft(
        self,
        budget: "Budget",
        kind: str,
        amount: int,
        lines: list[Line],
        request: str,
        options: RequestOptions,
        reverses: "Movement | None" = None,
    ) -> Draft:
        """A movement to write, with its entries; the budget and its buckets, in memory, after it.

        What came in or went out is what the lines come to. Raises NothingToMove, and BadAmount
        for more money than a budget can count, before anything is changed.
        """
        lines = net(lines)
        external = sum(line.amount for line in lines)
        if not lines:
            raise NothingToMove
        if budget.deposited + max(external, 0) > MAX_MINOR:
            raise BadAmount("the budget cannot count that much money", asked=amount)
        now = timezone.now()
        movement: Movement = self.model(
            budget=budget,
            seq=budget.last_seq + 1,
            kind=kind,
            amount=amount,
            external=external,
            lines=len(lines),
            reverses=reverses,
            source=options.get("source", ""),
            # Never back, whatever the clock does; when it happened is the clock's to say.
            recorded_at=max(filter(None, [now, budget.last_recorded_at])),
            **recorded(options, request, now),
        )
        budget.count(movement)
        return Draft(movement, movement.entries.drafted(movement, lines))

    def _write(self, drafts: Sequence[Draft]) -> None:
        """Write movements, their entries, the balances and the budgets' totals: four statements.

        Every movement in the project passes here.
        """
        movement = drafts[0].movement
        entries = [entry for draft in drafts for entry in draft.entries]
        budgets = {draft.movement.budget.pk: draft.movement.budget for draft in drafts}
        self.bulk_create([draft.movement for draft in drafts])
        movement.entries.bulk_create(entries)
        movement.budget.buckets.apply(entries)
        type(movement.budget).objects.write_totals(budgets.values())

    def get_by_id(self, pk: UUID) -> "Movement":
        """The movement of that id, with its budget. Raises UnknownMovement."""
        movement: Movement | None = self.select_related("budget").filter(pk=pk).first()
        if movement is None:
            raise UnknownMovement(f"there is no movement {pk} here")
        return movement

    def meant(self, budget: "Budget", name: str) -> "Movement":
        """The movement of a budget that has that number or id. Raises UnknownMovement."""
        found: Movement | None = None
        rows = self.filter(budget=budget)
        if name.isascii() and name.isdecimal() and len(name) <= _DIGITS:
            found = rows.filter(seq=int(name)).first()
        elif pk := uuid_of(name):
            found = rows.filter(pk=pk).first()
        if found is None:
            numbered = f"they are numbered from 1 to {budget.last_seq}"
            raise UnknownMovement(f"{budget} has no movement {name!r}: {numbered}")
        found.budget = budget
        return found

    def tenants_of(self, pk: UUID) -> list[UUID]:
        """The tenants that have a movement of that id: while inspecting, there may be several."""
        return list(self.filter(pk=pk).values_list("tenant_id", flat=True))

    def slots_before(self, movement: "Movement") -> "list[Slot[UUID]]":
        """The envelopes as a past movement met them: the rules and balances of its time."""
        before = entered(movement.budget, seq=movement.seq - 1)
        balances = {stood.bucket: stood.balance for stood in before}
        return [
            Slot(
                rule.bucket_id,
                rule.priority,
                balances[rule.bucket_id],
                rule.target,
                rule.filter,
                rule.hold,
                rule.locked,
            )
            for rule in movement.budget.versions.in_force_at(movement.seq)
            if rule.priority is not None
        ]

    def replay(self, movement: "Movement") -> "Plan[UUID]":
        """The plan of a past cascade, made again from the rules of its time."""
        return cascade(movement.amount, self.slots_before(movement))

    def unrepeatable(self, *, newest: bool) -> "Iterator[Movement]":
        """Cascades that come out otherwise on the rules of their time: all, or each budget's last.

        The last is what its preview would have said (I6); all of them are the ledger (I5).
        """
        ordered = self.cascaded().select_related("budget").order_by("budget", "-seq")
        for movement in ordered.distinct("budget") if newest else ordered.iterator(chunk_size=500):
            planned = [
                (step.key, step.kept, step.reason, step.fills)
                for step in self.replay(movement).lines
            ]
            given = movement.entries.in_order().filter(reason__in=KEPT)
            if planned != list(given.values_list("bucket", "amount", "reason", "became_full")):
                yield movement


def require_amount(amount: int) -> None:
    """Raise BadAmount for what is no amount of money to move."""
    if type(amount) is not int or not 0 < amount <= MAX_MINOR:
        raise BadAmount(
            f"an amount is an int of minor units from 1 to {MAX_MINOR}, not {amount!r}",
            asked=amount,
        )
