"""One door for money: INSERT into `budgets_posting`, whose trigger writes the ledger.

The table is always empty: its trigger does the work as owner and keeps no row. Role app may insert
postings, and nothing else of the ledger: it loses INSERT on movements and entries, and UPDATE of
balances and totals. What was checked at COMMIT by 34 trigger calls is checked here at once, by
set-based statements on the tenant's own rows, so that a refusal arrives before COMMIT.

- Before and after of an entry come from the UPDATE of its bucket, so that the chain holds (I3).
- A posting names the version of the budget that it was decided at: an older one is refused, so that
  nothing is decided from a row that was read before the lock.
- A movement has the SHA-256 of its predecessor's, its own columns and its entries (I15):
  `budgets.managers.hashes` says which bytes.

The rules for a trigger that a sharded server runs too: every statement names the tenant, the first
line refuses another tenant (WITH CHECK is asked after BEFORE triggers, here never), no INSERT ..
SELECT, the UPDATE of several buckets within WITH .. SELECT. A refusal names its rule in CONSTRAINT and
in DETAIL; from a worker only the latter arrives.
"""

from importlib import import_module
from typing import Any

from django.db import migrations, models

import tenants.schema.constraints

checks: Any = import_module("budgets.migrations.0001_commit_checks")
names: Any = import_module("budgets.migrations.0016_column_names")
places: Any = import_module("budgets.migrations.0010_movement_seq")

TABLE = """
CREATE TABLE budgets_posting (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    budget_id uuid NOT NULL,
    budget_version bigint NOT NULL,
    kind varchar(20) NOT NULL,
    amount bigint NOT NULL,
    net_amount bigint NOT NULL,
    bucket_ids uuid[] NOT NULL,
    amounts bigint[] NOT NULL,
    reasons text[] NOT NULL,
    effective_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor_id uuid,
    request_id varchar(200) NOT NULL,
    memo varchar(500) NOT NULL,
    metadata jsonb NOT NULL,
    key varchar(200),
    request_hash varchar(64) NOT NULL,
    source varchar(200) NOT NULL,
    reverses_id uuid,
    CONSTRAINT budgets_posting_pkey PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE budgets_posting IS
    'The door of the ledger: an INSERT writes a movement with its entries; no row stays here.';
ALTER TABLE budgets_posting ENABLE ROW LEVEL SECURITY;
ALTER TABLE budgets_posting FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON budgets_posting FOR ALL TO app
    USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY inspection ON budgets_posting FOR SELECT TO inspector USING (true);
GRANT INSERT ON budgets_posting TO app;
GRANT SELECT ON budgets_posting TO inspector
"""

HASHED = """
sha256({previous} || convert_to(jsonb_build_array(
    {row}.budget_id, {seq}, {row}.id, {row}.kind, {row}.amount, {row}.net_amount,
    (extract(epoch FROM {row}.effective_at) * 1000000)::bigint,
    (extract(epoch FROM {row}.recorded_at) * 1000000)::bigint,
    {row}.actor_id, {row}.request_id, {row}.memo, {row}.metadata, {row}.key, {row}.request_hash,
    {row}.source, {row}.reverses_id, {entries}
)::text, 'UTF8'))
"""
"""The hash of a movement: see `budgets.managers.hashes`."""


def hashed(row: str, seq: str, entries: str, previous: str) -> str:
    """The expression of a movement's hash."""
    return HASHED.format(row=row, seq=seq, entries=entries, previous=previous).strip()


ENTRIES = """jsonb_build_array(to_jsonb(NEW.bucket_ids), to_jsonb(seqs), to_jsonb(NEW.amounts),
            to_jsonb(after), to_jsonb(NEW.reasons), to_jsonb(fulls))"""


_OF_POSTING = hashed("NEW", "b.last_movement_seq + 1", ENTRIES, "coalesce(b.head, '')")
_OF_ROW = hashed("m", "m.seq", "m.entries", "coalesce(head, '')")

DROPPED = {
    "budgets_movement_adds_up": checks.ADDS_UP,
    "budgets_entry_joins_its_movement": checks.JOINS,
    "budgets_entry_chains": checks.CHAINS,
}


