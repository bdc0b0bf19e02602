"""Databases with faults, and the findings of the system checks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.checks import CheckMessage, Tags, run_checks
from django.db import connections, models

from tenants.postgres.base import DatabaseWrapper, as_owner


def findings() -> list[CheckMessage]:
    """The findings of `manage.py check --database default` in the catalog."""
    return run_checks(tags=[Tags.database], databases=["default"])


def found() -> set[str]:
    """The ids of the findings."""
    return {str(finding.id) for finding in findings()}


@contextmanager
def altered(do: str, undo: str) -> Iterator[None]:
    """The block runs between the two statements."""
    _as_owner(do)
    try:
        yield
    finally:
        _as_owner(undo)


@contextmanager
def without(model: type[models.Model], constraint: models.BaseConstraint) -> Iterator[None]:
    """The block runs with one of the model's constraints removed, as a migration would do it."""
    with as_owner() as owner, owner.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        with as_owner() as owner, owner.schema_editor() as editor:
            editor.add_constraint(model, constraint)


def _as_owner(statement: str) -> None:
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def logged_in(**config: Any) -> Iterator[None]:
    """The block's connection has another role or database, and is not marked as owner's."""
    before = connections["default"]
    defaults = {key: before.settings_dict[key] for key in before.settings_dict}
    options = {key: value for key, value in defaults["OPTIONS"].items() if key != "pool"}
    connections["default"] = DatabaseWrapper({**defaults, "OPTIONS": options, **config}, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = before
