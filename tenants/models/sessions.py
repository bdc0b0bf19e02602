"""Sessions and failed log-ins: global, for they come before any tenant."""

from typing import ClassVar, override

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.models.base import Dated
from tenants.models.people import User
from tenants.sessions import LoginFailureManager, SessionStore, UserSessionManager


class UserSession(Dated, AbstractBaseSession):
    """A browser's session. Its key is a secret: what is shown and asked for is the id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session_key = models.CharField(max_length=40, unique=True, help_text="the cookie's; a secret")
    session_data = models.TextField(help_text="signed by Django")
    expire_date = models.DateTimeField(db_index=True, help_text="until when it is good")
    user = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        blank=True,
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

    objects: ClassVar[UserSessionManager] = UserSessionManager()

    class Meta:
        verbose_name = "session"

    def __str__(self) -> str:
        return f"session {self.pk}"

    @classmethod
    @override
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore


class LoginFailure(Dated):
    """A log-in that was refused."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.CharField("e-mail", max_length=254, help_text="as typed, in lower case")
    ip = models.GenericIPAddressField("IP address", null=True, blank=True, help_text="where from")
    at = models.DateTimeField(default=timezone.now, help_text="when")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[LoginFailureManager] = LoginFailureManager()

    class Meta:
        verbose_name = "failed log-in"
        indexes: ClassVar = [
            models.Index(fields=["at"], name="tenants_loginfailure_at"),
            models.Index(fields=["email", "at"], name="tenants_loginfailure_email"),
        ]

    def __str__(self) -> str:
        return f"{self.email} at {self.at:%Y-%m-%d %H:%M}"
