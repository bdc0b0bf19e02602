"""Quotas: how many rows of a kind the tenant in force may have.

An app declares its quotas at import time (`declare`), and each verb that adds a row calls
`require` first. The plan says how many (`tenants.access.plans`), unless the system overrides it
for one tenant: `TenantSettings.objects.change(quotas={"budgets": 10})`. Without a number there is
no limit. A number below the rows that exist deletes nothing, and no more can be added.

How often a verb may be used: `tenants.access.limits`.
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
    """A number of rows of the tenant in force: `rows` are those that count.

    `each` is a foreign key of theirs: then each parent has the quota for itself. `remedy` is what
    a refused caller can do instead.
    """

    name: str
    rows: Callable[[], "models.QuerySet[Any, Any]"]
    remedy: str
    each: str = ""

    def __str__(self) -> str:
        return self.name.replace("_", " ")

    def counted(self, of: models.Model | None) -> "models.QuerySet[Any, Any]":
        """The rows that count: of one parent, where each parent has the quota."""
        return counting.rows_of(self.rows(), self.each, of) if self.each else self.rows()

    def most(self) -> int:
        """How many rows there are; where each parent has the quota, of the one with most."""
        return counting.most_of_one(self.rows(), self.each) if self.each else self.rows().count()


@dataclass(frozen=True)
class Standing:
    """How much of a quota a tenant uses; `allowed` is None without a limit.

    `source` is "plan" or "override".
    """

    quota: str
    used: int
    allowed: int | None
    source: str


@dataclass(frozen=True)
class _Terms:
    """The plan in force of a tenant, and its overrides."""

    plan: str
    overridden: Mapping[str, int | None]

    @classmethod
    def of(cls, row: counting.QuotaTerms) -> "_Terms":
        *plans, overridden = row
        return cls(plan_at(timezone.now(), *plans), json.loads(overridden or "{}"))

    def allowed(self, name: str) -> int | None:
        """How many rows; None without a limit. Raises UnknownPlan."""
        if name in self.overridden:
            return self.overridden[name]
        return get_plan(self.plan).quotas.get(name)

    def source(self, name: str) -> str:
        """What sets the number, for a message."""
        return "the tenant's own quota" if name in self.overridden else f"the plan {self.plan}"


_DECLARED: dict[str, Quota] = {}


def declare(*quotas: Quota) -> None:
    """Add quotas. Raises ValueError for a name that was declared otherwise."""
    for quota in quotas:
        if _DECLARED.setdefault(quota.name, quota) != quota:
            raise ValueError(f"the quota {quota.name!r} is declared twice")


def require_known(name: str) -> Quota:
    """The quota with that name. Raises UnknownQuota."""
    if not isinstance(name, str) or (quota := _DECLARED.get(name)) is None:
        known = ", ".join(sorted(_DECLARED))
        raise UnknownQuota(f"there is no quota {name!r}: say {known}", quota=name)
    return quota


def require(name: str, of: models.Model | None = None) -> None:
    """Raise QuotaReached unless there may be one more row; call it before the row is written.

    It locks the tenant's row, so a concurrent caller waits until this transaction ends, and then
    counts what it wrote. Where each parent has the quota, the verb has locked that parent, `of`.
    """
    quota = require_known(name)
    tenancy().require_writable()
    granted, used = counting.quota_terms_and_usage(
        current_tenant_id(), quota.counted(of), lock=not quota.each, using=tenancy().using
    )
    require_one_more(name, granted, used)


def require_one_more(name: str, granted: counting.QuotaTerms, used: int) -> None:
    """Raise QuotaReached unless what was granted allows one row more than are used."""
    quota, terms = require_known(name), _Terms.of(granted)
    allowed, asked = terms.allowed(name), used + 1
    if allowed is not None and asked > allowed:
        limit = f"{terms.source(name)} allows {allowed} {quota}, and this would be number {asked}"
        instead = f"{quota.remedy}, or ask for another plan"
        raise QuotaReached(f"{limit}: {instead}", quota=name, asked=asked, allowed=allowed)


def standings() -> Iterator[Standing]:
    """How much of each quota the tenant in force uses; a few statements."""
    terms = _Terms.of(counting.quota_terms(current_tenant_id(), using=tenancy().using))
    for name, quota in sorted(_DECLARED.items()):
        source = "override" if name in terms.overridden else "plan"
        yield Standing(name, quota.most(), terms.allowed(name), source)


declare(
    Quota(
        "members",
        lambda: apps.get_model("tenants.Membership").objects.counted(),
        remedy="remove a member or revoke an invitation",
    )
)
