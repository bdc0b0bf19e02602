"""The history of changes, which triggers write in the transaction of the change."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from uuid_utils.compat import uuid7

from tenants.listing import Key, Listing, Moment, Text
from tenants.managers.changes import ChangeManager, GlobalChangeManager
from tenants.models.base import Dated, TenantModel


class Recorded(models.Model):
    """One change of one row: before, after, actor and request."""

    class Verb(models.TextChoices):
        INSERT = "insert"
        UPDATE = "update"
        DELETE = "delete"

    model = models.CharField(max_length=100, help_text="app.model")
    row_id = models.UUIDField(help_text="the changed row's id")
    verb = models.CharField(max_length=6, choices=Verb, help_text="insert, update or delete")
    before = models.JSONField(null=True, help_text="columns that changed, as they were")
    after = models.JSONField(null=True, help_text="columns that changed, as they became")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="the user in whose name, if it was said",
    )
    request_id = models.CharField(
        max_length=200, blank=True, help_text="on whose request, if it was said"
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.verb} {self.model} {self.row_id}"

    @property
    def columns(self) -> list[tuple[str, object, object]]:
        """The changed columns, with the values before and after; None where there was no row.

        Of an inserted or deleted row, all columns with a value.
        """
        before, after = self.before or {}, self.after or {}
        names = sorted(before.keys() | after.keys())
        both = [(name, before.get(name), after.get(name)) for name in names]
        return [(name, old, new) for name, old, new in both if old != new]


class Change(Recorded, TenantModel):
    """A change of a tenant's row; role app can only read it."""

    app_privileges = "SELECT"
    history = None
    listing = Listing(
        filters={
            "model": Text("exact", "in"),
            "row": Key("exact", "in", of="row_id"),
            "actor": Key("exact", "in"),
            "created_at": Moment("gte", "lt"),
        },
        sorts={"newest": "-created_at", "oldest": "created_at"},
    )
    objects: ClassVar[ChangeManager] = ChangeManager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["tenant", "row_id", "created_at", "id"], name="tenants_change_of_row"
            ),
            models.Index(
                fields=["tenant", "model", "created_at", "id"], name="tenants_change_of_model"
            ),
            models.Index(
                fields=["tenant", "actor", "created_at", "id"], name="tenants_change_by_actor"
            ),
            models.Index(fields=["tenant", "created_at", "id"], name="tenants_change_newest"),
        ]


class GlobalChange(Dated, Recorded):
    """A change of a row that belongs to no tenant."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[GlobalChangeManager] = GlobalChangeManager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["model", "row_id", "created_at"], name="tenants_globalchange_row"),
        ]
