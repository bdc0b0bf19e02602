"""`loaddata`, into one tenant with `--tenant SLUG`; without it, for global models only."""

import argparse
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from warnings import catch_warnings, filterwarnings

from django.core.management.commands import loaddata
from django.core.serializers.base import DeserializedObject
from uuid_utils.compat import uuid7

from tenants.management.base import Command as BaseCommand
from tenants.management.fixtures import block_of, refusing_bad_fixtures, without_a_tenant
from tenants.management.loading import load, require_tenants_rows
from tenants.postgres.base import as_owner
from tenants.postgres.grants import granted_to_app


class Command(BaseCommand, loaddata.Command):
    """Django's loaddata; a tenant's rows all go in, or none, and are audited."""

    help = (
        "Load fixtures. With --tenant, into that tenant: all rows or none, with their ids and "
        "times, audited before they count. Rows that are there already must be the same; a "
        "fixture that is there as a whole is left alone. Logs in as owner where role app may "
        "not insert: the ledger is the owner's, and so is the history of changes."
    )
    examples = """
  manage.py loaddata --tenant rivera rivera.json
  gunzip < rivera.json.gz | manage.py loaddata --tenant rivera --format json -
  manage.py loaddata groups.json
"""
    rows: list[DeserializedObject] | None = None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)  # type: ignore[arg-type]
        parser.add_argument("--tenant", metavar="SLUG", help="load the rows into this tenant")

    def handle(self, *labels: Any, **options: Any) -> None:
        slug = options.pop("tenant")
        if slug is None:
            with refusing_bad_fixtures(), without_a_tenant():
                super().handle(*labels, **options)
            return
        with refusing_bad_fixtures(OSError):
            rows = self._read(slug, labels, options)
        with refusing_bad_fixtures():
            added = self._load(slug, rows, options["database"])
        self.stdout.write(_told(added, len(rows) - added, self.fixture_count))

    def save_obj(self, obj: Any) -> bool:
        """With a tenant, keep the row for later; Django's otherwise."""
        if self.rows is None:
            return super().save_obj(obj)
        config, model = obj.object._meta.app_config, type(obj.object)
        if config in self.excluded_apps or model in self.excluded_models:
            return False
        self.rows.append(obj)
        return True

    def _read(self, slug: str, labels: Any, options: dict[str, Any]) -> list[DeserializedObject]:
        """The rows of the fixtures, before anything is written."""
        self.rows = []
        with block_of(slug, options["database"]), catch_warnings():
            filterwarnings("ignore", "No fixture data found")  # an empty tenant's dump is empty
            super().handle(*labels, **{**options, "verbosity": 0})
            require_tenants_rows(self.rows)
        return self.rows

    def _load(self, slug: str, rows: list[DeserializedObject], using: str) -> int:
        models = {type(row.object) for row in rows}
        # In the history, all of one load is one request.
        with _login(models, using), block_of(slug, using, f"manage.py loaddata {uuid7()}"):
            return load(rows, using=using)


def _told(added: int, there: int, fixtures: int) -> str:
    if not added:
        return f"Nothing to do: all {there} object(s) are there already"
    kept = f"; {there} were there already" if there else ""
    return f"Installed {added} object(s) from {fixtures} fixture(s){kept}"


def _login(models: set[Any], using: str) -> AbstractContextManager[object]:
    """Role app where it may insert into all of these, else role owner."""
    tables = [model._meta.db_table for model in models]
    if all("INSERT" in granted_to_app(table, using=using) for table in tables):
        return nullcontext()
    return as_owner(using)
