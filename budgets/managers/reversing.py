"""Many reversals in one call: the mirror images, between a few reads and a few writes."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import batched
from typing import TYPE_CHECKING
from uuid import UUID

from django.apps import apps

from budgets.errors import KeyReused, ReversalRefused
from budgets.managers import dispositions
from budgets.managers.keys import Keys
from budgets.managers.posting import Draft, PostingManager
from budgets.managers.requests import RequestOptions, fingerprint
from budgets.roles import verb

if TYPE_CHECKING:
    from budgets.models import Budget, Entry, Movement

_AT_ONCE = 500  # movements in one INSERT


class ReversingManager(PostingManager):
    """Reversals by the hundred."""

    @verb("money.reverse")
    def reverse_many(
        self, budget: "Budget", wanted: "Sequence[tuple[Movement, RequestOptions]]"
    ) -> "list[Movement]":
        """Undo movements of a budget, in that order: all of them, or none.

        Same result as `reverse_movement` one by one; keys must be new, or KeyReused is raised.
        Raises ReversalRefused, whose figure `refused` has the refusal of each movement, by id,
        that cannot be.
        """
        budget.acquire()
        ids = [movement.pk for movement, _ in wanted]
        entries = self._entries(budget, ids)
        keys = Keys.read(self.db, [budget.pk], [said.get("key") for _, said in wanted])
        gone = set(self.filter(reverses__in=ids).values_list("reverses", flat=True))
        drafts: list[Draft] = []
        refused: dict[UUID, ReversalRefused] = {}
        for movement, said in wanted:
            try:
                lines = dispositions.mirror(movement, movement.pk in gone, entries[movement.pk])
            except ReversalRefused as refusal:
                refused[movement.pk] = refusal
                continue
            request = fingerprint("reverse", movement=movement.pk, **said)
            kind, amount = self.model.Kind.REVERSAL, movement.amount
            if keys.answer(budget.pk, key := said.get("key"), request):
                raise KeyReused(f"key {key!r} was used before, to reverse a movement", key=key)
            draft = self._draft(budget, kind, amount, lines, request, said, movement)
            keys.take(budget.pk, key, request, draft.movement.pk)
            drafts.append(draft)
        if refused:
            raise ReversalRefused("some movements cannot be reversed", refused=refused)
        for some in batched(drafts, _AT_ONCE):  # the last may be fewer
            self._write(some)
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
