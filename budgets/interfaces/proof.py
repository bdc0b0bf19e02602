"""For mypy alone: the managers and the models keep what the Protocols say."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgets.interfaces import daos, rows
    from budgets.managers.dispositions import Preview
    from budgets.managers.entries import Line
    from budgets.models import Bucket, Budget, Entry, Movement

    budgets: daos.Budgets = Budget.objects
    buckets: daos.Buckets = Bucket.objects
    movements: daos.Movements = Movement.objects
    entries: daos.Entries = Entry.objects

    def rows_keep_them(
        budget: Budget, bucket: Bucket, movement: Movement, entry: Entry, seen: Preview, line: Line
    ) -> tuple[
        rows.BudgetRow,
        rows.BucketRow,
        rows.MovementRow,
        rows.EntryRow,
        rows.PreviewRow,
        rows.LineRow,
    ]:
        """Never called: each `return`ed model has to fit its Protocol."""
        return budget, bucket, movement, entry, seen, line
