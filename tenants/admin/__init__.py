"""The admin of tenants: people, settings, sessions and inspection pages."""

from tenants.admin import people, settings

__all__ = ["people", "settings"]
