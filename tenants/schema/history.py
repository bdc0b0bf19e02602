"""The history of changes: PostgreSQL records every change of a row in the same transaction.

A trigger writes a Change with the values before and after, also for raw SQL. Role app can only
read the table, so it cannot forge the history. The actor and the request are those of the block:
see `tenants.context.acting_for` and `attributed`. docs/decisions/0011 compares django-pghistory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import models

from tenants.schema.constraints import RowTrigger
from tenants.schema.fields import secrets_of


@dataclass(frozen=True)
class History:
    """The changes of a model that its history records.

    `without` names columns to leave out, such as those that change often; secret fields are left
    out, too. With `only`, the
    trigger runs only for an UPDATE of one of these columns. `inserts=False` is for tables with
    mass inserts; the first change of a row then records its original values.
    """

    without: Sequence[str] = ()
    only: Sequence[str] = ()
    inserts: bool = True

    def trigger(self, model: type[models.Model], *, function: str) -> RowTrigger:
        """The trigger that calls `function` with the model's label and the columns to leave out."""
        table = model._meta.db_table
        without = ["updated_at", *self.without, *secrets_of(model)]
        update = f"UPDATE OF {', '.join(self.only)}" if self.only else "UPDATE"
        return RowTrigger(
            name=f"{table}_history",
            function=function,
            when=f"AFTER {'INSERT OR ' if self.inserts else ''}DELETE OR {update}",
            args=[model._meta.label_lower, ",".join(without)],
        )


class Recording(NamedTuple):
    """What a trigger records of a table: under which label, and without which columns."""

    label: str
    without: list[str]
    inserts: bool


def recording_of(model: type[models.Model]) -> Recording | None:
    """What the history of a model records, by the trigger that its Meta declares."""
    for constraint in model._meta.constraints:
        if isinstance(constraint, RowTrigger) and constraint.name.endswith("_history"):
            label, without = constraint.args
            return Recording(label, without.split(","), "INSERT" in constraint.when)
    return None
