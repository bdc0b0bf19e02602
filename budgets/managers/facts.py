"""What follows from the columns of a row, in PostgreSQL and in memory."""

from typing import TYPE_CHECKING

from budgets.cascade import Slot

if TYPE_CHECKING:
    from budgets.interfaces import BucketRow


class Answer:
    """What a verb with a key answers.

    `repeated` says whether an earlier request with the key was answered so, and nothing was done
    now. It is of the answer in hand, not of the row.
    """

    repeated: bool = False


class BucketFacts(Answer):
    """What is computed of a bucket, never stored."""

    @property
    def space(self: "BucketRow") -> int | None:
        """Minor units until the target is reached; None when there is no target."""
        return None if self.target is None else max(0, self.target - self.balance)

    @property
    def state(self: "BucketRow") -> str:
        """Locked, else full, else active; a closed bucket is closed."""
        if self.archived_at:
            return "closed"
        return "locked" if self.locked else "full" if self.space == 0 else "active"

    def slot[Bucket: "BucketRow"](self: Bucket) -> Slot[Bucket]:
        """This envelope as the cascade sees it. Raises ValueError for any other bucket."""
        if self.priority is None:
            raise ValueError(f"only open envelopes take part in a cascade, not {self}")
        return Slot(
            self, self.priority, self.balance, self.target, self.filter, self.hold, self.locked
        )
