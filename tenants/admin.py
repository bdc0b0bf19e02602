"""The admin's pages of users, tenants and who belongs to them; and the site's own name."""

from collections.abc import Mapping
from typing import Any, ClassVar

import django.contrib.auth.admin  # noqa: F401  # registers Group, which is to be shown our way
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from tenants.inspection import (
    TENANT,
    Column,
    Conditions,
    InspectedTable,
    InspectingAdmin,
    TenantFilter,
    link,
    lists_of,
)
from tenants.models import Invitation, Membership, Tenant, TenantModel, User

NAME = Column("name", User.get_full_name)
PERMISSIONS = Column("permissions", lambda row: _permissions(row) or None)
USER = link("user", lambda row: row.user)


def _permissions(holder: Any) -> str:
    """What a user or a group was given, as `app.codename`."""
    given = holder.permissions if isinstance(holder, Group) else holder.user_permissions
    named = given.values_list("content_type__app_label", "codename")
    return ", ".join(sorted(f"{app}.{codename}" for app, codename in named))


def _lists(tenant: Tenant) -> str:
    """Links to what the tenant has, in every list there is."""
    models = [model for model in admin.site._registry if issubclass(model, TenantModel)]
    return lists_of({model: f"tenant={tenant.slug}" for model in models})


def _invitation_state(invitation: Invitation) -> str:
    if invitation.accepted_at:
        return "accepted"
    return "open" if invitation.expires_at > timezone.now() else "expired"


class MembershipTable(InspectedTable):
    """The members of a tenant, or a user's tenants."""

    model = Membership
    fields = (TENANT, USER, "role", "created_at")
    ordering = ("pk",)


@admin.register(Tenant)
class TenantAdmin(InspectingAdmin):
    """Where to begin: a tenant's page leads to all that it has."""

    date_hierarchy = "created_at"
    fields = ("slug", "name", Column("look at", _lists), "created_at", "updated_at", "id")
    inlines = (MembershipTable,)
    list_display = ("slug", "name", "created_at")
    list_filter = ()
    search_fields = ("slug", "name", "id__exact")
    search_help_text = "slug, name or id"


@admin.register(Membership)
class MembershipAdmin(InspectingAdmin):
    """Who belongs to which tenant."""

    fields = (USER, TENANT, "role", "created_at", "updated_at", "id")
    list_display = (
        Column("member", lambda row: row.user.email),
        NAME,
        TENANT,
        "role",
        "created_at",
    )
    list_filter = (TenantFilter, "role")
    search_fields = ("user__email", "user__first_name", "user__last_name", "id__exact")
    search_help_text = "e-mail, name or id"


class InvitationFilter(Conditions):
    """Whether an invitation can still be taken."""

    title = parameter_name = "state"
    conditions: ClassVar[Mapping[str, Q]] = {
        "open": Q(accepted_at=None, expires_at__gt=Now()),
        "accepted": Q(accepted_at__isnull=False),
        "expired": Q(accepted_at=None, expires_at__lte=Now()),
    }
