"""The shapes of movements: which entries the verb of a kind writes for an amount. For the audit."""

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models import Count, Exists, ExpressionWrapper, F, Max, OuterRef, Q, QuerySet, Sum

from budgets.managers.kinds import CLOSINGS, REASONS, TAKING, BucketKind, EntryReason, MovementKind

if TYPE_CHECKING:
    from budgets.models import Entry


def judged[Rows: QuerySet[Any, Any]](movements: Rows) -> Rows:
    """The movements with `adds_up` and `suits`.

    Entries add up if they are as many and as much as the movement says, at positions from 1. They
    suit it if a verb of its kind writes such entries for its amount.
    """
    fills = Q(entries__became_full=True, entries__reason=EntryReason.DIRECT)
    shaped = movements.annotate(
        entered=Count("entries"),
        last=Max("entries__position", default=0),
        total=Sum("entries__amount", default=0),
        taken=-Sum("entries__amount", filter=Q(entries__amount__lt=0), default=0),
        foreign=Count("entries", filter=~_in_shape()),
        fills=Count("entries", filter=fills),
    )
    count = F("entry_count")
    adds_up = Q(entered=count, last=count, total=F("net_amount"))
    return shaped.annotate(adds_up=_is(adds_up), suits=_is(_suits()))


def _is(condition: Q) -> "ExpressionWrapper[Any]":
    """A condition as a column."""
    return ExpressionWrapper(condition, models.BooleanField())


def _suits() -> Q:
    """The condition that a movement takes what its kind takes for its amount."""
    amount, kind = F("amount"), MovementKind
    partly = Q(taken__lt=amount, fills__gt=0)  # as much as the target allows
    whole = Q(taken=amount)
    return Q(foreign=0) & (
        Q(kind__in=[kind.DEPOSIT, kind.DEPOSIT_INTO], taken=0)
        | Q(kind__in=[kind.WITHDRAW, kind.RELEASE_EXCESS]) & whole
        | Q(kind__in=CLOSINGS) & whole & Q(Exists(_closed_bucket()))
        | Q(kind=kind.REDISTRIBUTE, taken__lte=amount)
        | Q(kind=kind.REDISTRIBUTE_TO) & (whole | partly)
        | Q(kind=kind.TRANSFER) & (whole | partly & Q(Exists(_from_money())))
        | Q(kind=kind.REVERSAL)
    )


def _in_shape() -> Q:
    """The condition on a movement's entry that its kind may have the reason, and the sign."""
    sign = Q(entries__reason=EntryReason.REVERSAL)
    sign |= Q(entries__reason__in=TAKING, entries__amount__lt=0)
    sign |= ~Q(entries__reason__in=TAKING) & Q(entries__amount__gt=0)
    reasons = Q()
    for kind, names in REASONS.items():
        reasons |= Q(kind=kind, entries__reason__in=names)
    return sign & reasons


def _from_money() -> QuerySet["Entry"]:
    """The entry of a movement that takes money out of the money bucket."""
    entries = apps.get_model("budgets.Entry").objects.filter(movement=OuterRef("pk"))
    return entries.filter(reason=EntryReason.SOURCE, bucket__kind=BucketKind.MONEY)


def _closed_bucket() -> QuerySet[Any]:
    """The version that closes the bucket which a movement empties."""
    versions = apps.get_model("budgets.BucketVersion").objects
    return versions.filter(verb="close", budget=OuterRef("budget"), from_seq=OuterRef("seq"))
