"""The database engine `tenants.postgres`: Django's engine with eight differences.

- Errors are members of `tenants.errors`, with one for each cause of a failed connection
  (`connecting`, `pool`).
- A forked child uses no connection of its parent (`forks`).
- Statements on tenants' rows pass through `tenants.postgres.compiler`.
- A new comment on a column alters nothing else.
- Times that Python cannot read can be marked (`tenants.postgres.unreadable_times`).
- A server older than PostgreSQL 18 is refused.
- A role that row security does not bind is refused (`tenants.postgres.roles`).
- The first connection to the embedded server starts it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, override

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, connections
from django.db.backends.base.base import NO_DB_ALIAS
from django.db.backends.postgresql import base, features, operations
from django.db.models import UniqueConstraint
from django.db.models.constants import OnConflict
from django.utils.functional import cached_property

from tenants.errors import StoreError, TimedOut, Unavailable
from tenants.postgres.connecting import CannotConnect, connection_errors
from tenants.postgres.editor import DatabaseSchemaEditor
from tenants.postgres.errors import ErrorTranslator
from tenants.postgres.forks import ForkedBlock, watch_holder, watch_session
from tenants.postgres.locks import add_lock_holders
from tenants.postgres.migration_history import require_current_migrations
from tenants.postgres.pool import POOLS, Pool
from tenants.postgres.roles import require_bound, require_unbound
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
    _connection_pools = POOLS
    block_is_inherited = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        watch_holder(self)

    def drop_inherited(self) -> None:
        """Called in a child: no query runs in an open block, and the next block connects anew."""
        self.connection = None
        if self.in_atomic_block:
            self.block_is_inherited = self.closed_in_transaction = True

    def require_own_block(self) -> None:
        """Raise ForkedBlock in a block that was opened before the process forked."""
        if self.block_is_inherited:
            if self.in_atomic_block:
                raise ForkedBlock
            self.block_is_inherited = False

    @property
    def pool(self) -> Pool | None:
        """The pool of the alias, created at the first call; None if no pool is configured."""
        if not (options := self.settings_dict["OPTIONS"].get("pool")) or self.alias == NO_DB_ALIAS:
            return None
        if (pool := POOLS.get(self.alias)) is not None:
            return pool
        if self.settings_dict.get("CONN_MAX_AGE", 0) != 0:
            raise ImproperlyConfigured("set CONN_MAX_AGE to 0: the pool keeps the connections")
        check = Pool.check_connection if self.settings_dict["CONN_HEALTH_CHECKS"] else None
        pool = Pool(
            kwargs=self.get_connection_params() | {"autocommit": True},
            open=False,
            configure=self._configure_connection,  # type: ignore[attr-defined]
            **{"check": check, **(options if isinstance(options, dict) else {})},
        )
        return POOLS.setdefault(self.alias, pool)

    @override
    def ensure_connection(self) -> None:
        self.require_own_block()
        super().ensure_connection()

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
        with connection_errors(conn_params):
            session = super().get_new_connection(conn_params)
        if self.pool is None:
            watch_session(session)
        return session

    @override
    def init_connection_state(self) -> None:
        super().init_connection_state()
        if self.settings_dict.get("ROLE") == "owner":
            with self.cursor() as cursor:  # so that migrations find the operator classes
                cursor.execute("SET search_path = public, extensions")
        require_bound(self)

    def check_database_version_supported(self) -> None:
        """Raise StoreError for an older server, at the first connection of the process."""
        try:
            super().check_database_version_supported()
        except NotSupportedError as error:
            self.close()  # otherwise the next query would use it unchecked
            raise StoreError(str(error)) from error

    def prepare_database(self) -> None:
        """Called by `migrate` first. Raises BeforeTheFold and WrongRole."""
        super().prepare_database()
        require_current_migrations(self)
        if self.settings_dict.get("ROLE") == "owner":
            require_unbound(self)


def _ensure_embedded() -> None:
    """Start the embedded server if it does not run, with a message on stderr."""
    from tenants.embedded.server import project_server

    if project_server(settings.BASE_DIR).ensure():
        print(
            "sluice: started the embedded PostgreSQL under var/; DATABASE_URL selects another one",
            file=sys.stderr,
        )


def require_bound_login(using: str = DEFAULT_DB_ALIAS) -> None:
    """Raise WrongRole at the start of a web process if row security does not bind its role.

    If the server cannot be reached, the process starts, and its first connection is checked. The
    connection does not come from the pool, and is closed before the process forks.
    """
    config = connections[using].settings_dict
    options = {key: value for key, value in config["OPTIONS"].items() if key != "pool"}
    connection = DatabaseWrapper(
        {key: config[key] for key in config} | {"OPTIONS": options}, alias=using
    )
    try:
        connection.ensure_connection()
    except (Unavailable, CannotConnect):
        return
    finally:
        connection.close()


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
