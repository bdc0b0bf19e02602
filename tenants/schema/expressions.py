"""Comparisons that Django's look-ups lack."""

from typing import Any

from django.db.models import BooleanField, Func


class Compared(Func):
    """`left operator right`; the operator is ours, never a caller's text."""

    template = "%(expressions)s"
    output_field = BooleanField()

    def __init__(self, left: Any, operator: str, right: Any) -> None:
        super().__init__(left, right, arg_joiner=f" {operator} ")


class Row(Func):
    """Columns or values compared as one: `ROW(a, b) > ROW(1, 2)` is what an index walks."""

    function = "ROW"
    output_field = BooleanField()


class Among(Func):
    """`key = ANY(ARRAY(SELECT function(wanted)))`: one walk along the key's index.

    As `key IN (SELECT ...)` it is a look-up for every id: five times as long when all are found.
    """

    template = "%(expressions)s))"
    arg_joiner = " = ANY(ARRAY(SELECT "
    output_field = BooleanField()