def dropped(name: str, body: str) -> migrations.RunSQL:
    """Drop a trigger function of 0001; its reverse creates it as 0016 and 0020 left it."""
    for old, new in names.NAMES.items():
        body = body.replace(old, new)
    create = checks._HEAD.format(name=name).replace("= ''", "= pg_catalog, pg_temp") + body
    revoke = f"; REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC"
    return migrations.RunSQL(f"DROP FUNCTION {name}()", create + revoke)


POST = """
CREATE FUNCTION budgets_post() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    entered integer := cardinality(NEW.bucket_ids);
    total numeric;
    taken numeric;
    is_fit boolean;
    after bigint[];
    seqs bigint[];
    fulls boolean[];
    counted integer;
    fills boolean;
    from_money boolean;
    movement_seq bigint;
    head bytea;
    last_at timestamptz;
BEGIN
    IF NEW.tenant_id IS DISTINCT FROM public.current_tenant() THEN
        RAISE EXCEPTION 'new row violates row-level security policy for table "budgets_posting"'
            USING ERRCODE = 'insufficient_privilege';
    END IF;

    SELECT count(*), coalesce(sum(x.amount), 0),
        coalesce(-sum(x.amount) FILTER (WHERE x.amount < 0), 0),
        bool_and(coalesce(x.amount <> 0 AND (
            x.reason = ANY (CASE NEW.kind
                WHEN 'deposit' THEN
                    '{filter,hold_floor,capacity_limit,remainder}'::text[]
                WHEN 'deposit_into' THEN '{direct,overflow}'
                WHEN 'withdraw' THEN '{withdrawn}'
                WHEN 'transfer' THEN '{source,direct,overflow}'
                WHEN 'redistribute' THEN '{source,filter,hold_floor,capacity_limit}'
                WHEN 'redistribute_to' THEN '{source,direct}'
                WHEN 'release_excess' THEN '{source,overflow}'
                WHEN 'close' THEN '{source,direct,withdrawn}'
                WHEN 'close_cascade' THEN '{source,filter,hold_floor,capacity_limit,remainder}'
                WHEN 'reversal' THEN '{reversal}'
            END)
            AND (x.reason = 'reversal'
                OR (x.reason IN ('source', 'withdrawn')) = (x.amount < 0))
        ), false))
    INTO counted, total, taken, is_fit
    FROM unnest(NEW.bucket_ids, NEW.amounts, NEW.reasons) AS x (id, amount, reason);
    IF counted IS DISTINCT FROM entered OR total <> NEW.net_amount THEN
        RAISE EXCEPTION 'movement % has entries of % together, not of %',
            NEW.id, total, NEW.net_amount
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_movement_adds_up',
                DETAIL = 'budgets_movement_adds_up';
    END IF;

    WITH changed AS (
        UPDATE public.budgets_bucket AS b
        SET balance = b.balance + x.amount, last_entry_seq = b.last_entry_seq + 1,
            updated_at = NEW.recorded_at
        FROM unnest(NEW.bucket_ids, NEW.amounts, NEW.reasons) WITH ORDINALITY
            AS x (id, amount, reason, position)
        WHERE b.tenant_id = NEW.tenant_id AND b.id = x.id AND b.budget_id = NEW.budget_id
          AND b.archived_at IS NULL AND b.balance + x.amount >= 0
        RETURNING WITH (OLD AS was, NEW AS now) x.position, x.reason, now.balance AS after,
            now.last_entry_seq AS seq, b.kind,
            b.target IS NOT NULL AND was.balance < b.target AND now.balance >= b.target AS is_full
    )
    SELECT count(*), array_agg(c.after ORDER BY c.position), array_agg(c.seq ORDER BY c.position),
        array_agg(c.is_full ORDER BY c.position),
        bool_or(c.is_full AND c.reason = 'direct'), bool_or(c.reason = 'source' AND c.kind = 'money')
    INTO counted, after, seqs, fulls, fills, from_money
    FROM changed AS c;
    IF counted <> entered THEN
        RAISE EXCEPTION 'movement % has entries on buckets that are closed, of another budget,'
            ' named twice, or without that much money', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_posting_buckets',
                DETAIL = 'budgets_posting_buckets';
    END IF;

    IF NOT is_fit OR NOT coalesce(CASE
        WHEN NEW.kind IN ('deposit', 'deposit_into') THEN taken = 0
        WHEN NEW.kind = 'redistribute' THEN taken <= NEW.amount
        WHEN NEW.kind = 'redistribute_to' THEN taken = NEW.amount OR taken < NEW.amount AND fills
        WHEN NEW.kind = 'transfer' THEN
            taken = NEW.amount OR taken < NEW.amount AND fills AND from_money
        WHEN NEW.kind = 'reversal' THEN true
        ELSE taken = NEW.amount
    END, false) THEN
        RAISE EXCEPTION 'movement % has entries that its kind, %, and its amount do not have',
            NEW.id, NEW.kind
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_posting_kind',
                DETAIL = 'budgets_posting_kind';
    END IF;

    IF NEW.kind = 'reversal' THEN
        PERFORM 1
        FROM public.budgets_movement AS m
        WHERE m.tenant_id = NEW.tenant_id AND m.id = NEW.reverses_id AND m.kind <> 'reversal'
          AND m.budget_id = NEW.budget_id AND m.amount = NEW.amount AND m.entry_count = entered
          AND entered = (
            SELECT count(*)
            FROM public.budgets_entry AS e,
                unnest(NEW.bucket_ids, NEW.amounts) AS x (id, amount)
            WHERE e.tenant_id = NEW.tenant_id AND e.movement_id = NEW.reverses_id
              AND e.bucket_id = x.id AND e.amount = -x.amount
          );
        IF NOT FOUND THEN
            RAISE EXCEPTION 'reversal % is no mirror of movement %', NEW.id, NEW.reverses_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_posting_mirror',
                    DETAIL = 'budgets_posting_mirror';
        END IF;
    END IF;

    UPDATE public.budgets_budget AS b
    SET version = b.version + 1, last_movement_seq = b.last_movement_seq + 1,
        deposited = b.deposited + greatest(NEW.net_amount, 0),
        withdrawn = b.withdrawn + greatest(-NEW.net_amount, 0),
        last_recorded_at = NEW.recorded_at, updated_at = NEW.recorded_at,
        head = @HASH@
    WHERE b.tenant_id = NEW.tenant_id AND b.id = NEW.budget_id AND b.version = NEW.budget_version
    RETURNING WITH (OLD AS was, NEW AS now)
        now.last_movement_seq, now.head, was.last_recorded_at
    INTO movement_seq, head, last_at;
    IF movement_seq IS NULL THEN
        RAISE EXCEPTION 'movement % was decided at another version of its budget', NEW.id
            USING ERRCODE = 'serialization_failure', CONSTRAINT = 'budgets_posting_version',
                DETAIL = 'budgets_posting_version',
                HINT = 'lock the budget, read it in the next statement, and decide again';
    END IF;
    IF NEW.recorded_at < last_at OR NEW.recorded_at IS DISTINCT FROM last_at
       AND NEW.recorded_at NOT BETWEEN transaction_timestamp()
           AND greatest(clock_timestamp(), transaction_timestamp()) THEN
        RAISE EXCEPTION 'movement % is recorded at another time than now', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_posting_time',
                DETAIL = 'budgets_posting_time';
    END IF;

    INSERT INTO public.budgets_movement (
        tenant_id, id, budget_id, seq, kind, amount, net_amount, entry_count, effective_at,
        recorded_at, created_at, updated_at, actor_id, request_id, memo, metadata, key,
        request_hash, source, reverses_id, hash
    ) VALUES (
        NEW.tenant_id, NEW.id, NEW.budget_id, movement_seq, NEW.kind, NEW.amount, NEW.net_amount,
        entered, NEW.effective_at, NEW.recorded_at, NEW.recorded_at, NEW.recorded_at, NEW.actor_id,
        NEW.request_id, NEW.memo, NEW.metadata, NEW.key, NEW.request_hash, NEW.source,
        NEW.reverses_id, head
    );
    INSERT INTO public.budgets_entry (
        tenant_id, id, movement_id, position, bucket_id, seq, amount, balance_before,
        balance_after, reason, became_full, movement_seq, created_at, updated_at
    ) VALUES (
        NEW.tenant_id, uuidv7(), NEW.id, generate_series(1, entered), unnest(NEW.bucket_ids),
        unnest(seqs), unnest(NEW.amounts), unnest(after) - unnest(NEW.amounts), unnest(after),
        unnest(NEW.reasons), unnest(fulls), movement_seq, NEW.recorded_at, NEW.recorded_at
    );
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION budgets_post() FROM PUBLIC;
CREATE TRIGGER budgets_post BEFORE INSERT ON budgets_posting
    FOR EACH ROW EXECUTE FUNCTION budgets_post()
"""

