"""The configuration of the app: its checks, and the grants after `migrate`."""

from typing import override

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TenantsConfig(AppConfig):
    """Isolation of tenants."""

    name = "tenants"
    commented = True

    @override
    def ready(self) -> None:
        from tenants import checks, signals  # noqa: F401  # registers the checks and receivers
        from tenants.postgres.grants import grant_global_tables

        post_migrate.connect(grant_global_tables, sender=self)
