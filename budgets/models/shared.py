"""Columns that several tables have: rules, of buckets and their versions; requests, of much."""

from django.conf import settings
from django.db import models

from budgets.cascade import Claim
from budgets.managers.budgets import LONGEST_NAME


class Answer:
    """What a verb with a key answers.

    `repeated` says whether an earlier request with the key was answered so, and nothing was done
    now. It is of the answer in hand, not of the row.
    """

    repeated: bool = False


class Rules(models.Model):
    """What a bucket keeps: shared by a bucket and each version of it.

    A filter is a flat sum or a share, exactly one; a hold is one or neither. Target NULL is
    unlimited. Priority 0 is served first; the money bucket and closed ones have none.
    """

    name = models.CharField(max_length=LONGEST_NAME)
    priority = models.IntegerField(
        null=True, blank=True, help_text="0 is served first; none for money buckets and closed ones"
    )
    filter_flat = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="what it asks of arriving money, in minor units; or a share",
    )
    filter_share = models.IntegerField(
        null=True,
        blank=True,
        help_text="what it asks of arriving money, in parts per million; or a flat sum",
    )
    hold_flat = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="the least it keeps, in minor units; or a share, or no hold",
    )
    hold_share = models.IntegerField(
        null=True, blank=True, help_text="the least it keeps, in parts per million of what arrives"
    )
    target = models.BigIntegerField(
        null=True, blank=True, help_text="when it is full, in minor units; none is unlimited"
    )
    locked = models.BooleanField(default=False, help_text="whether cascades pass it by")
    archived_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was closed; none while it is open"
    )

    class Meta:
        abstract = True

    @property
    def filter(self) -> Claim:
        """What it asks of the money that arrives."""
        return Claim(flat=self.filter_flat or 0, share=self.filter_share or 0)

    @property
    def hold(self) -> Claim | None:
        """The floor under what it keeps, if it has one."""
        if self.hold_flat is None and self.hold_share is None:
            return None
        return Claim(flat=self.hold_flat or 0, share=self.hold_share or 0)


class Request(Answer, models.Model):
    """Who asked for something, when, why and under which key: a movement, or a version."""

    effective_at = models.DateTimeField(help_text="when it happened in the world")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="the user who asked, if known",
    )
    request_id = models.CharField(
        max_length=200, blank=True, help_text="of the request that asked, if any"
    )
    memo = models.CharField(max_length=500, blank=True, help_text="a line for people")
    metadata = models.JSONField(default=dict, help_text="whatever the caller added")
    key = models.CharField(  # noqa: DJ001  # unique where there is one
        max_length=200,
        null=True,
        help_text="makes a repeat safe: once in a budget, where there is one",
    )
    request_hash = models.CharField(
        max_length=64,
        help_text="SHA-256 of what was asked, in hex: tells a repeat from a reuse of the key",
    )

    class Meta:
        abstract = True
