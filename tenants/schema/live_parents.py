"""No live row under a deleted one: a trigger for each foreign key to a softly deleted model.

A row that is inserted, moved or restored needs a live parent, unless the foreign key is
DO_NOTHING. The trigger locks the parent FOR KEY SHARE, as a foreign key does, and so waits for a
deletion of the parent. It does not run for other updates.

Where the parent's deletion takes the rows along (CASCADE from a model that is softly deleted), a
deferred trigger of the parent also refuses a deletion that left live rows. It locks the parent FOR
UPDATE first, and so waits for rows that are inserted or restored meanwhile. Other rows stay when
their parent is deleted, so a dump can have them: a session of the owner may insert these.
"""

from collections.abc import Sequence
from typing import Any, override

from django.db import models

from tenants.postgres.errors import ParentDeleted
from tenants.schema.constraints import DeclaredSQL, Mirror

# In the notation of pg_get_functiondef, with which the system check compares it.
_FUNCTION = """CREATE OR REPLACE FUNCTION public.{name}()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
{above}    PERFORM 1 FROM public.{to} p
    WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.{column} AND p.deleted_at IS NULL
    FOR KEY SHARE;
    IF NOT FOUND{unless} THEN
        RAISE EXCEPTION '{field}: the row % of {to} is deleted; restore it first', NEW.{column}
            USING ERRCODE = '{state}', CONSTRAINT = '{name}', TABLE = '{table}';
    END IF;
    RETURN NULL;
END
$function$"""
_UNLESS_OWNER = " AND NOT (TG_OP = 'INSERT' AND session_user = current_user)"
_ABOVE = """    IF TG_NARGS = 1 THEN
        PERFORM 1 FROM public.{to} p
        WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.id AND p.deleted_at IS NOT NULL
        FOR UPDATE;
        IF FOUND THEN
            PERFORM 1 FROM public.{table} c
            WHERE c.tenant_id = NEW.tenant_id AND c.{column} = NEW.id AND c.deleted_at IS NULL;
            IF FOUND THEN
                RAISE EXCEPTION 'live rows of {table} point at the deleted row % of {to}', NEW.id
                    USING ERRCODE = '{state}', CONSTRAINT = '{name}', TABLE = '{table}',
                        HINT = 'delete() marks the rows below it too';
            END IF;
        END IF;
        RETURN NULL;
    END IF;
"""


class LiveParent(DeclaredSQL):
    """Rows need a live parent; `soft`: they have `deleted_at`; `cascades`: they go with it."""

    def __init__(self, *, field: str, name: str, soft: bool, cascades: bool, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.field, self.soft, self.cascades = field, soft, cascades

    @override
    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        own = {"field": self.field, "soft": self.soft, "cascades": self.cascades}
        return path, args, kwargs | own

    @property
    def signature(self) -> str:
        """The function's signature in PostgreSQL's notation."""
        return f"{self.name}()"

    @override
    def mirrors(self, table: str, model: type[models.Model]) -> Sequence[Mirror]:
        execute = f"EXECUTE ON FUNCTION {self.signature}"
        field: Any = model._meta.get_field(self.field)
        to, column = field.remote_field.model._meta.db_table, field.column
        names = {"table": table.strip('"'), "to": to, "column": column, "field": field.name}
        function = self._function(names | {"name": self.name, "state": ParentDeleted.SQLSTATE})
        return [
            (function, f"DROP FUNCTION {self.signature}"),
            (f"REVOKE {execute} FROM PUBLIC", f"GRANT {execute} TO PUBLIC"),
            *self._triggers(table, column, f'"{to}"'),
        ]

    def _function(self, names: dict[str, str]) -> str:
        above = _ABOVE.format(**names) if self.cascades else ""
        unless = "" if self.cascades else _UNLESS_OWNER
        return _FUNCTION.format(above=above, unless=unless, **names)

    def _triggers(self, table: str, column: str, to: str) -> Sequence[Mirror]:
        """The triggers of an insert, of an update, and of the parent's deletion."""
        given, moved = f"new.{column} IS NOT NULL", f"new.{column} IS DISTINCT FROM old.{column}"
        columns = column
        if self.soft:
            given = f"new.deleted_at IS NULL AND {given}"
            moved = f"({moved} OR old.deleted_at IS NOT NULL)"
            columns = f"{column}, deleted_at"
        triggers = [
            self._trigger(table, "live", "AFTER INSERT", given),
            self._trigger(table, "still", f"AFTER UPDATE OF {columns}", f"{given} AND {moved}"),
        ]
        if self.cascades:
            when = "old.deleted_at IS NULL AND new.deleted_at IS NOT NULL"
            triggers.append(self._trigger(to, "above", "AFTER UPDATE OF deleted_at", when))
        return triggers

    def _trigger(self, table: str, suffix: str, event: str, when: str) -> Mirror:
        """A trigger; that of the parent is deferred, and has an argument."""
        name = self.name.removesuffix("live") + suffix
        kind, deferred, args = "TRIGGER", "", ""
        if suffix == "above":
            kind, deferred = "CONSTRAINT TRIGGER", " DEFERRABLE INITIALLY DEFERRED"
            args = "'above'"
        create = (
            f'CREATE {kind} "{name}" {event} ON {table}{deferred} FOR EACH ROW WHEN ({when})'
            f" EXECUTE FUNCTION {self.name}({args})"
        )
        return create, f'DROP TRIGGER "{name}" ON {table}'

    @override
    def remove_sql(self, model: Any, schema_editor: Any) -> str:
        """The function with its triggers; by name, because a migration may rename the field."""
        return f"DROP FUNCTION {self.signature} CASCADE"

    def before_drop(self) -> str:
        """Before the table is dropped: otherwise the parent's trigger would read it."""
        return f"DROP FUNCTION IF EXISTS {self.signature} CASCADE"
