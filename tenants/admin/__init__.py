"""The admin of tenants: log-in, people, settings, sessions and inspection pages."""

from tenants.admin import login, people, settings

__all__ = ["login", "people", "settings"]
