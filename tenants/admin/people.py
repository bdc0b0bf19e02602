"""The admin's pages of users, tenants and members, and the titles of the site."""

from functools import partial
from importlib import import_module
from typing import Any, ClassVar, cast

import django.contrib.auth.admin  # noqa: F401  # registers Group, which is registered again below
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.text import Truncator

from tenants.admin.columns import TENANT, USER, Column, anchor, links_to_lists
from tenants.admin.inspection import (
    InspectedTable,
    InspectingAdmin,
    TenantFilter,
    inspect_page,
    state_filter,
)
from tenants.models import (
    Change,
    GlobalChange,
    Invitation,
    Membership,
    Tenant,
    TenantExternalId,
    TenantModel,
    TenantSlug,
    User,
)
from tenants.models.changes import Recorded


def _permissions(holder: Any) -> str | None:
    """The permissions of a group or a user, as `app.codename`."""
    permissions = holder.permissions if isinstance(holder, Group) else holder.user_permissions
    names = permissions.values_list("content_type__app_label", "codename")
    return ", ".join(sorted(f"{app}.{codename}" for app, codename in names)) or None


def _lists(tenant: Tenant) -> str:
    """Links to the tenant's rows in all lists."""
    models = [model for model in admin.site._registry if issubclass(model, TenantModel)]
    return links_to_lists(dict.fromkeys(models, f"tenant={tenant.slug}"))


def _state(invitation: Invitation) -> str:
    if invitation.accepted_at:
        return "accepted"
    return "open" if invitation.expires_at > timezone.now() else "expired"


def _changed_row(change: Recorded) -> str:
    """A link to the changed row, or its id if the row has no page."""
    try:
        return anchor(apps.get_model(change.model), change.row_id, change.row_id)
    except (LookupError, NoReverseMatch):  # the model was removed, or has no pages
        return str(change.row_id)


def _what_changed(change: Recorded) -> str:
    """The columns with their values before and after, shortened."""
    columns = (f"{name}: {before} → {after}" for name, before, after in change.columns)
    return Truncator("; ".join(columns)).chars(200)


GROUPS = Column("groups", lambda row: ", ".join(map(str, row.groups.all())) or None)
PERMISSIONS = Column("permissions", _permissions)


INVITATION_STATES = state_filter(
    open=Q(accepted_at=None, expires_at__gt=Now()),
    accepted=Q(accepted_at__isnull=False),
    expired=Q(accepted_at=None, expires_at__lte=Now()),
)
USER_STATES = state_filter(active=Q(deleted_at=None), deleted=Q(deleted_at__isnull=False))


class MemberTable(InspectedTable):
    """The members of a tenant."""

    model = Membership
    shown = (USER, "role", "created_at")
    ordering = ("pk",)


class MembershipTable(MemberTable):
    """The tenants of a user."""

    shown = (TENANT, "role", "created_at")


@admin.register(Tenant)
class TenantAdmin(InspectingAdmin):
    """Tenants; the page of a tenant links to its rows in all lists."""

    STATUS = Column("status", lambda row: row.status)
    date_hierarchy = "created_at"
    shown = (
        ("slug", "name", "external_id"),
        (STATUS, "plan", "trial_plan", "trial_ends_at"),
        Column("rows", _lists),
        ("created_at", "updated_at", "id"),
    )
    inlines = (MemberTable,)
    list_display = ("slug", "name", "plan", STATUS, "created_at")
    list_filter = ()
    search_fields = ("slug", "name", "external_id__exact", "id__exact")
    search_help_text = "slug, name, external id or id"


@admin.register(User)
class UserAdmin(InspectingAdmin):
    """Users, without their passwords."""

    date_hierarchy = "created_at"
    shown = (
        ("email", "email_verified"),
        ("first_name", "last_name", "avatar_url"),
        ("is_staff", "is_superuser", GROUPS),
        PERMISSIONS,
        ("last_login", "deleted_at"),
        ("created_at", "updated_at", "id"),
    )
    inlines = (MembershipTable,)
    list_display = ("email", "first_name", "last_name", "email_verified", "is_staff", "last_login")
    list_filter = (TenantFilter, USER_STATES, "is_staff", "email_verified")
    search_fields = ("email", "first_name", "last_name", "id__exact")
    search_help_text = "e-mail, name or id"
    tenant_path = "memberships__tenant_id"

    def get_queryset(self, request: HttpRequest) -> Any:
        """All users, including deactivated ones."""
        return User.all_objects.get_queryset()


