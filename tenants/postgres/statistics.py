"""ANALYZE of the project's tables, which role app may not run."""

from django.apps import apps
from django.conf import settings

from tenants.postgres.base import as_owner


def analyze() -> None:
    """Run ANALYZE as owner on all tables; do nothing if no owner is configured.

    For commands that write many rows at once, because autovacuum runs later.
    """
    if settings.OWNER_DATABASE is None:
        return
    with as_owner() as owner, owner.cursor() as cursor:
        present = owner.introspection.table_names(cursor)
        tables = {model._meta.db_table for model in apps.get_models()}.intersection(present)
        cursor.execute("ANALYZE " + ", ".join(f'"{table}"' for table in sorted(tables)))
