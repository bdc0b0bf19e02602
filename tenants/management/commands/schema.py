"""`manage.py schema`: document the tables, from the models and PostgreSQL's catalog."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings

from tenants.errors import StoreError
from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import argument, flag, one_of
from tenants.management.migration_state import is_migrated
from tenants.management.schema_document import document
from tenants.management.tables import other_tables, tables


class BadFile(StoreError):
    """The file cannot be read or written."""

    code = "bad_file"


class NotMigrated(StoreError):
    """The database lacks migrations: run `manage.py migrate`."""

    code = "not_migrated"


class Command(BaseCommand):
    """Writes the schema document; needs a migrated database."""

    help = (
        "Write docs/schema.md from the models and the database: diagrams, and the columns, rules "
        "and grants of each table. With --check, exit code 1 means that the file is out of date."
    )
    examples = """
  manage.py schema
  manage.py schema --check
  manage.py schema --json
"""

    arguments = (
        one_of(
            flag("--check", "write nothing; compare the file"),
            flag("--json", "write nothing; print JSON"),
        ),
        argument("--file", "the file to write (docs/schema.md)", type=Path),
    )

    def handle(
        self, *args: Any, check: bool, json: bool, file: Path | None, **options: Any
    ) -> None:
        if not is_migrated():
            raise NotMigrated
        ours = tables()
        others = other_tables(ours)
        if json:
            self.print_json({"tables": [asdict(table) for table in ours], "others": others})
            return
        file = file or settings.BASE_DIR / "docs" / "schema.md"
        text = document(ours, others)
        try:
            self._compare(file, text) if check else self._write(file, text)
        except OSError as error:
            raise BadFile(f"{file}: {error.strerror}") from error

    def _write(self, file: Path, text: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        self.stdout.write(f"{file.name} written")

    def _compare(self, file: Path, text: str) -> None:
        if not file.is_file() or file.read_bytes() != text.encode():
            self.stderr.write(f"{file.name} is out of date: run manage.py schema")
            sys.exit(1)
