"""`manage.py cascade`: what each bucket of a case file keeps, and why. Needs no database."""

import argparse
import sys
from pathlib import Path
from typing import Any

from budgets.errors import BadCase
from budgets.management.casefile import parse, result
from tenants.management.base import Command as BaseCommand


class Command(BaseCommand):
    """Answers one case with one result, and a list of cases with a list."""

    help = (
        "Divide the deposits of a case file among their buckets and print every step as JSON. "
        "Reads and writes no database. A bad case gives one line on stderr and exit code 2."
    )
    examples = """
  manage.py cascade tests/data/cascade_cases.json
  manage.py cascade < case.json
  echo '{"name": "pay day", "deposit_minor": 100000, "buckets": [
    {"name": "rent", "priority": 0, "filter": {"method": "percentage", "value": "33.3333"},
     "hold": {"type": "flat_value", "value": 50000}, "target_minor": 60000,
     "balance_minor": 0, "locked": false}]}' | manage.py cascade -
"""
    requires_system_checks = ()  # a check may ask for a database

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "file", nargs="?", default="-", metavar="FILE", help='JSON in UTF-8; "-" is stdin'
        )

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        cases = parse(_read(file))
        if isinstance(cases, list):
            self.print_json([result(case) for case in cases])
        else:
            self.print_json(result(cases))
        self.stdout.flush()  # a reader that has gone is noticed here, not as Python exits


def _read(file: str) -> bytes:
    """The bytes of the file, or of stdin."""
    if file == "-" and sys.stdin is None:
        raise BadCase("stdin is closed: name a file, or send the cases through a pipe")
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise BadCase(f"{file} cannot be read: {error.strerror}") from error
