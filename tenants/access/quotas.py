"""How many of a thing the tenant in force may have: what its plan says, or what was overridden.

An app declares what is counted, at import time (`declare`), and each verb that adds one asks
first (`require`). How many each plan allows is in the plans' table (`tenants.access.plans`); the
system overrides it for one tenant by `TenantSettings.objects.change(quotas={"budgets": 10})`. Where
neither says a number there is no end. Nothing is deleted when a number is lowered under what is
there: no more can be added.

How often a verb may be used is another matter: `tenants.access.limits`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from tenants.access.plans import get_plan, plan_at
from tenants.context import current_tenant_id, tenancy
from tenants.postgres import counting
from tenants.refusals import QuotaReached, UnknownQuota


@dataclass(frozen=True)
class Quota:
    """Something that is counted: `rows` are those that count, in the tenant in force.

    With `each`, a foreign key of theirs, those of each row it points at are counted for
    themselves. `remedy` is what a refused caller can do instead.
    """

    name: str
    rows: Callable[[], "models.QuerySet[Any, Any]"]
    remedy: str
    each: str = ""

    def __str__(self) -> str:
        return self.name.replace("_", " ")

    def counted(self, of: models.Model | None) -> "models.QuerySet[Any, Any]":
        """The rows that count, of one parent where each parent has its own."""
        return counting.rows_of(self.rows(), self.each, of) if self.each else self.rows()

    def most(self) -> int:
        """How many there are; of several parents, those of the one that has most."""
        return counting.most_of_one(self.rows(), self.each) if self.each else self.rows().count()


@dataclass(frozen=True)
class Standing:
    """A quota as the tenant stands: `allowed` is None without end, by its `plan` or `override`."""

    quota: str
    used: int
    allowed: int | None
    source: str


@dataclass(frozen=True)
class _Terms:
    """What a tenant was granted: the plan in force, and what is overridden."""

    plan: str
    overridden: Mapping[str, int | None]

    @classmethod
    def of(cls, row: counting.Granted) -> "_Terms":
        *plans, overridden = row
        return cls(plan_at(timezone.now(), *plans), json.loads(overridden or "{}"))

    def allowed(self, name: str) -> int | None:
        """How many; None without end. Raises UnknownPlan."""
        if name in self.overridden:
            return self.overridden[name]
        return get_plan(self.plan).quotas.get(name)

    def giver(self, name: str) -> str:
        """What says so."""
        return "the tenant's own quota" if name in self.overridden else f"the plan {self.plan}"


_DECLARED: dict[str, Quota] = {}


def declare(*quotas: Quota) -> None:
    """Add quotas. Declaring one otherwise is a mistake."""
    for quota in quotas:
        if _DECLARED.setdefault(quota.name, quota) != quota:
            raise ValueError(f"the quota {quota.name!r} is declared twice")


def require_known(name: str) -> Quota:
    """The quota of that name. Raises UnknownQuota."""
    if not isinstance(name, str) or (quota := _DECLARED.get(name)) is None:
        known = ", ".join(sorted(_DECLARED))
        raise UnknownQuota(f"there is no quota {name!r}: say {known}", quota=name)
    return quota


def require(name: str, of: models.Model | None = None) -> None:
    """Raise QuotaReached unless there may be one more; ask before it is written.

    Whoever asks at the same time waits until this transaction ends, and then counts what it
    wrote: the tenant's row is locked. A quota of `each` parent is counted under the lock of that
    parent, `of`, which the verb has taken. One round trip to PostgreSQL either way.
    """
    quota = require_known(name)
    tenancy().require_writable()
    row, used = counting.granted_and_used(
        current_tenant_id(), quota.counted(of), lock=not quota.each, using=tenancy().using
    )
    terms = _Terms.of(row)
    allowed, asked = terms.allowed(name), used + 1
    if allowed is not None and asked > allowed:
        said = f"{terms.giver(name)} allows {allowed} {quota}, and this would be number {asked}"
        instead = f"{quota.remedy}, or ask for another plan"
        raise QuotaReached(f"{said}: {instead}", quota=name, asked=asked, allowed=allowed)


def standings() -> Iterator[Standing]:
    """Every quota there is, as the tenant in force stands; a few statements."""
    terms = _Terms.of(counting.granted(current_tenant_id(), using=tenancy().using))
    for name, quota in sorted(_DECLARED.items()):
        source = "override" if name in terms.overridden else "plan"
        yield Standing(name, quota.most(), terms.allowed(name), source)


declare(
    Quota(
        "members",
        lambda: apps.get_model("tenants.Membership").objects.places(),
        remedy="remove a member or revoke an invitation",
    )
)
