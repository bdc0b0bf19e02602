"""`loaddata`, into one tenant with `--tenant SLUG`; without it, for global models only."""

import argparse
from typing import Any

from django.core.management.commands import loaddata

from tenants.management.base import Command as BaseCommand
from tenants.management.fixtures import block_of, refusing_bad_fixtures


class Command(BaseCommand, loaddata.Command):
    """Django's loaddata within a tenant's block."""

    examples = """
  manage.py loaddata --tenant rivera rivera.json
  manage.py loaddata groups.json
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)  # type: ignore[arg-type]
        parser.add_argument("--tenant", metavar="SLUG", help="load the rows into this tenant")

    def handle(self, *labels: Any, **options: Any) -> None:
        with refusing_bad_fixtures(), block_of(options.pop("tenant"), options["database"]):
            super().handle(*labels, **options)
