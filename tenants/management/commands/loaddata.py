"""`loaddata`: the rows of one tenant with `--tenant SLUG`, of global models without it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from warnings import catch_warnings, filterwarnings

from django.core.management.commands import loaddata
from django.core.serializers.base import DeserializedObject
from uuid_utils.compat import uuid7

from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import argument
from tenants.management.fixtures import block_of, refusing_bad_fixtures, without_a_tenant
from tenants.management.loading import load, needs_owner, require_tenants_rows
from tenants.postgres.base import as_owner
from tenants.postgres.grants import granted_to_app
from tenants.schema.fields import left_out


class Command(BaseCommand, loaddata.Command):
    """Django's loaddata; with --tenant, all rows are loaded and audited, or none."""

    help = (
        "Load fixtures. With --tenant, load them into that tenant: all rows or none, with their "
        "ids and times. The audit runs before the commit. Rows that exist already must have the "
        "same values; if all rows exist already, nothing is changed. Logs in as owner if role app "
        "may not insert a row, as for the history of changes."
    )
    examples = """
  manage.py loaddata --tenant rivera rivera.json
  gunzip < rivera.json.gz | manage.py loaddata --tenant rivera --format json -
  manage.py loaddata groups.json
"""
    rows: list[DeserializedObject] | None = None

    arguments = (argument("--tenant", "the tenant to load the rows into", "SLUG"),)

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
        self.stdout.write(_summary(len(added), len(rows) - len(added), self.fixture_count))
        for line in _without_secrets(added):
            self.stdout.write(line)

    def save_obj(self, obj: Any) -> bool:
        """With --tenant, collect the row for `_load`; otherwise save it."""
        if self.rows is None:
            return super().save_obj(obj)
        config, model = obj.object._meta.app_config, type(obj.object)
        if config in self.excluded_apps or model in self.excluded_models:
            return False
        self.rows.append(obj)
        return True

    def _read(self, slug: str, labels: Any, options: dict[str, Any]) -> list[DeserializedObject]:
        """The rows of the fixtures; writes nothing."""
        self.rows = []
        with block_of(slug, options["database"]), catch_warnings():
            filterwarnings(
                "ignore", "No fixture data found"
            )  # the dump of an empty tenant is empty
            super().handle(*labels, **{**options, "verbosity": 0})
            require_tenants_rows(self.rows)
        return self.rows

    def _load(
        self, slug: str, rows: list[DeserializedObject], using: str
    ) -> list[DeserializedObject]:
        # In the history, one load is one request.
        with _login(rows, using), block_of(slug, using, f"manage.py loaddata {uuid7()}"):
            return load(rows, using=using)


def _summary(added: int, existing: int, fixtures: int) -> str:
    if not added:
        return f"Nothing to do: all {existing} object(s) exist already"
    more = f"; {existing} existed already" if existing else ""
    return f"Installed {added} object(s) from {fixtures} fixture(s){more}"


def _without_secrets(rows: list[DeserializedObject]) -> Iterator[str]:
    """A line for each secret that loaded rows lack, because dumps leave it out."""
    lacking = Counter(
        (row.object._meta.label, name)
        for row in rows
        for name in left_out(type(row.object))
        if getattr(row.object, name) is None
    )
    for (label, name), count in lacking.items():
        yield f"{count} {label} without {name}, which no dump has: see `dumpdata --help`"


def _login(rows: list[DeserializedObject], using: str) -> AbstractContextManager[object]:
    """Log in as owner, unless role app may insert these rows."""
    tables = {row.object._meta.db_table for row in rows}
    inserts = all("INSERT" in granted_to_app(table, using=using) for table in tables)
    if inserts and not needs_owner(rows):
        return nullcontext()
    return as_owner(using)
