"""`manage.py cascade`: compute the cases of a file. Needs no database."""

import sys
from pathlib import Path
from typing import Any

from budgets.errors import BadCase
from budgets.management.cases import parse, result
from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import argument


class Command(BaseCommand):
    """Prints one result for one case, and a list of results for a list of cases."""

    help = (
        "Divide the deposit of each case of a file among its buckets, and print every step as "
        "JSON. The command uses no database. For an invalid case it prints one line on stderr; "
        "its exit code is 2."
    )
    examples = """
  manage.py cascade tests/data/cascade_cases.json
  manage.py cascade < tests/data/cascade_cases.json
  echo '{"name": "pay day", "deposit_minor": 100000, "buckets": [
    {"name": "rent", "priority": 0, "filter": {"method": "percentage", "value": "33.3333"},
     "hold": {"type": "flat_value", "value": 50000}, "target_minor": 60000,
     "balance_minor": 0, "locked": false}]}' | manage.py cascade -
"""
    requires_system_checks = ()  # a check may need a database

    arguments = (argument("file", 'JSON in UTF-8; "-" is stdin', "FILE", nargs="?", default="-"),)

    def handle(self, *args: Any, file: str, **options: Any) -> None:
        cases = parse(_read(file))
        if isinstance(cases, list):
            self.print_json([result(case) for case in cases])
        else:
            self.print_json(result(cases))
        self.stdout.flush()  # raises here, not at exit, when the pipe is closed


def _read(file: str) -> bytes:
    """The bytes of the file, or of stdin."""
    if file == "-" and sys.stdin is None:
        raise BadCase("stdin is closed: name a file, or pipe the cases into the command")
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise BadCase(f"{file} cannot be read: {error.strerror}") from error
