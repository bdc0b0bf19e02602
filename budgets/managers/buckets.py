"""Buckets: their filters, how they are found, and the verbs that change rules, of `RuleVerbs`."""

from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from budgets.errors import UnknownBucket
from budgets.managers.dispositions import require_open
from budgets.managers.keys import Keys
from budgets.managers.kinds import CLOSINGS, BucketKind, MovementKind
from budgets.managers.ruleverbs import RuleVerbs
from budgets.managers.versions import RULES
from tenants.managers.base import TenantManager, TenantQuerySet
from tenants.managers.naming import MOST, did_you_mean, uuid_of

if TYPE_CHECKING:
    from budgets.models import Bucket, Budget
    from tenants.models import User


class BucketQuerySet(TenantQuerySet["Bucket"]):
    """Filters on buckets."""

    def open(self) -> Self:
        """Buckets still in use."""
        return self.filter(archived_at=None)

    def of(self, user: "User | UUID") -> Self:
        """Buckets of the budgets that this user owns, closed ones too."""
        return self.filter(budget__owner__user__in=[user])

    def in_order(self) -> Self:
        """As the cascade serves them; those it does not serve come last."""
        return self.order_by("priority")

    def by_id(self) -> "dict[UUID, Bucket]":
        """All of them, each under its id."""
        return self.in_bulk()

    def envelopes(self) -> Self:
        """Open buckets a cascade may fill, first served first."""
        return self.open().filter(kind=BucketKind.ENVELOPE).in_order()

    def money(self) -> "Bucket":
        """The one bucket of a budget that collects what is unallocated."""
        return self.get(kind=BucketKind.MONEY)

    def balance_mismatch(self) -> Self:
        """Buckets that do not stand where their entries left them (I3), by id.

        Each with what the entries say: `ledger_balance`, `ledger_last_entry_seq`.
        """
        left = Coalesce(Sum("entries__amount"), 0, output_field=models.BigIntegerField())
        counted = self.annotate(ledger_balance=left, ledger_last_entry_seq=Count("entries"))
        right = {"last_entry_seq": F("ledger_last_entry_seq"), "balance": F("ledger_balance")}
        return counted.exclude(**right).order_by("pk")

    def last_priority(self) -> int:
        """The highest priority number of them, -1 when none has one."""
        last = self.aggregate(last=models.Max("priority"))["last"]
        return -1 if last is None else int(last)

    def rules_mismatch(self) -> Self:
        """Buckets whose rules differ from those of their newest version (I14), by id."""
        newer = Q(versions__version__gt=F("version"))
        same = Q(versions__version=F("version"), versions__budget=F("budget"))
        for name in RULES:
            here, there = F(name), f"versions__{name}"
            same &= Q(**{there: here}) | Q(**{f"{name}__isnull": True, f"{there}__isnull": True})
        equal = self.filter(same).values("pk")
        return self.filter(newer | ~Q(pk__in=equal)).order_by("pk").distinct()

    def closed_with_activity(self) -> Self:
        """Closed buckets that hold money, have a priority, or got lines after closing (I11).

        The movement that empties a bucket has the seq that the closing version begins at.
        """
        closed = self.exclude(archived_at=None)
        others = [kind for kind in MovementKind if kind not in CLOSINGS]
        seq, kind = "entries__movement__seq", "entries__movement__kind__in"
        begins = F("versions__from_seq")
        later = Q(versions__archived_at__isnull=False) & (
            Q(**{f"{seq}__gt": begins}) | Q(**{seq: begins, kind: others})
        )
        return closed.filter(~Q(balance=0) | Q(priority__isnull=False) | later).distinct()


_Manager = models.Manager.from_queryset(BucketQuerySet)


class BucketManager(RuleVerbs, _Manager["Bucket"], TenantManager["Bucket"]):
    """The buckets of the tenant in force."""

    def get_by_name(self, budget: "Budget", name: str) -> "Bucket":
        """The open bucket of that name, whatever its case, or id.

        Raises UnknownBucket, which suggests the nearest names.

        >>> Bucket.objects.get_by_name(household, "rent").balance
        72500
        """
        rows = self.open().filter(budget=budget)
        if (bucket := _named(rows, name)) is None:
            near = did_you_mean(name, rows.values_list("name", flat=True)[:MOST])
            raise UnknownBucket(f"the budget has no open bucket {name!r}{near}", name=name)
        return bucket

    def meant(self, budget: "Budget", name: str, *, key: str | None = None) -> "Bucket":
        """The bucket that a request means: the one of that name when its key was first used.

        So a repeat means the same bucket, whatever was renamed or closed in between. Without a
        key, or with a new one, it is the open bucket of that name now.
        Raises UnknownBucket, and BucketClosed when only a closed bucket had the name.

        >>> renamed = Bucket.objects.rename(rent, "Flat", key="rename-2026")
        >>> Bucket.objects.meant(household, "Rent", key="rename-2026") == rent
        True
        """
        for pk in Keys.read(self.db, [budget.pk], [key]).answers:
            for version in budget.versions.in_force_before(pk).select_related("bucket"):
                if not version.archived_at and has_name(version.bucket_id, version.name, name):
                    return version.bucket
        try:
            return self.get_by_name(budget, name)
        except UnknownBucket:
            if closed := _named(self.filter(budget=budget), name):
                require_open(closed)
            raise


def _named(rows: BucketQuerySet, name: str) -> "Bucket | None":
    """The one of the rows with that name, whatever its case, or that id."""
    pk = uuid_of(name)
    return rows.filter(name__iexact=name).first() or (rows.filter(pk=pk).first() if pk else None)


def has_name(pk: UUID, name: str, wanted: str) -> bool:
    """Whether a row has the wanted name, whatever its case, or the wanted id."""
    return name.upper() == wanted.upper() or uuid_of(wanted) == pk
