"""The admin's pages of sessions, failed log-ins and settings; `tenants.admin` loads them."""

from django.contrib import admin
from django.db.models import Q
from django.db.models.functions import Now

from tenants.admin.columns import TENANT, USER
from tenants.admin.inspection import InspectingAdmin, state_filter
from tenants.models import LoginFailure, SystemSettings, TenantSettings, UserSession

STATES = state_filter(live=Q(expire_date__gt=Now()), expired=Q(expire_date__lte=Now()))


@admin.register(UserSession)
class UserSessionAdmin(InspectingAdmin):
    """Sessions of users, without their keys."""

    shown = (
        (USER, "ip"),
        "user_agent",
        ("created_at", "last_seen_at", "expire_date"),
        "id",
    )
    list_display = (USER, "ip", "last_seen_at", "created_at", "expire_date")
    list_filter = (STATES,)
    search_fields = ("user__email", "ip", "id__exact")
    search_help_text = "e-mail, IP address or id"


@admin.register(LoginFailure)
class LoginFailureAdmin(InspectingAdmin):
    """Failed log-ins."""

    shown = (("email", "ip"), "at", "id")
    list_display = ("email", "ip", "at")
    list_filter = ()
    date_hierarchy = "at"
    search_fields = ("email", "ip", "id__exact")
    search_help_text = "e-mail, IP address or id"


@admin.register(TenantSettings)
class TenantSettingsAdmin(InspectingAdmin):
    """The settings of tenants."""

    shown = ((TENANT, "version"), "values", ("created_at", "updated_at", "id"))
    list_display = (TENANT, "version", "updated_at")
    search_fields = ("id__exact",)
    search_help_text = "id"


@admin.register(SystemSettings)
class SystemSettingsAdmin(InspectingAdmin):
    """The settings of the system; `manage.py configure` changes them."""

    shown = ("version", "values", "updated_at")
    list_display = ("__str__", "updated_at")
    list_filter = ()
