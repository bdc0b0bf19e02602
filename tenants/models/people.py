"""People and their tenants: User (global), Membership, Invitation."""

from collections.abc import Collection, Iterable
from typing import Any, ClassVar, NoReturn, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, PermissionsMixin
from django.core.validators import URLValidator
from django.db import models
from django.db.models import F
from django.db.models.functions import Lower
from uuid_utils.compat import uuid7

from tenants.access.roles import Role, require_system
from tenants.listing import CaseInsensitive, HasValue, Key, Listing, Moment, Text
from tenants.managers.invitations import InvitationManager
from tenants.managers.members import MembershipManager
from tenants.managers.softdelete import LIVE
from tenants.managers.users import AllUsersManager, UserManager
from tenants.models.base import VERBS_ALONE, Contracted, Dated, SoftDeleteModel, TenantModel
from tenants.refusals import NotDeletable
from tenants.schema.constraints import RowTrigger
from tenants.schema.fields import secret
from tenants.schema.searches import GlobalTrigramSearch, TrigramSearch

OF_THE_SYSTEM = frozenset(
    {"password", "is_staff", "is_superuser", "email", "email_verified", "deleted_at"}
)
"""Columns that decide who may log in and what they may: no block with a role writes them."""


class User(Dated, Contracted, AbstractBaseUser, PermissionsMixin):
    """A person, who logs in by e-mail; global, because one can belong to several tenants.

    `User.objects.deactivate(user)` ends log-in and memberships, `restore` undoes it. `objects`
    reads the active users, `all_objects` active and deactivated ones. In a block with a role both
    read the tenant's members alone; it creates no users and does not write OF_THE_SYSTEM. The
    password's hash is not read with the row: `with_hash()` reads it, or `user.password`, in a
    statement of its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(
        "e-mail", max_length=255, help_text="whatever its case, one live user has it"
    )
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    avatar_url = models.TextField(
        "avatar URL", blank=True, validators=[URLValidator()], help_text="where their picture is"
    )
    email_verified = models.BooleanField(
        "e-mail verified", default=False, help_text="whether they have answered a message to it"
    )
    is_staff = models.BooleanField(
        "may use the admin", default=False, help_text="whether they may look at the admin"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(
        null=True, blank=True, help_text="since when they may not log in; none while they may"
    )

    read_when_named = ("password",)
    listing = Listing(
        filters={
            "email": CaseInsensitive("exact", "in"),
            "first_name": CaseInsensitive("exact", "in"),
            "last_name": CaseInsensitive("exact", "in"),
            "created_at": Moment("gte", "gt", "lte", "lt"),
            "deleted_at": Moment("gte", "gt", "lte", "lt"),
        },
        sorts={
            "newest": "-created_at",
            "oldest": "created_at",
            "email": "email",
            "name": ("last_name", "first_name"),
            "deleted": "-deleted_at",
        },
        search="tenants_user_search",
    )
    objects: ClassVar[UserManager] = UserManager()
    all_objects: ClassVar[AllUsersManager] = AllUsersManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        indexes: ClassVar = [
            models.Index(Lower("email"), "id", name="tenants_user_email"),
            models.Index(Lower("first_name"), "id", name="tenants_user_first_name"),
            models.Index(Lower("last_name"), "id", name="tenants_user_last_name"),
            models.Index(fields=["email", "id"], name="tenants_user_by_email"),
            models.Index(fields=["last_name", "first_name", "id"], name="tenants_user_by_name"),
            models.Index(fields=["created_at", "id"], name="tenants_user_created_at"),
            models.Index(
                F("deleted_at").desc(nulls_last=True),
                F("id").desc(),
                name="tenants_user_deleted_at",
            ),
        ]
        constraints: ClassVar = [
            GlobalTrigramSearch(
                fields=["email", "first_name", "last_name"], name="tenants_user_search"
            ),
            models.UniqueConstraint(
                Lower("email"), condition=models.Q(deleted_at=None), name="tenants_user_email_once"
            ),
            RowTrigger(
                name="tenants_user_history",
                function="tenants_record_global_change",
                when="AFTER INSERT OR DELETE OR UPDATE",
                args=["tenants.user", "updated_at,password,last_login"],
            ),
        ]

    def __str__(self) -> str:
        return self.email or str(self.pk)

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Any] | None = None,
    ) -> None:
        """Django's; a hash that was read before is read again."""
        rows = from_queryset or type(self).all_objects.with_hash()
        super().refresh_from_db(using, fields, rows)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Raises NotDeletable: `User.objects.deactivate(user)` is the verb."""
        raise NotDeletable

    @classmethod
    def require_writable(cls, change: str = "", fields: Collection[str] = ()) -> None:
        """Asked by the engine before each write. Raises NotAllowed in a block with a role.

        There, a user's name and picture may be updated, and their last log-in.
        """
        refused = [change] if change else []
        if change == "update":
            refused = [f"update of {field}" for field in sorted(OF_THE_SYSTEM.intersection(fields))]
        require_system(cls._meta.db_table, *refused)

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether they may log in: derived from `deleted_at`."""
        return self.deleted_at is None

    def get_full_name(self) -> str:
        """First and last name; the e-mail where there is neither."""
        return f"{self.first_name} {self.last_name}".strip() or self.email


