"""What is said to PostgreSQL itself, and not through a model."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections
from django.db.backends.utils import CursorWrapper


@contextmanager
def asked(using: str) -> Iterator[CursorWrapper]:
    """A cursor to ask the catalog with, for the time of the block."""
    with connections[using].cursor() as cursor:
        yield cursor
