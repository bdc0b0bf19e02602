"""SQL expressions that Django does not have."""

from typing import Any

from django.db.models import BooleanField, Func


class Comparison(Func):
    """`left operator right`; the operator is a constant of the code, never user input."""

    template = "%(expressions)s"
    output_field = BooleanField()

    def __init__(self, left: Any, operator: str, right: Any) -> None:
        super().__init__(left, right, arg_joiner=f" {operator} ")


class RowValue(Func):
    """Columns or values as a row: an index serves `ROW(a, b) > ROW(1, 2)`."""

    function = "ROW"
    output_field = BooleanField()


class Among(Func):
    """`key = ANY(ARRAY(SELECT function(wanted)))`: one scan of the key's index.

    `key IN (SELECT ...)` looks up every id on its own and takes five times as long when all match.
    """

    template = "%(expressions)s))"
    arg_joiner = " = ANY(ARRAY(SELECT "
    output_field = BooleanField()
