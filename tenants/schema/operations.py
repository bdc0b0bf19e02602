"""Operations for migrations."""

from collections.abc import Iterator
from typing import Any, override
from uuid import UUID

from django.db.migrations.operations import RunSQL
from django.db.migrations.operations.base import Operation, OperationCategory

from tenants.errors import StoreError
from tenants.postgres.unreadable_times import rows_outside
from tenants.schema.constraints import Grants
from tenants.schema.times import END, FIRST

_EXAMPLES = 5  # rows in an error message


class UnreadableTimes(StoreError):
    """Rows have times that Python cannot read."""

    code = "unreadable_times"


class ValidateTimes(Operation):
    """Validate the CHECKs of times for the existing rows of a table.

    An earlier migration added the CHECKs as NOT VALID, so that they apply to new rows. Raises
    UnreadableTimes with the ids of rows that break them; correct these as owner and migrate again.
    The reverse does nothing: the reverse of the earlier migration drops the CHECKs.
    """

    category = OperationCategory.ALTERATION
    reduces_to_sql = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    @override
    def state_forwards(self, app_label: str, state: Any) -> None:
        """The state does not change."""

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
        """Nothing: PostgreSQL cannot make a constraint NOT VALID again."""

    @override
    def describe(self) -> str:
        return f"Validate the times of {self.model_name}"

    @property
    @override
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_validate_times"


def _require_readable(schema_editor: Any, table: str, column: str) -> None:
    """Raise UnreadableTimes if rows have times that the CHECK forbids."""
    if schema_editor.collect_sql:
        return
    if rows := rows_outside(schema_editor.connection, table, column, (FIRST, END), _EXAMPLES + 1):
        raise UnreadableTimes("".join(_message(table, column, rows)))


def _message(table: str, column: str, rows: list[tuple[UUID, str]]) -> Iterator[str]:
    yield f"{table} has rows with a {column} before {FIRST:%Y} or from {END:%Y} on: "
    yield ", ".join(f"{pk} ({written})" for pk, written in rows[:_EXAMPLES])
    yield " and more" if len(rows) > _EXAMPLES else ""
    yield ". Correct these rows as owner, and migrate again; new rows cannot have such a time."


class RevokeMaintain(Operation):
    """Revoke MAINTAIN from role app on every table of the migration's app.

    MAINTAIN allows LOCK TABLE, in a READ ONLY block too. The reverse grants it again.
    """

    category = OperationCategory.ALTERATION
    reduces_to_sql = True

    @override
    def state_forwards(self, app_label: str, state: Any) -> None:
        granted = dict(_granted(app_label, state))
        for model in granted.values():
            constraints = [_without_maintain(each) for each in model.options["constraints"]]
            model.options = {**model.options, "constraints": constraints}
        if "apps" in state.__dict__:  # as in ProjectState.reload_model, for all of them at once
            state.reload_models([*granted], delay=True)

    @override
    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self._each(app_label, schema_editor, from_state, "REVOKE MAINTAIN ON {} FROM app")

    @override
    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        # `to_state` is the state before this operation
        self._each(app_label, schema_editor, to_state, "GRANT MAINTAIN ON {} TO app")

    def _each(self, app_label: str, schema_editor: Any, state: Any, statement: str) -> None:
        for label, _ in _granted(app_label, state):
            model = state.apps.get_model(*label)
            if self.allow_migrate_model(schema_editor.connection.alias, model):
                table = schema_editor.quote_name(model._meta.db_table)
                schema_editor.execute(statement.format(table))

    @override
    def describe(self) -> str:
        return "Revoke MAINTAIN from role app"

    @property
    @override
    def migration_name_fragment(self) -> str:
        return "revoke_maintain"


def _granted(app_label: str, state: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    """The models of the app in the state that grant MAINTAIN."""
    for label, model in list(state.models.items()):
        constraints = model.options.get("constraints", ())
        if label[0] == app_label and any(each != _without_maintain(each) for each in constraints):
            yield label, model


def _without_maintain(constraint: Any) -> Any:
    if not isinstance(constraint, Grants):
        return constraint
    return Grants(name=constraint.name, app=constraint.app.replace(", MAINTAIN", ""))


_SEARCH_PATH = """
DO $$
DECLARE
    definer regprocedure;
BEGIN
    FOR definer IN
        SELECT oid FROM pg_proc
        WHERE prosecdef AND pronamespace = 'public'::regnamespace
          AND proowner = current_user::regrole AND 'search_path={was}' = ANY (proconfig)
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = {becomes}', definer);
    END LOOP;
END
$$
"""


def name_pg_temp_last() -> RunSQL:
    """Make every SECURITY DEFINER function search the temporary schema last.

    With an empty search_path PostgreSQL searches the temporary schema first.
    """
    safe = "pg_catalog, pg_temp"
    return RunSQL(
        _SEARCH_PATH.format(was='""', becomes=safe),
        _SEARCH_PATH.format(was=safe, becomes="''''"),  # an empty value, in quotes
    )


# PostgreSQL lets only a superuser move an extension that its owner created as a trusted one.
_MOVE_EXTENSIONS = """
DO $$
DECLARE
    extensions oid[];
    indexes text[];
    rebuild text[];
    statement text;
BEGIN
    CREATE SCHEMA IF NOT EXISTS extensions;
    SET LOCAL search_path = public, extensions;
    SELECT array_agg(oid) INTO extensions FROM pg_extension
    WHERE extname IN ('btree_gin', 'pg_trgm') AND extnamespace = '{was}'::regnamespace;
    IF extensions IS NULL OR EXISTS (
        SELECT FROM pg_extension
        WHERE oid = ANY (extensions) AND NOT pg_has_role(extowner, 'USAGE')
    ) THEN
        RETURN;
    END IF;
    SELECT array_agg(DISTINCT i.objid::regclass::text),
        array_agg(DISTINCT pg_get_indexdef(i.objid)) INTO indexes, rebuild
    FROM pg_depend i
    JOIN pg_depend e ON e.classid = i.refclassid AND e.objid = i.refobjid
    WHERE i.classid = 'pg_class'::regclass AND i.refclassid = 'pg_opclass'::regclass
      AND e.deptype = 'e' AND e.refobjid = ANY (extensions);
    FOREACH statement IN ARRAY coalesce(indexes, '{{}}') LOOP
        EXECUTE 'DROP INDEX ' || statement;
    END LOOP;
    FOR statement IN SELECT quote_ident(extname) FROM pg_extension WHERE oid = ANY (extensions)
    LOOP
        EXECUTE 'DROP EXTENSION ' || statement;
        EXECUTE 'CREATE EXTENSION ' || statement || ' SCHEMA {becomes}';
    END LOOP;
    FOREACH statement IN ARRAY coalesce(rebuild, '{{}}') LOOP
        EXECUTE statement;
    END LOOP;
EXCEPTION WHEN dependent_objects_still_exist THEN
    RAISE NOTICE 'the extensions stay in {was}: %', SQLERRM;
END
$$
"""


def move_extensions() -> RunSQL:
    """Move the extensions of searches to the schema `extensions`, and rebuild their indexes.

    They stay where they are if another role created them, or if other objects than indexes depend
    on them. Then `manage.py check --database default` names them (tenants.W027).
    """
    return RunSQL(
        _MOVE_EXTENSIONS.format(was="public", becomes="extensions"),
        _MOVE_EXTENSIONS.format(was="extensions", becomes="public"),
    )
