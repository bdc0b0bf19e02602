"""Who may see what: User (global), Tenant, Membership, Invitation; and TenantModel."""

from tenants.models.base import APPEND_ONLY, NO_DELETE, READ_WRITE, TenantModel, TenantOwned
from tenants.models.people import Invitation, Membership, User
from tenants.models.sessions import LoginFailure, UserSession
from tenants.models.settings import SystemSettings, TenantSettings
from tenants.models.tenants import Tenant, TenantSlug

__all__ = [
    "APPEND_ONLY",
    "NO_DELETE",
    "READ_WRITE",
    "Invitation",
    "LoginFailure",
    "Membership",
    "SystemSettings",
    "Tenant",
    "TenantModel",
    "TenantOwned",
    "TenantSettings",
    "TenantSlug",
    "User",
    "UserSession",
]
