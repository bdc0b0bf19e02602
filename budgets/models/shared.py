"""Abstract models: the rules of buckets and their versions, and the request of a verb."""

from django.conf import settings
from django.db import models

from budgets.cascade import Claim
from budgets.managers.cleaning import LONGEST_NAME, claim_columns
from budgets.managers.facts import Answer
from tenants.schema.fields import not_secret


class Rules(models.Model):
    """The rules of a bucket; a bucket and each of its versions have these columns.

    A filter is a flat amount or a share. A hold is a flat amount, a share or NULL. Target NULL
    means unlimited. Priority 0 is first; it is NULL for money buckets and closed buckets.
    """

    name = models.CharField(max_length=LONGEST_NAME)
    priority = models.IntegerField(
        null=True,
        blank=True,
        help_text="position in the cascade, 0 first; null for money and closed buckets",
    )
    filter_flat = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="filter as a flat amount in minor units; null if it is a share",
    )
    filter_share = models.IntegerField(
        null=True,
        blank=True,
        help_text="filter as parts per million of arriving money; null if it is a flat amount",
    )
    hold_flat = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="hold as a flat amount in minor units; null if it is a share, or without a hold",
    )
    hold_share = models.IntegerField(
        null=True,
        blank=True,
        help_text="hold as parts per million of arriving money; null if flat, or without a hold",
    )
    target = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="balance at which it is full, in minor units; null is unlimited",
    )
    locked = models.BooleanField(default=False, help_text="whether cascades exclude it")
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was closed; null while it is open"
    )

    class Meta:
        abstract = True

    @property
    def filter(self) -> Claim:
        """The claim on arriving money."""
        return Claim(flat=self.filter_flat or 0, share=self.filter_share or 0)

    @filter.setter
    def filter(self, claim: Claim) -> None:
        vars(self).update(claim_columns("filter", claim))

    @property
    def hold(self) -> Claim | None:
        """The minimum that it keeps, or None."""
        if self.hold_flat is None and self.hold_share is None:
            return None
        return Claim(flat=self.hold_flat or 0, share=self.hold_share or 0)

    @hold.setter
    def hold(self, claim: Claim | None) -> None:
        vars(self).update(claim_columns("hold", claim))


class RequestColumns(Answer, models.Model):
    """The options of the verb that wrote a row: time, actor, memo, metadata and key."""

    effective_at = models.DateTimeField(help_text="when it happened, as the caller states it")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="the user who acted; null for the system",
    )
    request_id = models.CharField(
        max_length=200, blank=True, help_text="id of the HTTP request or task; empty without one"
    )
    memo = models.CharField(max_length=500, blank=True, help_text="a note for people")
    metadata = models.JSONField(default=dict, help_text="a JSON object of the caller")
    key = models.CharField(  # noqa: DJ001  # unique unless null
        max_length=200,
        null=True,
        help_text="idempotency key, unique in the budget; null without one",
    )
    request_hash = not_secret(
        models.CharField(
            max_length=64,
            help_text="SHA-256 of the request in hex: distinguishes a repeat from a reused key",
        )
    )

    class Meta:
        abstract = True
