"""Sessions and failed log-ins: global, because they are written before a tenant is known."""

from collections.abc import Collection
from importlib import import_module
from typing import ClassVar, override

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.access.login_limits import LONGEST_EMAIL
from tenants.access.roles import require_plain
from tenants.context import current_role, tenancy
from tenants.listing import IP, CaseInsensitive, Key, Listing, Moment
from tenants.managers.sessions import LoginFailureManager, UserSessionManager
from tenants.models.base import Dated
from tenants.models.people import User
from tenants.schema.fields import secret


class UserSession(Dated, AbstractBaseSession):
    """A browser's session. Its key is a secret; lists and requests use the id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session_key = secret(
        models.CharField(max_length=40, unique=True, help_text="the cookie's; a secret")
    )
    session_data = secret(models.TextField(help_text="signed by Django"))
    expire_date = models.DateTimeField(help_text="until when it is good")
    user = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="sessions",
        help_text="who is logged in, if anybody",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    last_seen_at = models.DateTimeField(default=timezone.now, help_text="to the minute")
    ip = models.GenericIPAddressField(
        "IP address", null=True, blank=True, help_text="where it was last seen"
    )
    user_agent = models.CharField(max_length=300, blank=True, help_text="what it was seen with")

    listing = Listing(
        filters={
            "user": Key("exact", "in"),
            "ip": IP("exact", "in"),
            "created_at": Moment("gte", "gt", "lte", "lt"),
            "last_seen_at": Moment("gte", "gt", "lte", "lt"),
            "expire_date": Moment("gte", "gt", "lte", "lt"),
        },
        sorts={
            "seen": "-last_seen_at",
            "unseen": "last_seen_at",
            "newest": "-created_at",
            "oldest": "created_at",
            "expiring": "expire_date",
        },
    )
    objects: ClassVar[UserSessionManager] = UserSessionManager()

    class Meta:
        verbose_name = "session"
        indexes: ClassVar = [
            models.Index(fields=["user", "last_seen_at", "id"], name="tenants_usersession_user"),
            models.Index(fields=["last_seen_at", "id"], name="tenants_usersession_seen"),
            models.Index(fields=["created_at", "id"], name="tenants_usersession_created"),
            models.Index(fields=["expire_date", "id"], name="tenants_usersession_expires"),
            models.Index(fields=["ip", "id"], name="tenants_usersession_ip"),
        ]

    def __str__(self) -> str:
        return f"session {self.pk}"

    @classmethod
    def require_writable(cls, change: str = "", fields: Collection[str] = ()) -> None:
        """Asked by the engine before each write. Raises NotAllowed in a block with a role.

        The verbs and the store write there.
        """
        if current_role() is None:
            return
        tenancy().require_writable()
        if change:
            require_plain(cls._meta.db_table, change, ())

    @classmethod
    @override
    def get_session_store_class(cls) -> type[SessionBase]:
        store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
        return store


class LoginFailure(Dated):
    """A failed log-in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.CharField(
        "e-mail", max_length=LONGEST_EMAIL, help_text="as typed, in lower case"
    )
    ip = models.GenericIPAddressField("IP address", null=True, blank=True, help_text="where from")
    at = models.DateTimeField(default=timezone.now, help_text="when")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    listing = Listing(
        filters={
            "email": CaseInsensitive("exact", "in"),
            "ip": IP("exact", "in"),
            "at": Moment("gte", "gt", "lte", "lt"),
        },
        sorts={"newest": "-at", "oldest": "at"},
    )
    objects: ClassVar[LoginFailureManager] = LoginFailureManager()

    class Meta:
        verbose_name = "failed log-in"
        indexes: ClassVar = [
            models.Index(fields=["at", "id"], name="tenants_loginfailure_time"),
            models.Index(Lower("email"), "at", "id", name="tenants_loginfailure_address"),
            models.Index(fields=["ip", "at", "id"], name="tenants_loginfailure_ip"),
        ]

    def __str__(self) -> str:
        return f"{self.email} at {self.at:%Y-%m-%d %H:%M}"
