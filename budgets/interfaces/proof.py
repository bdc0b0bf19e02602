"""For mypy alone: the managers and the models keep what the Protocols say.

A manager inherits from a base mypy cannot see through, and so would pass for anything. Its
methods do not: they are taken off it one by one, and it is those that must fit.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from budgets.interfaces import daos, rows
    from budgets.managers.entries import Line
    from budgets.managers.plans import Preview
    from budgets.models import Bucket, Budget, Entry, Movement

    class _Budgets:
        def __init__(self) -> None:
            objects = Budget.objects
            self.create_budget = objects.create_budget
            self.called = objects.called
            self.dashboard = objects.dashboard
            self.balances_at = objects.balances_at

    class _Buckets:
        def __init__(self) -> None:
            objects = Bucket.objects
            self.called = objects.called
            self.create_bucket = objects.create_bucket
            self.lock = objects.lock
            self.unlock = objects.unlock
            self.set_rules = objects.set_rules
            self.set_target = objects.set_target
            self.rename = objects.rename
            self.reorder = objects.reorder
            self.close = objects.close

    class _Movements:
        def __init__(self) -> None:
            objects = Movement.objects
            self.preview = objects.preview
            self.preview_into = objects.preview_into
            self.deposit = objects.deposit
            self.deposit_into = objects.deposit_into
            self.deposit_many = objects.deposit_many
            self.withdraw = objects.withdraw
            self.transfer = objects.transfer
            self.redistribute_to = objects.redistribute_to
            self.redistribute = objects.redistribute
            self.release_excess = objects.release_excess
            self.reverse = objects.reverse

    class _Entries:
        def __init__(self) -> None:
            self.page = Entry.objects.page

    budgets: daos.Budgets = _Budgets()
    buckets: daos.Buckets = _Buckets()
    movements: daos.Movements = _Movements()
    entries: daos.Entries = _Entries()

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
