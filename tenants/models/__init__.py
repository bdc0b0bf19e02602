"""User (global), Tenant, Membership, Invitation and their like; and TenantModel to subclass."""

from tenants.models.base import (
    APPEND_ONLY,
    READ_WRITE,
    VERBS_ALONE,
    Dated,
    SoftDeleteModel,
    TenantModel,
    TenantOwned,
)
from tenants.models.changes import Change, GlobalChange
from tenants.models.people import Invitation, Membership, User
from tenants.models.sessions import LoginFailure, UserSession
from tenants.models.settings import SystemSettings, TenantSettings
from tenants.models.tenants import Tenant, TenantExternalId, TenantSlug

__all__ = [
    "APPEND_ONLY",
    "READ_WRITE",
    "VERBS_ALONE",
    "Change",
    "Dated",
    "GlobalChange",
    "Invitation",
    "LoginFailure",
    "Membership",
    "SoftDeleteModel",
    "SystemSettings",
    "Tenant",
    "TenantExternalId",
    "TenantModel",
    "TenantOwned",
    "TenantSettings",
    "TenantSlug",
    "User",
    "UserSession",
]
