"""What PostgreSQL checks of the ledger at COMMIT: trigger functions, owned by `owner`.

They are SECURITY DEFINER with an empty search_path and compare by the row's own tenant_id,
never by the tenant in force: clearing or switching that before COMMIT changes nothing.

How a raw balance change is refused (I3). An entry must follow the one before it
(`entry_chains`), and a bucket must be what its newest entry says (`bucket_is_its_last_entry`,
`entry_chains`). Both are asked at COMMIT for every row written, and role app can neither
UPDATE nor DELETE entries: so a balance only ever changes together with an entry that explains it.

How an old movement stays as it was (I1, I4). A movement says how many lines it has and is
held to it when it commits; positions 1..lines are then taken for ever, and a higher one is
refused on the spot (`entry_joins_its_movement`).
"""

from django.db import migrations

_HEAD = """
CREATE FUNCTION {name}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
"""

ADDS_UP = """
DECLARE
    entries bigint;
    total numeric;
BEGIN
    SELECT count(*), coalesce(sum(e.amount), 0) INTO entries, total
    FROM public.budgets_entry e
    WHERE e.tenant_id = NEW.tenant_id AND e.movement_id = NEW.id;
    IF entries <> NEW.lines OR total <> NEW.external THEN
        RAISE EXCEPTION 'movement % has % entries of % together, not % of %',
            NEW.id, entries, total, NEW.lines, NEW.external
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_movement_adds_up';
    END IF;
    RETURN NULL;
END
$$
"""

JOINS = """
BEGIN
    PERFORM 1
    FROM public.budgets_movement m
    JOIN public.budgets_bucket b
      ON b.tenant_id = m.tenant_id AND b.budget_id = m.budget_id
    WHERE m.tenant_id = NEW.tenant_id AND m.id = NEW.movement_id
      AND b.id = NEW.bucket_id AND NEW.position <= m.lines;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'entry % has no place in movement %', NEW.id, NEW.movement_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_entry_joins_its_movement';
    END IF;
    RETURN NULL;
END
$$
"""

CHAINS = """
DECLARE
    before bigint := 0;
BEGIN
    IF NEW.seq > 1 THEN
        SELECT e.balance_after INTO before
        FROM public.budgets_entry e
        WHERE e.tenant_id = NEW.tenant_id AND e.bucket_id = NEW.bucket_id
          AND e.seq = NEW.seq - 1;
    END IF;
    IF before IS DISTINCT FROM NEW.balance_before THEN
        RAISE EXCEPTION 'entry % begins at %, the one before it ended at %',
            NEW.id, NEW.balance_before, before
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_entry_chains';
    END IF;
    PERFORM 1
    FROM public.budgets_bucket b
    WHERE b.tenant_id = NEW.tenant_id AND b.id = NEW.bucket_id
      AND (b.last_seq > NEW.seq OR b.last_seq = NEW.seq AND b.balance = NEW.balance_after);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'bucket % does not stand at its last entry %', NEW.bucket_id, NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_entry_chains';
    END IF;
    RETURN NULL;
END
$$
"""

IS_LAST = """
DECLARE
    stands record;
    last record;
BEGIN
    SELECT b.balance, b.last_seq INTO stands
    FROM public.budgets_bucket b
    WHERE b.tenant_id = NEW.tenant_id AND b.id = NEW.id;
    SELECT e.balance_after, e.seq INTO last
    FROM public.budgets_entry e
    WHERE e.tenant_id = NEW.tenant_id AND e.bucket_id = NEW.id
    ORDER BY e.seq DESC LIMIT 1;
    -- IS DISTINCT FROM, so that a row that cannot be found is refused too.
    IF stands.balance IS DISTINCT FROM coalesce(last.balance_after, 0)
       OR stands.last_seq IS DISTINCT FROM coalesce(last.seq, 0) THEN
        RAISE EXCEPTION 'bucket % stands at % after % entries, its ledger at % after %',
            NEW.id, stands.balance, stands.last_seq,
            coalesce(last.balance_after, 0), coalesce(last.seq, 0)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_bucket_is_its_last_entry';
    END IF;
    RETURN NULL;
END
$$
"""


def function(name: str, body: str) -> migrations.RunSQL:
    """Create a trigger function that nobody can call but its triggers."""
    create = _HEAD.format(name=name) + body
    revoke = f"; REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC"
    return migrations.RunSQL(create + revoke, f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    initial = True
    dependencies = [("tenants", "0008_extensions")]
    operations = [
        function("budgets_movement_adds_up", ADDS_UP),
        function("budgets_entry_joins_its_movement", JOINS),
        function("budgets_entry_chains", CHAINS),
        function("budgets_bucket_is_its_last_entry", IS_LAST),
    ]
