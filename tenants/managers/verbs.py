"""The steps below the verbs of users, tenants, memberships and invitations.

Each verb is written once, in a class such as `MembershipVerbs`. That class has two children: the
manager, which takes these steps in PostgreSQL, and the data-access object of
`tenants.testing.memory`, whose `MemoryRows` replaces every one of them.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import transaction

from tenants import context
from tenants.access import quotas
from tenants.errors import ConstraintBroken
from tenants.managers.arguments import guard
from tenants.refusals import Refused


@contextmanager
def refused_as(refusals: Mapping[str, Exception]) -> Iterator[None]:
    """Raise the refusal of a broken constraint, by the name of the constraint, if it has one."""
    try:
        yield
    except ConstraintBroken as error:
        if (refusal := refusals.get(error.constraint or "")) is None:
            raise
        raise refusal from error


class Verbs:
    """The steps that all of these verbs can use."""

    if TYPE_CHECKING:
        db: Any
        _db: Any

    _blocks: Any = context
    """What opens blocks: `acting_for` and the functions beside it."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        guard(cls)

    def _create_row(self, row: Any) -> None:
        """Write a new row. Raises ConstraintBroken."""
        row.save(force_insert=True, using=self._db)

    def _create_once(self, row: Any, constraint: str, refusal: type[Refused]) -> None:
        """Write a new row. Raises the refusal when another row breaks that constraint."""
        with refused_as({constraint: refusal()}), self._all_or_nothing():
            self._create_row(row)

    def _save_row(self, row: Any, *fields: str) -> None:
        """Write these fields of a row, and `updated_at`. Raises ConstraintBroken."""
        row.save(update_fields=[*fields], using=self._db)

    def _all_or_nothing(self) -> AbstractContextManager[Any]:
        """A block: when it raises, nothing it wrote stays, and the outer block goes on."""
        block: AbstractContextManager[Any] = transaction.atomic(using=self.db)
        return block

    def _other(self, model: str) -> Any:
        """The data-access object of another model of tenants."""
        return apps.get_model(f"tenants.{model}").objects

    def _require_quota(self, name: str) -> None:
        """Raise QuotaReached unless the tenant in force may have one more."""
        quotas.require(name)
