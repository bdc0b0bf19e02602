"""The history of a bucket's rules."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from budgets.managers import BucketVersionManager
from budgets.models.budgets import Bucket, Budget
from budgets.models.shared import RequestColumns, Rules
from tenants.listing import Key, Listing
from tenants.models import APPEND_ONLY, VERBS_ALONE, TenantModel
from tenants.schema.constraints import RowTrigger
from tenants.schema.fields import TenantForeignKey


class BucketVersion(Rules, RequestColumns, TenantModel):
    """The rules of a bucket from one movement on; each change of a bucket inserts a version."""

    budget = TenantForeignKey(Budget, related_name="versions")
    bucket = TenantForeignKey(Bucket, related_name="versions")
    version = models.IntegerField(help_text="number of the version in its bucket, from 1")
    from_seq = models.BigIntegerField(
        help_text="seq of the first movement that these rules apply to"
    )
    verb = models.CharField(max_length=20, help_text="the verb that changed the bucket")

    app_privileges = APPEND_ONLY
    history = None  # append-only
    listing = Listing(
        filters={"budget": Key("exact", "in"), "bucket": Key("exact", "in")},
        sorts={"newest": "-id", "oldest": "id"},
    )
    plain_writes = VERBS_ALONE
    objects: ClassVar[BucketVersionManager] = BucketVersionManager()

    class Meta:
        select_on_save = True
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "bucket", "version"], name="budgets_bucketversion_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "budget", "key"], name="budgets_bucketversion_key_once"
            ),
            models.CheckConstraint(
                condition=Q(version__gte=1), name="budgets_bucketversion_from_one"
            ),
            RowTrigger(
                name="budgets_bucketversion_follows",
                function="budgets_bucketversion_follows",
                when="AFTER INSERT",
                deferred=True,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
