"""Movements: their filters, their reads, and the verbs that move money, of `MoneyVerbs`."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import batched
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import (
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    Value,
    Window,
)
from django.db.models.functions import Cast, Concat, Lag, Now

from budgets.cascade import Plan, Slot, cascade
from budgets.errors import KeyReused, ReversalRefused, UnknownMovement
from budgets.managers import dispositions, shapes
from budgets.managers.databasewriter import Draft
from budgets.managers.kinds import CASCADES, KEPT, MovementKind
from budgets.managers.moneyverbs import MoneyVerbs
from budgets.managers.reads.moments import entered
from budgets.managers.requests import Request, RequestOptions
from budgets.roles import verb
from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.managers.naming import uuid_of

if TYPE_CHECKING:
    from budgets.models import Budget, Entry, Movement

_AT_ONCE = 500  # movements in one INSERT
_DIGITS = 18  # of a number that surely fits its column
_AHEAD = timedelta(days=1)  # how much a server's clock may be wrong


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

    def misshapen(self) -> Self:
        """Movements whose entries do not add up (I1), or do not suit their kind and amount.

        Each with `adds_up` and `suits`. One pass over the entries for both.
        """
        return shapes.judged(self).exclude(adds_up=True, suits=True)

    def unbalanced(self) -> Self:
        """Movements whose entries are not as many, or not as much, as they say (I1)."""
        return shapes.judged(self).filter(adds_up=False)

    def unscheduled(self) -> Self:
        """Deposits of a schedule of their budget that no run names."""
        schedules = apps.get_model("budgets.Schedule").objects.filter(budget=OuterRef("budget"))
        pk = Cast("pk", models.TextField())
        name = Concat(Value("schedule "), pk, output_field=models.TextField())
        mine = Exists(schedules.annotate(source=name).filter(source=OuterRef("source")))
        deposits = self.filter(key__startswith="schedule:", kind=MovementKind.DEPOSIT)
        return deposits.filter(Q(mine), schedule_runs=None)

    def unkeyed(self) -> Self:
        """Movements that share their key with another, or lost their fingerprint (I7)."""
        keys = self.exclude(key=None).values("budget", "key").annotate(n=Count("id"))
        return self.filter(Q(request_hash="") | Q(key__in=keys.filter(n__gt=1).values("key")))

    def misreversed(self) -> Self:
        """Reversals that are no mirror, or of a reversal, or a second one (I9)."""
        mirror = {"net_amount": -F("net_amount"), "amount": F("amount"), "budget": F("budget")}
        other = ~Q(**{f"reverses__{name}": value for name, value in mirror.items()})
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

    def postdated(self) -> Self:
        """Movements recorded at another time than they were written, or in the future (I10).

        After a clock was set back, a movement is recorded at the time of the one before it.
        """
        before = Window(Lag("recorded_at"), partition_by="budget_id", order_by="seq")
        later = Q(recorded_at__gt=F("created_at")) & (
            Q(before=None) | Q(recorded_at__gt=F("before"))
        )
        earlier = Q(recorded_at__lt=F("created_at") - _AHEAD)
        future = Q(recorded_at__gt=Now() + _AHEAD)
        return self.annotate(before=before).filter(later | earlier | future)


_Manager = models.Manager.from_queryset(MovementQuerySet)


class MovementManager(MoneyVerbs, _Manager["Movement"], TenantManager["Movement"]):
    """The movements of the tenant in force."""

    @verb("money.reverse")
    def reverse_many(
        self, budget: "Budget", wanted: "Sequence[tuple[Movement, RequestOptions]]"
    ) -> "list[Movement]":
        """Undo movements of a budget, in that order: all of them, or none.

        Same result as `reverse_movement` one by one; keys must be new, or KeyReused is raised.
        Raises ReversalRefused, whose figure `refused` has the refusal of each movement, by id,
        that cannot be reversed.

        >>> [row.net_amount for row in Movement.objects.reverse_many(household, [(salary, {})])]
        [-100000]
        """
        self._writer.lock(budget)
        ids = [movement.pk for movement, _ in wanted]
        entries = self._entries(budget, ids)
        keys = self._writer.keys([budget.pk], [options.get("key") for _, options in wanted])
        reversed_ids = set(self.filter(reverses__in=ids).values_list("reverses", flat=True))
        drafts: list[Draft] = []
        refused: dict[UUID, ReversalRefused] = {}
        for movement, options in wanted:
            pk, amount = movement.pk, movement.amount
            try:
                lines = dispositions.mirror(movement, entries[pk], is_reversed=pk in reversed_ids)
            except ReversalRefused as refusal:
                refused[pk] = refusal
                continue
            request = Request("reverse", options, movement=pk)
            if keys.answer(budget.pk, key := request.key, request.fingerprint):
                raise KeyReused(f"key {key!r} was used before, to reverse a movement", key=key)
            kind = MovementKind.REVERSAL
            draft = self._writer.draft(request, budget, kind, amount, lines, movement)
            keys.take(budget.pk, key, request.fingerprint, draft.movement.pk)
            drafts.append(draft)
        if refused:
            raise ReversalRefused("some movements cannot be reversed", refused=refused)
        for some in batched(drafts, _AT_ONCE):  # the last may be fewer
            self._writer.write(some)
        return [draft.movement for draft in drafts]

    def _entries(self, budget: "Budget", ids: list[UUID]) -> "dict[UUID, list[Entry]]":
        """The entries of movements, in order; entries of one bucket share it, as it moves on."""
        buckets = budget.buckets.by_id()
        found: defaultdict[UUID, list[Entry]] = defaultdict(list)
        rows = apps.get_model("budgets.Entry").objects.filter(movement__in=ids)
        for entry in rows.order_by("movement", "position"):
            entry.bucket = buckets[entry.bucket_id]
            found[entry.movement_id].append(entry)
        return found

    def get_by_id(self, pk: UUID) -> "Movement":
        """The movement of that id, with its budget. Raises UnknownMovement.

        >>> Movement.objects.get_by_id(salary.pk).budget == household
        True
        """
        movement: Movement | None = self.select_related("budget").filter(pk=pk).first()
        if movement is None:
            raise UnknownMovement(f"there is no movement {pk} here")
        return movement

    def meant(self, budget: "Budget", name: str) -> "Movement":
        """The movement of a budget that has that number or id. Raises UnknownMovement.

        >>> Movement.objects.meant(household, "1") == salary
        True
        """
        found: Movement | None = None
        rows = self.filter(budget=budget)
        if name.isascii() and name.isdecimal() and len(name) <= _DIGITS:
            found = rows.filter(seq=int(name)).first()
        elif pk := uuid_of(name):
            found = rows.filter(pk=pk).first()
        if found is None:
            numbered = f"they are numbered from 1 to {budget.last_movement_seq}"
            raise UnknownMovement(f"{budget} has no movement {name!r}: {numbered}")
        found.budget = budget
        return found

    def tenants_of(self, pk: UUID) -> list[UUID]:
        """The tenants that have a movement of that id: while inspecting, there may be several.

        >>> Movement.objects.tenants_of(salary.pk) == [tenant.pk]
        True
        """
        return list(self.filter(pk=pk).values_list("tenant_id", flat=True))

    def slots_before(self, movement: "Movement") -> "list[Slot[UUID]]":
        """The envelopes as a past movement met them: the rules and balances of its time.

        >>> [slot.balance for slot in Movement.objects.slots_before(salary)]
        [0, 0]
        """
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
        """The plan of a past cascade, made again from the rules of its time.

        >>> [step.kept for step in Movement.objects.replay(salary).steps]
        [72500, 2750]
        """
        return cascade(movement.amount, self.slots_before(movement))

    def unrepeatable(self, *, newest: bool) -> "Iterator[Movement]":
        """Cascades that come out otherwise on the rules of their time: all, or each budget's last.

        The last is what its preview would have said (I6); all of them are the ledger (I5).

        >>> list(Movement.objects.unrepeatable(newest=False))
        []
        """
        ordered = self.cascaded().select_related("budget").order_by("budget", "-seq")
        for movement in ordered.distinct("budget") if newest else ordered.iterator(chunk_size=500):
            plan = [
                (step.key, step.kept, step.reason, step.fills)
                for step in self.replay(movement).lines
            ]
            given = movement.entries.in_order().filter(reason__in=KEPT)
            if plan != list(given.values_list("bucket", "amount", "reason", "became_full")):
                yield movement
