"""A small ledger of envelopes, as an application would write it with plain models."""

from django.conf import settings
from django.db import models

if settings.PEER == "rls":
    from django_rls_tenants import RLSProtectedModel as Base
else:
    Base = models.Model


class Budget(Base):
    """The row that is locked before money moves."""

    name = models.CharField(max_length=100)
    last_seq = models.BigIntegerField(default=0)


class Bucket(Base):
    """An envelope that keeps a share of what arrives."""

    budget = models.ForeignKey(Budget, models.PROTECT)
    priority = models.IntegerField()
    share = models.IntegerField(default=100_000)
    balance = models.BigIntegerField(default=0)


class Movement(Base):
    """A deposit."""

    budget = models.ForeignKey(Budget, models.PROTECT)
    seq = models.BigIntegerField()
    amount = models.BigIntegerField()
    key = models.CharField(max_length=200)
    recorded_at = models.DateTimeField(auto_now_add=True)


class Entry(Base):
    """The part of an envelope."""

    movement = models.ForeignKey(Movement, models.PROTECT)
    bucket = models.ForeignKey(Bucket, models.PROTECT)
    amount = models.BigIntegerField()
    balance_before = models.BigIntegerField()
    balance_after = models.BigIntegerField()
