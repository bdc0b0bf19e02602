"""Who changed what: every change of a row, written by PostgreSQL in the same transaction.

A trigger writes a Change with what was before and what came after, also for raw SQL. Role app
can read the table and nothing else, so nobody can write history but by changing rows. Who and
why come from the block: see `tenants.context.acting_for` and `attributed`.

django-pghistory was looked at: its event tables have serial keys and plain foreign keys, it
prefixes every statement to hand the context over, and its triggers run as the invoker, who
could then write events of his own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import models

from tenants.schema.constraints import RowTrigger


@dataclass(frozen=True)
class History:
    """What of a model is kept in the history of changes.

    `without` names columns that are left out: secrets, and what changes all the time. With
    `only`, an UPDATE is looked at when it sets one of these columns, and no other costs a thing.
    `inserts=False` is for rows that come by the thousand: their first change tells what they were.
    """

    without: Sequence[str] = ()
    only: Sequence[str] = ()
    inserts: bool = True

    def trigger(self, model: type[models.Model], *, function: str) -> RowTrigger:
        """The trigger that keeps it; `function` is given the model's label and what to leave."""
        table = model._meta.db_table
        update = f"UPDATE OF {', '.join(self.only)}" if self.only else "UPDATE"
        return RowTrigger(
            name=f"{table}_history",
            function=function,
            when=f"AFTER {'INSERT OR ' if self.inserts else ''}DELETE OR {update}",
            args=[model._meta.label_lower, ",".join(["updated_at", *self.without])],
        )
