"""The bases of tenants' models: TenantOwned, and TenantModel to subclass.

`makemigrations` then adds key, policies, grants and composite foreign keys.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.base import subclass_exception
from django.db.models.fields.related import lazy_related_operation
from django.db.models.signals import class_prepared
from django.dispatch import receiver
from uuid_utils.compat import uuid7

from tenants.access.roles import require_plain
from tenants.context import current_tenant_id, tenancy
from tenants.errors import NoTenant, RowNotFound
from tenants.managers.base import TenantManager, fetch_mode
from tenants.managers.contract import ContractQuerySet, deleting
from tenants.managers.softdelete import AllObjectsManager, SoftDeleteManager
from tenants.postgres.auto_now import auto_now_values
from tenants.schema.comments import comment
from tenants.schema.constraints import isolation_of, readable_times
from tenants.schema.defaults import defaults_of
from tenants.schema.fields import TenantForeignKey
from tenants.schema.history import History
from tenants.schema.live_parents import LiveParent

READ_WRITE = "SELECT, INSERT, UPDATE, DELETE"
APPEND_ONLY = "SELECT, INSERT"
VERBS_ALONE: Mapping[str, Collection[str]] = {}
"""For `plain_writes`: no role writes the rows but by a verb of the manager."""


class Dated(models.Model):
    """Rows with `created_at` and `updated_at`.

    The columns have defaults in the database, too (`tenants.schema.defaults`), so an INSERT in SQL
    need not name them. Both are the same in rows that are written once.
    """

    class Meta:
        abstract = True

    def save(self, *, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Django's; with `update_fields` it writes `updated_at` too."""
        if update_fields:
            named = {*update_fields}
            update_fields = {*named, *(field.name for field in auto_now_values(type(self), named))}
        super().save(update_fields=update_fields, **kwargs)


class Contracted(models.Model):
    """Rows under the contract of `tenants.managers.base`, a tenant's or not."""

    class Meta:
        abstract = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A new row fetches its relations in the same way as a row that was read.
        self._state.fetch_mode = fetch_mode()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Django's. Raises ForeignKeyBroken when other rows point at it."""
        with deleting(type(self)):
            return super().delete(*args, **kwargs)


class TenantOwned(models.Model):
    """Rows of the tenant in the column `tenant_attname`; outside of blocks, none can be reached."""

    tenant_attname: ClassVar[str] = "tenant_id"
    plain_writes: ClassVar[Mapping[str, Collection[str]] | None] = None
    """Which roles may "insert", "update" and "delete" rows without a verb of the manager.

    None: each role that may write. A model whose manager has verbs declares it (E022).
    """

    class Meta:
        abstract = True

    @classmethod
    def tenant_restriction(cls, connection: BaseDatabaseWrapper) -> dict[str, UUID]:
        """The look-ups that the rows of a statement must match; {} while inspecting.

        The engine's compiler calls it before each statement. Raises NoTenant outside of blocks,
        and on a connection other than the block's.
        """
        current = tenancy()
        if current.using != connection.alias or not connection.in_atomic_block:
            raise NoTenant("the block's transaction is not open on this connection")
        if current.tenant_id is None:
            return {}
        return {cls.tenant_attname: current.tenant_id}

    @classmethod
    def require_writable(cls, change: str = "", fields: Collection[str] = ()) -> None:
        """Asked by the engine before each write. Raises TenantSuspended and NotAllowed.

        `change` is insert, update or delete; empty for rows that are locked. `fields` are written.
        """
        tenancy().require_writable()
        if change and cls.plain_writes is not None:
            require_plain(cls._meta.db_table, change, cls.plain_writes.get(change, ()))


