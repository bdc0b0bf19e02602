"""The admin of tenants: people, settings, sessions and the look into a tenant."""

from tenants.admin import people, settings

__all__ = ["people", "settings"]
