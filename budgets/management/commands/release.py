"""`manage.py release`: what a bucket holds beyond its target goes to the money bucket."""

import argparse
from typing import Any

from budgets.management.asking import Request
from budgets.management.moving import MoneyCommand
from budgets.models import Movement


class Command(MoneyCommand):
    """Releases the excess of a bucket."""

    help = (
        "Move what a bucket holds beyond its target to the money bucket: after its target was "
        "lowered, say. With --key a repeat changes nothing."
    )
    examples = """
  manage.py release --tenant rivera --budget Household Holiday --dry-run
  manage.py release --tenant rivera --budget Household Holiday --key holiday-is-cheaper
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("bucket", metavar="BUCKET", help="its name, or its id")

    def move(self, request: Request, *, bucket: str, **_: Any) -> Movement:
        """Raises what `MovementManager.release_excess` does."""
        return Movement.objects.release_excess(request.bucket(bucket), **request.options)