class TenantModel(Dated, Contracted, TenantOwned):
    """A row of one tenant, which PostgreSQL isolates as well as its manager.

    Subclasses get PRIMARY KEY (tenant_id, id), row security, the grants of `app_privileges` and
    composite foreign keys for their TenantForeignKeys. Unique constraints must begin with the
    tenant. Fixtures do not name the tenant: they are loaded in its block.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant",
        models.PROTECT,
        default=current_tenant_id,
        editable=False,
        serialize=False,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    app_privileges: ClassVar[str] = READ_WRITE
    base_manager: ClassVar[str] = "objects"
    history: ClassVar[History | None] = History()
    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True


class SoftDeleteModel(TenantModel):
    """A tenant's row that is deleted softly: see `tenants.managers.softdelete`.

    `objects` reads the live rows, `all_objects` live and deleted ones. Unique constraints need
    `condition=LIVE`.
    """

    deleted_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="when it was deleted; none while it is live",
    )

    base_manager = "all_objects"
    objects: ClassVar[SoftDeleteManager[Self]] = SoftDeleteManager()
    all_objects: ClassVar[AllObjectsManager[Self]] = AllObjectsManager()

    class Meta:
        abstract = True

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Mark it deleted. Raises ForeignKeyBroken when a live row protects it."""
        return self._apply("delete")

    def restore(self) -> tuple[int, dict[str, int]]:
        """Make it live again, with what was deleted with it. Raises UniqueBroken."""
        return self._apply("restore")

    def hard_delete(self) -> tuple[int, dict[str, int]]:
        """Delete it for good. Raises ForeignKeyBroken when rows point at it."""
        return super().delete()

    def _apply(self, verb: str) -> tuple[int, dict[str, int]]:
        rows = type(self).all_objects.identified(self.pk)
        counted: tuple[int, dict[str, int]] = getattr(rows, verb)()
        if counted[0]:
            self.refresh_from_db(fields=["deleted_at", "updated_at"])
        return counted


@receiver(class_prepared)
def register(sender: type[models.Model], **_: object) -> None:
    """Add to a new model class what its bases declare, in this order.

    A base's Meta cannot do it, because a child's own Meta drops what it would inherit.
    """
    comment(sender)
    _type_errors(sender)
    _isolate(sender)
    _check_times(sender)
    _set_defaults(sender)
    _require_live_parents(sender)


def _type_errors(sender: Any) -> None:
    """Make DoesNotExist a RowNotFound in every model whose manager has a ContractQuerySet."""
    rows = getattr(sender._meta.default_manager, "_queryset_class", None)
    if rows is not None and issubclass(rows, ContractQuerySet):
        bases = (sender.DoesNotExist, RowNotFound)
        missing = subclass_exception("DoesNotExist", bases, sender.__module__, attached_to=sender)
        sender.DoesNotExist = missing


def _isolate(sender: type[models.Model]) -> None:
    """Give every concrete TenantModel its constraints and its base manager."""
    if not issubclass(sender, TenantModel) or sender._meta.proxy:
        return
    meta = sender._meta
    constraints = [*meta.constraints, *isolation_of(sender, app_privileges=sender.app_privileges)]
    if sender.history:
        constraints.append(sender.history.trigger(sender, function="tenants_record_change"))
    meta.constraints = constraints
    meta.base_manager_name = sender.base_manager
    meta.original_attrs |= {
        "constraints": meta.constraints,
        "base_manager_name": sender.base_manager,
    }


def _check_times(sender: type[models.Model]) -> None:
    """Give tenants' tables, and the Tenant's own, a CHECK for each column of times."""
    if issubclass(sender, TenantOwned) and not sender._meta.proxy:
        sender._meta.constraints = [*sender._meta.constraints, *readable_times(sender)]
        sender._meta.original_attrs["constraints"] = sender._meta.constraints


def _set_defaults(sender: type[models.Model]) -> None:
    """Give the tables of Dated models the defaults of their fields."""
    if issubclass(sender, Dated) and not sender._meta.proxy:
        sender._meta.constraints = [*sender._meta.constraints, defaults_of(sender)]
        sender._meta.original_attrs["constraints"] = sender._meta.constraints


def _require_live_parents(sender: type[models.Model]) -> None:
    """Give a TenantModel a LiveParent for each foreign key, once its target is defined."""
    if not issubclass(sender, TenantModel) or sender._meta.proxy:
        return
    for field in sender._meta.local_fields:
        if isinstance(field, TenantForeignKey):
            to: Any = field.remote_field.model
            if isinstance(to, type):
                _require_live_parent(sender, to, field)
            else:
                lazy_related_operation(_require_live_parent, sender, to, field=field)


def _require_live_parent(sender: Any, to: Any, field: TenantForeignKey[Any, Any]) -> None:
    if constraint := live_parent_of(field, sender, to):
        sender._meta.constraints = [*sender._meta.constraints, constraint]
        sender._meta.original_attrs["constraints"] = sender._meta.constraints


def live_parent_of(field: TenantForeignKey[Any, Any], model: Any, to: Any) -> LiveParent | None:
    """The rule that rows point at live rows; None if they may point at deleted ones."""
    on_delete = field.remote_field.on_delete
    if not issubclass(to, SoftDeleteModel) or on_delete is models.DO_NOTHING:
        return None
    soft = issubclass(model, SoftDeleteModel)
    return LiveParent(
        field=field.name,
        name=f"{model._meta.db_table}_{field.name}_live",
        soft=soft,
        cascades=soft and on_delete is models.CASCADE,
    )
