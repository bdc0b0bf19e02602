"""The database engine `tenants.postgres`: Django's engine with six differences.

- Errors are members of `tenants.errors`.
- Statements on tenants' rows pass through `tenants.postgres.compiler`.
- A new comment on a column alters nothing else.
- Times that Python cannot read can be marked (`tenants.postgres.unreadable_times`).
- A server older than PostgreSQL 18 is refused.
- The first connection to the embedded server starts it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, override

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connections
from django.db.backends.postgresql import base, features, operations
from django.db.models import UniqueConstraint
from django.db.models.constants import OnConflict
from django.utils.functional import cached_property

from tenants.errors import StoreError, TimedOut
from tenants.postgres.editor import DatabaseSchemaEditor
from tenants.postgres.errors import ErrorTranslator
from tenants.postgres.locks import add_lock_holders
from tenants.postgres.migration_history import require_current_migrations
from tenants.postgres.unreadable_times import adapters


class DatabaseFeatures(features.DatabaseFeatures):
    """PostgreSQL's features for tables with primary keys that begin with the tenant."""

    minimum_database_version = (18,)

    def allows_group_by_selected_pks_on_model(self, model: type[Any]) -> bool:
        """False for tenants' models: their primary key in the database is (tenant_id, id)."""
        return not hasattr(model, "tenant_restriction")


class DatabaseOperations(operations.DatabaseOperations):
    """PostgreSQL's operations with the compilers of this engine."""

    compiler_module = "tenants.postgres.compiler"

    def on_conflict_suffix_sql(
        self, fields: Any, on_conflict: Any, update_fields: Any, unique_fields: Any
    ) -> Any:
        """Django's clause, extended by the condition of a partial unique constraint."""
        unique = list(unique_fields)
        suffix = super().on_conflict_suffix_sql(fields, on_conflict, update_fields, unique)
        if on_conflict == OnConflict.UPDATE and (condition := self._condition(fields, unique)):
            return suffix.replace(") DO UPDATE", f") WHERE {condition} DO UPDATE", 1)
        return suffix

    def _condition(self, fields: Any, unique: list[str]) -> str | None:
        """The condition of the partial unique constraint on these columns as SQL, or None."""
        model = fields[0].model
        for constraint in model._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and constraint.condition is not None:
                columns = {model._meta.get_field(name).column for name in constraint.fields}
                if columns == set(unique):
                    editor: Any = self.connection.schema_editor()
                    sql = constraint._get_condition_sql(model, editor)  # type: ignore[attr-defined]
                    return str(sql).replace("%", "%%")
        return None


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection, pooled or not."""

    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor

    @cached_property
    @override
    def wrap_database_errors(self) -> ErrorTranslator:
        return ErrorTranslator(self)

    @override
    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | {
            "context": adapters(settings.USE_TZ, self.timezone)
        }

    @override
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if self.settings_dict.get("EMBEDDED"):
            _ensure_embedded()
        return super().get_new_connection(conn_params)

    def check_database_version_supported(self) -> None:
        """Raise StoreError for an older server, at the first connection of the process."""
        try:
            super().check_database_version_supported()
        except NotSupportedError as error:
            self.close()  # otherwise the next query would use it unchecked
            raise StoreError(str(error)) from error

    def prepare_database(self) -> None:
        """Called by `migrate` first. Raises BeforeTheFold."""
        super().prepare_database()
        require_current_migrations(self)


def _ensure_embedded() -> None:
    """Start the embedded server if it does not run, with a message on stderr."""
    from tenants.embedded.server import project_server

    if project_server(settings.BASE_DIR).ensure():
        print(
            "sluice: started the embedded PostgreSQL under var/; DATABASE_URL selects another one",
            file=sys.stderr,
        )


@contextmanager
def as_owner(using: str = DEFAULT_DB_ALIAS) -> Iterator[DatabaseWrapper]:
    """Within the block, this thread's connection `using` is logged in as the role owner.

    For commands that change the schema or repair data. Raises StoreError if no owner is
    configured, as in every web process. Raises TimedOut, with the sessions that hold locks, if
    owner does not get a lock within the `lock_timeout` of roles.sql.
    """
    if settings.OWNER_DATABASE is None:
        raise StoreError("this command needs the role owner: set OWNER_DATABASE_URL")
    before = connections[using]
    defaults = {key: before.settings_dict[key] for key in before.settings_dict}
    config = {**defaults, "OPTIONS": {}, **settings.OWNER_DATABASE, "ROLE": "owner"}
    owner = DatabaseWrapper(config, alias=using)
    connections[using] = owner
    try:
        yield owner
    except TimedOut as error:
        add_lock_holders(error, owner)
        raise
    finally:
        owner.close()
        connections[using] = before
