"""Each entry has the seq of its movement, so that one index probe finds a bucket's past balance.

PostgreSQL fills it in as the entry is written: nobody else has a say, and it cannot drift, as
role app changes neither movements nor entries.
"""

from django.db import migrations, models

import tenants.schema.constraints

FILL = """
CREATE FUNCTION budgets_entry_takes_its_place() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    SELECT m.seq INTO NEW.movement_seq
    FROM public.budgets_movement m
    WHERE m.tenant_id = NEW.tenant_id AND m.id = NEW.movement_id;
    -- Without a movement the row goes on as it is: its foreign key refuses it.
    NEW.movement_seq := coalesce(NEW.movement_seq, 0);
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION budgets_entry_takes_its_place() FROM PUBLIC
"""

BACKFILL = """
UPDATE budgets_entry AS e SET movement_seq = m.seq
FROM budgets_movement m
WHERE m.tenant_id = e.tenant_id AND m.id = e.movement_id
"""


class Migration(migrations.Migration):
    dependencies = [("budgets", "0009_ledger_listing")]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="movement_seq",
            field=models.BigIntegerField(
                db_comment="the seq of its movement, filled in by PostgreSQL",
                db_default=0,
                editable=False,
                help_text="the seq of its movement, filled in by PostgreSQL",
            ),
        ),
        migrations.RunSQL(FILL, "DROP FUNCTION budgets_entry_takes_its_place()"),
        migrations.AddConstraint(
            model_name="entry",
            constraint=tenants.schema.constraints.RowTrigger(
                deferred=False,
                function="budgets_entry_takes_its_place",
                name="budgets_entry_takes_its_place",
                when="BEFORE INSERT",
            ),
        ),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("movement_seq__gt", 0)),
                fields=["tenant", "bucket", "movement_seq"],
                name="budgets_entry_place",
            ),
        ),
    ]