@admin.register(Membership)
class MembershipAdmin(InspectingAdmin):
    """Memberships of users in tenants."""

    shown = ((USER, TENANT, "role"), ("created_at", "updated_at", "id"))
    list_display = (
        Column("member", lambda row: row.user.email),
        Column("name", lambda row: row.user.get_full_name()),
        TENANT,
        "role",
        "created_at",
    )
    list_filter = (TenantFilter, "role")
    search_fields = ("user__email", "user__first_name", "user__last_name", "id__exact")
    search_help_text = "e-mail, name or id"


@admin.register(Invitation)
class InvitationAdmin(InspectingAdmin):
    """Invitations, without their tokens."""

    STATE = Column("state", _state)
    shown = (
        ("email", TENANT, "role"),
        (STATE, "expires_at", "accepted_at"),
        ("created_at", "updated_at", "id"),
    )
    list_display = ("email", TENANT, "role", STATE, "expires_at")
    list_filter = (TenantFilter, INVITATION_STATES, "role")
    search_fields = ("email", "id__exact")
    search_help_text = "e-mail or id"


@admin.register(TenantSlug)
class TenantSlugAdmin(InspectingAdmin):
    """The directory of slugs."""

    HOLDER = Column("holder", lambda row: anchor(Tenant, row.holder, row.holder))
    shown = ("slug", HOLDER)
    list_display = ("slug", HOLDER)
    list_filter = ()
    ordering = ("slug",)
    search_fields = ("slug", "holder__exact")
    search_help_text = "slug or id of a tenant"


@admin.register(TenantExternalId)
class TenantExternalIdAdmin(InspectingAdmin):
    """The directory of external ids."""

    HOLDER = TenantSlugAdmin.HOLDER
    shown = ("external_id", HOLDER, ("created_at", "updated_at"))
    list_display = ("external_id", HOLDER)
    list_filter = ()
    ordering = ("external_id",)
    search_fields = ("external_id", "holder__exact")
    search_help_text = "external id, or id of a tenant"


class _Changes(InspectingAdmin):
    """Recorded changes, latest first."""

    ROW = Column("row", _changed_row)
    WHAT = Column("what", _what_changed)
    list_display: Any = ("created_at", "verb", "model", ROW, WHAT, "actor", "request_id")
    shown = (
        ("verb", "model", ROW),
        ("before", "after"),
        ("actor", "request_id"),
        ("created_at", "id"),
    )
    list_filter: ClassVar[Any] = ("verb", "model")
    related: ClassVar[Any] = ("actor",)
    search_fields = ("row_id__exact", "request_id__exact", "id__exact")
    search_help_text = "id of the row, request id, or id"


@admin.register(Change)
class ChangeAdmin(_Changes):
    """The history of tenants' rows."""

    list_display = ("created_at", TENANT, "verb", "model", _Changes.ROW, _Changes.WHAT, "actor")
    list_filter: ClassVar[Any] = (TenantFilter, "verb")
    related: ClassVar[Any] = ("actor", "tenant")


@admin.register(GlobalChange)
class GlobalChangeAdmin(_Changes):
    """The history of global rows."""


class GroupAdmin(InspectingAdmin):
    """Groups of staff users, with their permissions."""

    shown = ("name", PERMISSIONS)
    list_display = ("name",)
    list_filter = ()
    ordering = ("name",)
    search_fields = ("name",)


def _apps(request: HttpRequest, app_label: str | None = None) -> list[Any]:
    """The apps in the order of INSTALLED_APPS, with their models in the order of registration."""
    shown = admin.site._build_app_dict(request, app_label)
    return [shown[label] for label in apps.app_configs if label in shown]


import_module("tenants.admin.settings")  # here, because the index lists models in this order
admin.site.unregister(Group)
admin.site.register(Group, GroupAdmin)

# Set on the existing site, because the settings choose its class.
site = cast(Any, admin.site)
site.site_title = site.site_header = "Sluice"
site.index_title = "All tenants"
site.index_template = "tenants/index.html"
site.enable_nav_sidebar = False  # the lists need the width
site.site_url = None
site.get_app_list = _apps
site.autocomplete_view = partial(inspect_page, site.autocomplete_view)