def _write_as_the_system(model: Any) -> None:
    """Let no block with a role write a model of Django's."""

    def require_writable(change: str = "", fields: Collection[str] = ()) -> None:
        require_system(model._meta.db_table, *filter(None, [change]))

    model.require_writable = require_writable


for rights in (
    Group,
    Group.permissions.through,
    User.groups.through,
    User.user_permissions.through,
):
    _write_as_the_system(rights)
# In dumps of users, so that they can log in where they are loaded.
secret(cast("Any", User._meta.get_field("password")), dumped=True)


class Membership(SoftDeleteModel):
    """A user's role in the tenant; when the user leaves, the row is deleted softly."""

    Role = Role

    user = models.ForeignKey(
        User,
        models.PROTECT,
        db_constraint=False,
        related_name="memberships",
        help_text="the member",
    )
    role = models.CharField(
        max_length=10, choices=Role, help_text="owner, editor, viewer or service"
    )

    listing = Listing(
        filters={
            "user": Key("exact", "in"),
            "role": Text("exact", "in"),
            "left": HasValue(of="deleted_at"),
        },
        sorts={"newest": "-id", "oldest": "id"},
    )  # also of `all_objects`, which has ended memberships
    plain_writes = VERBS_ALONE
    objects: ClassVar[MembershipManager] = MembershipManager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["tenant", "user", "id"], name="tenants_membership_of_user"),
            models.Index(fields=["tenant", "role", "id"], name="tenants_membership_of_role"),
            models.Index(fields=["tenant", "deleted_at", "id"], name="tenants_membership_left"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "user"], condition=LIVE, name="tenants_membership_user_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "editor", "viewer", "service"]),
                name="tenants_membership_role",
            ),
            RowTrigger(
                name="tenants_membership_keeps_an_owner",
                function="tenants_membership_keeps_an_owner",
                when="AFTER DELETE OR UPDATE OF role, deleted_at",
                deferred=True,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} ({self.role})"


class Invitation(TenantModel):
    """An offer of a membership, which the holder of the token can accept once."""

    email = models.EmailField("e-mail", max_length=255, help_text="who is invited")
    role = models.CharField(
        max_length=10,
        choices=Role,
        help_text="what they will be: owner, editor, viewer or service",
    )
    token_hash = secret(
        models.CharField(  # unique unless null
            max_length=64,
            null=True,
            blank=True,
            help_text="SHA-256 of the token, in hex; null when loaded from a dump, until reissued",
        )
    )
    expires_at = models.DateTimeField(help_text="until when it can be taken")
    accepted_at = models.DateTimeField(
        null=True, blank=True, help_text="when it was taken; none while nobody has"
    )

    listing = Listing(
        filters={
            "accepted": HasValue(of="accepted_at"),
            "expires_at": Moment("gte", "lt"),
        },
        sorts={"newest": "-id", "oldest": "id", "expiring": "expires_at"},
        search="tenants_invitation_search",
    )
    plain_writes = VERBS_ALONE
    objects: ClassVar[InvitationManager] = InvitationManager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["token_hash"], name="tenants_invitation_token"),
            models.Index(fields=["tenant", "accepted_at", "id"], name="tenants_invitation_taken"),
            models.Index(fields=["tenant", "expires_at", "id"], name="tenants_invitation_expiring"),
        ]
        constraints: ClassVar = [
            TrigramSearch(fields=["email"], name="tenants_invitation_search"),
            models.UniqueConstraint(
                fields=["tenant", "token_hash"], name="tenants_invitation_token_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=models.Q(accepted_at=None),
                name="tenants_invitation_pending_once",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "editor", "viewer", "service"]),
                name="tenants_invitation_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.role})"
