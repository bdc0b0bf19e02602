"""A row that gets another id tells so in its history, under the id that it had."""

from django.db import migrations

RECORD = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    hidden text[] := string_to_array(TG_ARGV[1], ',') || {hidden};
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    row_id uuid := {row} ->> 'id';
    tenant uuid := coalesce(coalesce(became, was) ->> 'tenant_id', row_id::text);
    before jsonb := was - hidden;
    after jsonb := became - hidden;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, after -> o.key)
        INTO before, after
        FROM jsonb_each(before) AS o WHERE o.value IS DISTINCT FROM after -> o.key;
        IF before IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO public.{table}
    VALUES ({values});
    RETURN NULL;
END
$$
"""
_COLUMNS = "id, created_at, model, row_id, verb, before, after, actor_id, request_id"
_VALUES = """uuidv7(), clock_timestamp(), TG_ARGV[0], row_id, lower(TG_OP), before, after,
        nullif(current_setting('app.actor_id', true), '')::uuid,
        left(coalesce(current_setting('app.request_id', true), ''), 200)"""
TABLES = {
    "tenants_record_change": (
        f"tenants_change ({_COLUMNS}, tenant_id, updated_at)",
        f"{_VALUES}, tenant, clock_timestamp()",
    ),
    "tenants_record_global_change": (f"tenants_globalchange ({_COLUMNS})", _VALUES),
}

# An UPDATE compares the ids; of a row that comes or goes, row_id tells it already.
IDS_TOO = {
    "hidden": "CASE WHEN TG_OP = 'UPDATE' THEN ARRAY['tenant_id'] ELSE ARRAY['id', 'tenant_id'] END",
    "row": "coalesce(was, became)",
}
WITHOUT_IDS = {"hidden": "ARRAY['id', 'tenant_id']", "row": "coalesce(became, was)"}


def record(name: str, how: dict[str, str]) -> str:
    table, values = TABLES[name]
    return RECORD.format(name=name, table=table, values=values, **how)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_comments")]
    operations = [
        migrations.RunSQL(record(name, IDS_TOO), record(name, WITHOUT_IDS)) for name in TABLES
    ]
