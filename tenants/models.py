"""Who may see what: User (global), Tenant, Membership, Invitation; and TenantModel.

A model becomes a tenant's by subclassing TenantModel: key, policies, grants and composite
foreign keys then come with plain `makemigrations`.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Lower
from django.db.models.signals import class_prepared
from django.dispatch import receiver
from uuid_utils.compat import uuid7

from tenants.constraints import Grants, RowSecurity, isolation_of
from tenants.context import current_tenant_id, tenancy
from tenants.directory import TenantsManager, UserManager
from tenants.errors import NoTenant
from tenants.managers import TenantManager

READ_WRITE = "SELECT, INSERT, UPDATE, DELETE, MAINTAIN"
NO_DELETE = "SELECT, INSERT, UPDATE, MAINTAIN"
APPEND_ONLY = "SELECT, INSERT, MAINTAIN"


class User(AbstractBaseUser, PermissionsMixin):
    """A person, who logs in by e-mail; global, for one may belong to several tenants."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField("e-mail")
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    avatar_url = models.URLField("avatar URL", blank=True)
    email_verified = models.BooleanField("e-mail verified", default=False)
    is_staff = models.BooleanField("may use the admin", default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"), condition=models.Q(deleted_at=None), name="tenants_user_email_once"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether they may log in: derived, a deleted user may not."""
        return self.deleted_at is None

    def get_full_name(self) -> str:
        """First and last name; the e-mail where there is neither."""
        return f"{self.first_name} {self.last_name}".strip() or self.email


class TenantSlug(models.Model):
    """The directory of slugs: what must be unique across tenants, and nothing else.

    Global, for a unique constraint on a tenants' table would have to begin with the tenant.
    Role app can claim a slug, for the tenant in force only, but not read any: that is what
    `tenant_of_slug` is for.
    """

    slug = models.SlugField(primary_key=True)
    holder = models.UUIDField(help_text="the tenant that has it")

    class Meta:
        constraints: ClassVar = [RowSecurity(name="tenants_tenantslug_isolation", column="holder")]

    def __str__(self) -> str:
        return self.slug


class TenantOwned(models.Model):
    """Rows that belong to the tenant named by `tenant_attname`; no row without one in force."""

    tenant_attname: ClassVar[str] = "tenant_id"

    class Meta:
        abstract = True

    @classmethod
    def tenant_restriction(cls, connection: BaseDatabaseWrapper) -> dict[str, UUID]:
        """The look-ups the rows of a statement must satisfy; {} while inspecting.

        Asked by the engine's compiler before each statement runs. Raises NoTenant outside a
        block, and on a connection that is not the block's.
        """
        current = tenancy()
        if current.using != connection.alias or not connection.in_atomic_block:
            raise NoTenant("the block's transaction is not open on this connection")
        if current.tenant_id is None:
            return {}
        return {cls.tenant_attname: current.tenant_id}


class Tenant(TenantOwned):
    """The unit of isolation. Made by `Tenant.objects.create_tenant(slug, name)`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(db_index=False)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    tenant_attname = "id"
    objects: ClassVar[TenantsManager] = TenantsManager()

    class Meta:
        base_manager_name = "objects"
        constraints: ClassVar = [
            RowSecurity(name="tenants_tenant_isolation", column="id"),
            Grants(name="tenants_tenant_grants", app=NO_DELETE),
        ]

    def __str__(self) -> str:
        return self.slug

    def claim_slug(self) -> None:
        """Enter the slug in the directory. Raises ConstraintBroken when it is taken."""
        TenantSlug.objects.bulk_create([TenantSlug(slug=self.slug, holder=self.pk)])


class TenantModel(TenantOwned):
    """A row of one tenant, isolated by PostgreSQL as well as by its manager.

    Subclasses get PRIMARY KEY (tenant_id, id), row security, grants (`app_may`) and composite
    foreign keys for their TenantForeignKeys. Uniques must begin with the tenant. Fixtures
    never name the tenant: the block they are loaded in does.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant,
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

    app_may: ClassVar[str] = READ_WRITE
    objects: ClassVar[TenantManager[Any]] = TenantManager()

    class Meta:
        abstract = True


@receiver(class_prepared)
def isolate(sender: type[models.Model], **_: object) -> None:
    """Give every concrete TenantModel its constraints and its base manager.

    Done when the class is made, because a child's own Meta would drop what it inherits.
    """
    if not issubclass(sender, TenantModel) or sender._meta.proxy:
        return
    meta = sender._meta
    meta.constraints = [*meta.constraints, *isolation_of(sender, app_may=sender.app_may)]
    meta.base_manager_name = "objects"
    meta.original_attrs |= {"constraints": meta.constraints, "base_manager_name": "objects"}


class Membership(TenantModel):
    """A user's role in the tenant."""

    class Role(models.TextChoices):
        OWNER = "owner"
        EDITOR = "editor"
        VIEWER = "viewer"
        SERVICE = "service"

    user = models.ForeignKey(User, models.PROTECT, db_constraint=False, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "user"], name="tenants_membership_user_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "editor", "viewer", "service"]),
                name="tenants_membership_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} ({self.role})"


class Invitation(TenantModel):
    """An offer of membership; who holds the token may take it, once."""

    email = models.EmailField("e-mail")
    role = models.CharField(max_length=10, choices=Membership.Role)
    token_hash = models.CharField(max_length=64, help_text="SHA-256 of the token, in hex")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["token_hash"], name="tenants_invitation_token")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "token_hash"], name="tenants_invitation_token_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "editor", "viewer", "service"]),
                name="tenants_invitation_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.role})"