MADE = """
CREATE FUNCTION budgets_budget_made_as_its_ledger() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM 1
    FROM public.budgets_budget AS b, (
        SELECT coalesce(max(m.seq), 0) AS seq,
            coalesce(sum(m.net_amount) FILTER (WHERE m.net_amount > 0), 0) AS deposited,
            coalesce(-sum(m.net_amount) FILTER (WHERE m.net_amount < 0), 0) AS withdrawn,
            max(m.recorded_at) AS last_at, (array_agg(m.hash ORDER BY m.seq DESC))[1] AS head
        FROM public.budgets_movement AS m
        WHERE m.tenant_id = NEW.tenant_id AND m.budget_id = NEW.id
    ) AS l
    WHERE b.tenant_id = NEW.tenant_id AND b.id = NEW.id
      AND b.last_movement_seq = l.seq AND b.deposited = l.deposited
      AND b.withdrawn = l.withdrawn AND b.last_recorded_at IS NOT DISTINCT FROM l.last_at
      AND b.head IS NOT DISTINCT FROM l.head;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'budget % has totals that its movements do not have', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'budgets_budget_made_as_its_ledger';
    END IF;
    RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION budgets_budget_made_as_its_ledger() FROM PUBLIC
"""


FILL = places.FILL.replace("= ''", "= pg_catalog, pg_temp")

