"""The database engine `tenants.postgres`: Django's own, with six differences.

Errors come out as members of `tenants.errors`; statements on tenants' rows go through
`tenants.postgres.compiler`; a new comment on a column alters nothing else; times that Python
cannot read can be marked (`tenants.postgres.unreadable`); an older server than PostgreSQL 18 is
refused; and the embedded server is started by the first connection to it.
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
from tenants.postgres.errors import Translated
from tenants.postgres.folded import require_folded
from tenants.postgres.locks import name_holders
from tenants.postgres.unreadable import adapters


class DatabaseFeatures(features.DatabaseFeatures):
    """PostgreSQL's features, as they are when primary keys begin with the tenant."""

    minimum_database_version = (18,)

    def allows_group_by_selected_pks_on_model(self, model: type[Any]) -> bool:
        """False for tenants' models: in the database their `id` alone is no key."""
        return not hasattr(model, "tenant_restriction")


class DatabaseOperations(operations.DatabaseOperations):
    """PostgreSQL's operations, with our compilers."""

    compiler_module = "tenants.postgres.compiler"

    def on_conflict_suffix_sql(
        self, fields: Any, on_conflict: Any, update_fields: Any, unique_fields: Any
    ) -> Any:
        """Django's, and a unique constraint with a condition can be meant: Django cannot say so."""
        unique = list(unique_fields)
        suffix = super().on_conflict_suffix_sql(fields, on_conflict, update_fields, unique)
        if on_conflict == OnConflict.UPDATE and (condition := self._condition(fields, unique)):
            return suffix.replace(") DO UPDATE", f") WHERE {condition} DO UPDATE", 1)
        return suffix

    def _condition(self, fields: Any, unique: list[str]) -> str | None:
        """Among which rows these columns are unique, as SQL; None when among all."""
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
    """A connection, or the place of one in the pool."""

    features_class = DatabaseFeatures
    ops_class = DatabaseOperations
    SchemaEditorClass = DatabaseSchemaEditor

    @cached_property
    @override
    def wrap_database_errors(self) -> Translated:
        return Translated(self)

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
        """Raise StoreError for an older server: at the first connection of the process."""
        try:
            super().check_database_version_supported()
        except NotSupportedError as error:
            self.close()  # or the next query would find it open, and unchecked
            raise StoreError(str(error)) from error

    def prepare_database(self) -> None:
        """Asked by `migrate` before anything else. Raises BeforeTheFold."""
        super().prepare_database()
        require_folded(self)


def _ensure_embedded() -> None:
    """Start the embedded server if it does not run, and say so."""
    from tenants.embedded.server import project_server

    if project_server(settings.BASE_DIR).ensure():
        print(
            "sluice: started the embedded PostgreSQL under var/ (DATABASE_URL names another)",
            file=sys.stderr,
        )


@contextmanager
def as_owner(using: str = DEFAULT_DB_ALIAS) -> Iterator[DatabaseWrapper]:
    """Within the block this thread's connection `using` is one logged in as `owner`.

    For commands that change the schema or repair data. Raises StoreError where no owner is
    configured, as in every web process. A lock that owner did not get in time (`lock_timeout`
    in roles.sql) is a TimedOut that names who holds locks.
    """
    if settings.OWNER_DATABASE is None:
        raise StoreError("this needs the role owner: set OWNER_DATABASE_URL")
    before = connections[using]
    defaults = {key: before.settings_dict[key] for key in before.settings_dict}
    config = {**defaults, "OPTIONS": {}, **settings.OWNER_DATABASE, "ROLE": "owner"}
    owner = DatabaseWrapper(config, alias=using)
    connections[using] = owner
    try:
        yield owner
    except TimedOut as error:
        name_holders(error, owner)
        raise
    finally:
        owner.close()
        connections[using] = before
