"""Operations for migrations."""

from collections.abc import Iterator
from typing import Any, override
from uuid import UUID

from django.db.migrations.operations.base import Operation, OperationCategory

from tenants.errors import StoreError
from tenants.postgres.unreadable import outside
from tenants.schema.times import END, FIRST

_NAMED = 5  # rows named in a refusal


class UnreadableTimes(StoreError):
    """Rows have times that Python cannot read."""

    code = "unreadable_times"


class ValidateTimes(Operation):
    """Ask the old rows of a table what its CHECKs of times ask of new ones.

    They were added NOT VALID by a migration before this one, so that no new row breaks them
    meanwhile. Raises UnreadableTimes, which names the rows: owner corrects them, and migrates
    again. Undone it does nothing: the migration before this one drops the CHECKs.
    """

    category = OperationCategory.ALTERATION
    reduces_to_sql = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    @override
    def state_forwards(self, app_label: str, state: Any) -> None:
        """It is the same constraint."""

    @override
    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        times = {
            f"{model._meta.db_table}_{field.column}_readable": field.column
            for field in model._meta.local_fields
        }
        for constraint in model._meta.constraints:
            if column := times.get(constraint.name):
                _require_readable(schema_editor, model._meta.db_table, column)
                schema_editor.execute(
                    f'ALTER TABLE "{model._meta.db_table}" VALIDATE CONSTRAINT "{constraint.name}"'
                )

    @override
    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """PostgreSQL makes no constraint NOT VALID again."""

    @override
    def describe(self) -> str:
        return f"Validate the times of {self.model_name}"

    @property
    @override
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_validate_times"


def _require_readable(schema_editor: Any, table: str, column: str) -> None:
    """Raise UnreadableTimes when rows have other times than the CHECK allows."""
    if schema_editor.collect_sql:
        return
    if rows := outside(schema_editor.connection, table, column, (FIRST, END), _NAMED + 1):
        raise UnreadableTimes("".join(_said(table, column, rows)))


def _said(table: str, column: str, rows: list[tuple[UUID, str]]) -> Iterator[str]:
    yield f"{table} has rows whose {column} is not from {FIRST:%Y} on and before {END:%Y}: "
    yield ", ".join(f"{pk} ({written})" for pk, written in rows[:_NAMED])
    yield " and more" if len(rows) > _NAMED else ""
    yield ". Correct them as owner, and migrate again; no new row can have such a time."
