"""A bucket's rules are those of its newest version, and its versions count from 1 (I14).

An UPDATE of a bucket's rules is checked at once, so the version is written first. An INSERT, of
a bucket or of a version, is checked at COMMIT. A movement updates no rules: it pays nothing.
"""

from django.db import migrations, models

import tenants.schema.constraints

_HEAD = """
CREATE FUNCTION {name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    ruled record;
    newest record;
BEGIN
"""

_AS_VERSIONED = """
    SELECT b.version, b.budget_id, b.name, b.priority, b.filter_flat, b.filter_share,
           b.hold_flat, b.hold_share, b.target, b.locked, b.archived_at INTO ruled
    FROM public.budgets_bucket b
    WHERE b.tenant_id = NEW.tenant_id AND b.id = NEW.{bucket};
    SELECT v.version, v.budget_id, v.name, v.priority, v.filter_flat, v.filter_share,
           v.hold_flat, v.hold_share, v.target, v.locked, v.archived_at INTO newest
    FROM public.budgets_bucketversion v
    WHERE v.tenant_id = NEW.tenant_id AND v.bucket_id = NEW.{bucket}
    ORDER BY v.version DESC LIMIT 1;
    IF ruled IS DISTINCT FROM newest THEN
        RAISE EXCEPTION 'bucket % has other rules than its newest version, %',
            NEW.{bucket}, coalesce(newest.version, 0)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_bucket_as_versioned',
                HINT = 'the verbs of Bucket.objects change rules: they write a version first';
    END IF;
"""

_FOLLOWS = """
    IF NEW.version <> 1 THEN
        PERFORM 1 FROM public.budgets_bucketversion v
        WHERE v.tenant_id = NEW.tenant_id AND v.bucket_id = NEW.bucket_id
          AND v.version = NEW.version - 1 AND v.from_seq <= NEW.from_seq;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'bucket % has no version % that begins by movement %',
                NEW.bucket_id, NEW.version - 1, NEW.from_seq
                USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_bucketversion_follows';
        END IF;
    END IF;
"""

_TAIL = """
    RETURN NULL;
END
$$
"""


def function(name: str, *body: str) -> migrations.RunSQL:
    """Create a trigger function that nobody can call but its triggers."""
    create = _HEAD.format(name=name) + "".join(body) + _TAIL
    revoke = f"; REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC"
    return migrations.RunSQL(create + revoke, f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("budgets", "0018_column_comments")]
    operations = [
        function("budgets_bucket_as_versioned", _AS_VERSIONED.format(bucket="id")),
        function(
            "budgets_bucketversion_follows", _AS_VERSIONED.format(bucket="bucket_id"), _FOLLOWS
        ),
        migrations.AddConstraint(
            model_name="bucket",
            constraint=tenants.schema.constraints.RowTrigger(
                deferred=True,
                function="budgets_bucket_as_versioned",
                name="budgets_bucket_made_as_versioned",
                when="AFTER INSERT",
            ),
        ),
        migrations.AddConstraint(
            model_name="bucket",
            constraint=tenants.schema.constraints.RowTrigger(
                deferred=False,
                function="budgets_bucket_as_versioned",
                name="budgets_bucket_as_versioned",
                when="AFTER UPDATE OF budget_id, name, priority, filter_flat, filter_share, hold_flat, hold_share, target, locked, archived_at, version",
            ),
        ),
        migrations.AddConstraint(
            model_name="bucketversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="budgets_bucketversion_from_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="bucketversion",
            constraint=tenants.schema.constraints.RowTrigger(
                deferred=True,
                function="budgets_bucketversion_follows",
                name="budgets_bucketversion_follows",
                when="AFTER INSERT",
            ),
        ),
    ]
