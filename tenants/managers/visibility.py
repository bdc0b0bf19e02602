"""Which global rows a block with a role sees: conditions on users, sessions and records of both.

The role is asked when a statement is compiled, not when the queryset is made: a form can make one
when its module is imported. Without a role, in the system's blocks and outside of blocks, the
conditions leave no trace in the statement.
"""

from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db.models import BooleanField, Func
from django.db.models.lookups import Exact, In

from tenants.access.roles import may
from tenants.context import current_actor_id, current_role, current_tenant_id

type SQL = tuple[str, Any]

NOBODY = UUID(int=0)
"""The actor of a block that names none."""


class _InRole(Func):
    """A condition on a column, in blocks with a role alone."""

    conditional = True
    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any, **_: Any) -> SQL:  # type: ignore[override]
        if (role := current_role()) is None:
            raise FullResultSet
        return self._in_role(compiler, role)

    def _in_role(self, compiler: Any, role: str) -> SQL:
        raise EmptyResultSet


class OfTheSystem(_InRole):
    """No row is seen."""


class OfMembers(_InRole):
    """The user is a member of the tenant, or was one with `ended`."""

    ended = False

    def _in_role(self, compiler: Any, role: str) -> SQL:
        model: Any = apps.get_model("tenants.Membership")
        memberships = model.all_objects if self.ended else model.objects
        [user] = self.source_expressions
        found: SQL = compiler.compile(In(user, memberships.values("user").query))
        return found


class OfFormerMembers(OfMembers):
    """The user is or was a member of the tenant."""

    ended = True


class Revocable(OfMembers):
    """The user is the actor; for an owner also a member of this tenant and of no other."""

    def _in_role(self, compiler: Any, role: str) -> SQL:
        [user] = self.source_expressions
        own, values = compiler.compile(Exact(user, current_actor_id() or NOBODY))
        if not may("sessions.revoke", role):
            return own, values
        member, of_members = super()._in_role(compiler, role)
        column, of_column = compiler.compile(user)
        alone = f"ARRAY(SELECT tenants_of_user({column})) = ARRAY[%s]::uuid[]"
        return (
            f"({own} OR ({member} AND {alone}))",
            [*values, *of_members, *of_column, current_tenant_id()],
        )
