"""Django's `flush`, with the cause of a failure as its message."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import flush

from tenants.errors import CodedError
from tenants.management.base import Command as BaseCommand


class Command(BaseCommand, flush.Command):
    """Django's flush; an error of PostgreSQL is one line, as in every other command."""

    examples = """
  manage.py flush
  manage.py flush --no-input
"""

    def handle(self, **options: Any) -> None:
        try:
            super().handle(**options)
        except CommandError as error:
            if isinstance(error.__cause__, CodedError):
                raise error.__cause__ from None
            raise
