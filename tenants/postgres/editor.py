"""The schema editor: Django's, except for comments and for triggers on other tables."""

from copy import copy
from typing import Any

from django.db.backends.postgresql import schema


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    """PostgreSQL's schema editor; a new comment on a column changes the comment alone."""

    def _alter_field(
        self, model: Any, old_field: Any, new_field: Any, *args: Any, **kw: Any
    ) -> None:
        """Alter a column.

        For a new comment Django also sets the unchanged type again, and PostgreSQL refuses that
        for a column that a policy or a trigger names.
        """
        before = copy(old_field)
        before.db_comment = new_field.db_comment
        super()._alter_field(model, before, new_field, *args, **kw)  # type: ignore[misc]
        if old_field.db_comment != new_field.db_comment:
            comment = new_field.db_comment
            statement = self._alter_column_comment_sql(  # type: ignore[attr-defined]
                model, new_field, "", comment
            )
            self.execute(*statement)

    def delete_model(self, model: Any) -> None:
        """Drop the table, after what its constraints made elsewhere."""
        for constraint in model._meta.constraints:
            if before_drop := getattr(constraint, "before_drop", None):
                self.execute(before_drop())
        super().delete_model(model)