BACKFILL = """
DO $$
DECLARE
    m record;
    budget uuid;
    head bytea;
BEGIN
    FOR m IN
        SELECT v.*, (
            SELECT jsonb_build_array(
                jsonb_agg(e.bucket_id ORDER BY e.position), jsonb_agg(e.seq ORDER BY e.position),
                jsonb_agg(e.amount ORDER BY e.position),
                jsonb_agg(e.balance_after ORDER BY e.position),
                jsonb_agg(e.reason ORDER BY e.position),
                jsonb_agg(e.became_full ORDER BY e.position)
            )
            FROM budgets_entry AS e
            WHERE e.tenant_id = v.tenant_id AND e.movement_id = v.id
        ) AS entries
        FROM budgets_movement AS v
        ORDER BY v.tenant_id, v.budget_id, v.seq
    LOOP
        IF m.budget_id IS DISTINCT FROM budget THEN
            budget := m.budget_id;
            head := NULL;
        END IF;
        head := @HASH@;
        UPDATE budgets_movement AS v SET hash = head
        WHERE v.tenant_id = m.tenant_id AND v.id = m.id;
    END LOOP;
    UPDATE budgets_budget AS b SET head = v.hash
    FROM budgets_movement AS v
    WHERE v.tenant_id = b.tenant_id AND v.budget_id = b.id AND v.seq = b.last_movement_seq;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("budgets", "0023_import_profiles"), ("tenants", "0022_secrets")]

    operations = [
        migrations.RemoveConstraint(
            model_name="bucket",
            name="budgets_bucket_is_its_last_entry",
        ),
        migrations.RemoveConstraint(
            model_name="bucket",
            name="budgets_bucket_grants",
        ),
        migrations.RemoveConstraint(
            model_name="budget",
            name="budgets_budget_history",
        ),
        migrations.RemoveConstraint(
            model_name="budget",
            name="budgets_budget_grants",
        ),
        migrations.RemoveConstraint(
            model_name="entry",
            name="budgets_entry_joins_its_movement",
        ),
        migrations.RemoveConstraint(
            model_name="entry",
            name="budgets_entry_chains",
        ),
        migrations.RemoveConstraint(
            model_name="entry",
            name="budgets_entry_tenant_exists",
        ),
        migrations.RemoveConstraint(
            model_name="entry",
            name="budgets_entry_grants",
        ),
        migrations.RemoveConstraint(
            model_name="entry",
            name="budgets_entry_takes_its_place",
        ),
        migrations.RemoveConstraint(
            model_name="movement",
            name="budgets_movement_reversed_once",
        ),
        migrations.RemoveConstraint(
            model_name="movement",
            name="budgets_movement_adds_up",
        ),
        migrations.RemoveConstraint(
            model_name="movement",
            name="budgets_movement_tenant_exists",
        ),
        migrations.RemoveConstraint(
            model_name="movement",
            name="budgets_movement_grants",
        ),
        *(dropped(name, body) for name, body in DROPPED.items()),
        migrations.RunSQL("DROP FUNCTION budgets_entry_takes_its_place()", FILL),
        migrations.RunSQL(
            "ALTER TABLE budgets_budget SET (fillfactor = 80);"
            "ALTER TABLE budgets_bucket SET (fillfactor = 80)",
            "ALTER TABLE budgets_budget RESET (fillfactor);"
            "ALTER TABLE budgets_bucket RESET (fillfactor)",
        ),
        migrations.AddField(
            model_name="budget",
            name="head",
            field=models.BinaryField(
                db_comment="hash of its last movement; null before the first",
                help_text="hash of its last movement; null before the first",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="movement",
            name="hash",
            field=models.BinaryField(
                db_comment="SHA-256 of the movement before it, of its columns and of its entries",
                default=b"",
                help_text="SHA-256 of the movement before it, of its columns and of its entries",
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(BACKFILL.replace("@HASH@", _OF_ROW), migrations.RunSQL.noop),
        migrations.RunSQL(MADE, "DROP FUNCTION budgets_budget_made_as_its_ledger()"),
        migrations.RunSQL(TABLE, "DROP TABLE budgets_posting"),
        migrations.RunSQL(
            POST.replace("@HASH@", _OF_POSTING), "DROP FUNCTION budgets_post() CASCADE"
        ),
        migrations.AlterField(
            model_name="entry",
            name="movement_seq",
            field=models.BigIntegerField(
                db_comment="seq of its movement",
                db_default=0,
                editable=False,
                help_text="seq of its movement",
            ),
        ),
        migrations.AddConstraint(
            model_name="bucket",
            constraint=tenants.schema.constraints.RowTrigger(
                deferred=True,
                function="budgets_bucket_is_its_last_entry",
                name="budgets_bucket_is_its_last_entry",
                when="AFTER INSERT",
            ),
        ),
        migrations.AddConstraint(
            model_name="bucket",
            constraint=tenants.schema.constraints.Grants(
                app="SELECT, INSERT, UPDATE (name, priority, filter_flat, filter_share, hold_flat, hold_share, target, locked, archived_at, version, updated_at)",
                name="budgets_bucket_grants",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=tenants.schema.constraints.RowTrigger(
                deferred=True,
                function="budgets_budget_made_as_its_ledger",
                name="budgets_budget_made_as_its_ledger",
                when="AFTER INSERT",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=tenants.schema.constraints.Grants(
                app="SELECT, INSERT, UPDATE (name, owner_id, version, archived_at, updated_at)",
                name="budgets_budget_grants",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=tenants.schema.constraints.RowTrigger(
                args=(
                    "budgets.budget",
                    "updated_at,version,last_movement_seq,deposited,withdrawn,last_recorded_at,head",
                ),
                deferred=False,
                function="tenants_record_change",
                name="budgets_budget_history",
                when="AFTER INSERT OR DELETE OR UPDATE OF name, owner_id, archived_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=tenants.schema.constraints.Grants(app="SELECT", name="budgets_entry_grants"),
        ),
        migrations.AddConstraint(
            model_name="movement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses__isnull", False)),
                fields=("tenant", "reverses"),
                name="budgets_movement_reversed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="movement",
            constraint=tenants.schema.constraints.Grants(
                app="SELECT", name="budgets_movement_grants"
            ),
        ),
    ]
