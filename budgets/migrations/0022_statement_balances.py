"""The identity of a line with a bank id gets day, amount and occurrence; statements their balances.

A deposit keeps its key, because movements are never rewritten. So a line that was deposited under
the longer identity gets it back from the key of its movement when this migration is undone and
applied again. The balances of a statement come back from the history of its changes.
"""

from django.db import migrations, models

import tenants.schema.constraints
import tenants.schema.defaults

FROM_KEYS = r"""
UPDATE budgets_statementline AS l
SET identity = regexp_replace(m.key, '^statement(\+[0-9]+)?(#[0-9]+)?:', ''),
    copy = coalesce(substring(m.key FROM '^statement\+([0-9]+)')::integer, 0)
FROM budgets_movement m
WHERE m.tenant_id = l.tenant_id AND m.id = l.movement_id
  AND m.key ~ '^statement(\+[0-9]+(#[0-9]+)?:|(#[0-9]+)?:id:[0-9]{4}-)'
"""

LENGTHEN = """
UPDATE budgets_statementline AS l
SET identity = 'id:' || to_char(l.posted, 'YYYY-MM-DD') || ':' || l.amount || ':' || n.occurrence
    || ':' || substr(l.identity, CASE WHEN l.identity LIKE 'id#%' THEN 3 ELSE 4 END)
FROM (
    SELECT tenant_id, id, row_number() OVER (
        PARTITION BY tenant_id, statement_id, identity, posted, amount ORDER BY number
    ) AS occurrence
    FROM budgets_statementline
    WHERE identity LIKE 'id%' AND identity !~ '^id:[0-9]{4}-'
) n
WHERE n.tenant_id = l.tenant_id AND n.id = l.id
"""

SHORTEN = r"""
WITH shorter AS (
    SELECT l.tenant_id, l.id, l.account, l.budget_id, l.status, l.copy, l.identity,
        regexp_replace(
            regexp_replace(l.identity, '^id:[0-9]{4}-[-0-9]+:-?[0-9]+:[0-9]+:', 'id:'),
            '^id:#', 'id#'
        ) AS short,
        -- the key gives it its identity back, see FROM_KEYS
        coalesce(m.key ~ '^statement(\+[0-9]+(#[0-9]+)?:|(#[0-9]+)?:id:[0-9]{4}-)', false) AS keyed
    FROM budgets_statementline l
    LEFT JOIN budgets_movement m ON m.tenant_id = l.tenant_id AND m.id = l.movement_id
), placed AS (
    SELECT tenant_id, id, status, short, row_number() OVER (
            PARTITION BY tenant_id, account, CASE WHEN account = '' THEN budget_id END,
                short, status = 'new'
            ORDER BY keyed, copy, id
        ) AS place,
        left(encode(sha256(convert_to(copy || identity, 'UTF8')), 'hex'), 40) AS digest
    FROM shorter
)
UPDATE budgets_statementline AS l
SET identity = CASE
    WHEN p.status <> 'new' OR p.place = 1 THEN p.short
    WHEN p.short LIKE 'id%' THEN 'id#' || p.digest  -- the shorter identity is taken
    ELSE 'content:' || p.digest || ':1'
END
FROM placed p
WHERE p.tenant_id = l.tenant_id AND p.id = l.id
"""

FROM_HISTORY = """
ALTER TABLE budgets_statement DISABLE TRIGGER budgets_statement_history;
UPDATE budgets_statement AS s
SET balances = coalesce(c.given -> 'balances', s.balances),
    misfit = coalesce(c.given ->> 'misfit', s.misfit),
    trusted = coalesce((c.given ->> 'trusted')::boolean, s.trusted)
FROM (
    SELECT g.tenant_id, g.row_id, jsonb_object_agg(k.key, k.value ORDER BY g.id) AS given
    FROM tenants_change AS g, jsonb_each(g.after) AS k
    WHERE g.model = 'budgets.statement' AND k.key IN ('balances', 'misfit', 'trusted')
    GROUP BY g.tenant_id, g.row_id
) AS c
WHERE c.tenant_id = s.tenant_id AND c.row_id = s.id;
ALTER TABLE budgets_statement ENABLE TRIGGER budgets_statement_history;
"""

FORMER_FORMATS = """
UPDATE budgets_statement SET format = 'csv' WHERE format NOT IN ('csv', 'ofx')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0021_live_parents"),
        ("tenants", "0020_grants"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="statement",
            name="budgets_statement_format",
        ),
        migrations.RemoveConstraint(
            model_name="statement",
            name="budgets_statement_grants",
        ),
        migrations.RemoveConstraint(
            model_name="statement",
            name="budgets_statement_defaults",
        ),
        migrations.RemoveConstraint(
            model_name="statementline",
            name="budgets_statementline_amount",
        ),
        migrations.RemoveConstraint(
            model_name="statementline",
            name="budgets_statementline_defaults",
        ),
        migrations.RemoveConstraint(
            model_name="statementline",
            name="budgets_statementline_once",
        ),
        migrations.RemoveConstraint(
            model_name="statementline",
            name="budgets_statementline_unnamed_once",
        ),
        migrations.RemoveConstraint(
            model_name="statementline",
            name="budgets_statementline_grants",
        ),
        migrations.RemoveConstraint(
            model_name="statementline",
            name="budgets_statementline_history",
        ),
        migrations.AddField(
            model_name="statement",
            name="balances",
            field=models.JSONField(
                db_comment="JSON array: opening and closing balance of each account, with the period",
                default=list,
                help_text="JSON array: opening and closing balance of each account, with the period",
            ),
        ),
        migrations.AddField(
            model_name="statement",
            name="misfit",
            field=models.CharField(
                blank=True,
                db_comment="how the balances in the file contradict its lines; empty if they do not",
                help_text="how the balances in the file contradict its lines; empty if they do not",
                max_length=300,
            ),
        ),
        migrations.AddField(
            model_name="statement",
            name="trusted",
            field=models.BooleanField(
                db_comment="whether the lines were imported despite the misfit",
                default=False,
                help_text="whether the lines were imported despite the misfit",
            ),
        ),
        migrations.AddField(
            model_name="statementline",
            name="copy",
            field=models.IntegerField(
                db_comment="0; for a duplicate that somebody included, its number among the copies",
                default=0,
                help_text="0; for a duplicate that somebody included, its number among the copies",
            ),
        ),
        migrations.AlterField(
            model_name="statement",
            name="format",
            field=models.CharField(
                choices=[
                    ("ofx", "OFX or QFX"),
                    ("csv", "CSV"),
                    ("qif", "QIF"),
                    ("camt053", "camt.053"),
                    ("mt940", "MT940"),
                ],
                db_comment="format of the file; ofx for OFX and QFX",
                help_text="format of the file; ofx for OFX and QFX",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="statementline",
            name="identity",
            field=models.CharField(
                db_comment="identity of the line, equal in every file that contains it",
                help_text="identity of the line, equal in every file that contains it",
                max_length=160,
            ),
        ),
        migrations.RunSQL(FROM_KEYS, migrations.RunSQL.noop),
        migrations.RunSQL(LENGTHEN, SHORTEN),
        migrations.RunSQL(FROM_HISTORY, FORMER_FORMATS),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(("format__in", ["ofx", "csv", "qif", "camt053", "mt940"])),
                name="budgets_statement_format",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("trusted", False), models.Q(("misfit", ""), _negated=True), _connector="OR"
                ),
                name="budgets_statement_trusted",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=tenants.schema.constraints.Grants(
                app="SELECT, INSERT, UPDATE (total, outgoing, decisions, balances, misfit, trusted, imported_at, undone_at, undo_key, updated_at)",
                name="budgets_statement_grants",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "balances": "'[]'::jsonb",
                    "created_at": "now()",
                    "decisions": "'{}'::jsonb",
                    "id": "uuidv7()",
                    "misfit": "''::character varying",
                    "trusted": "false",
                    "updated_at": "now()",
                },
                name="budgets_statement_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "new"), models.Q(("account", ""), _negated=True)),
                fields=("tenant", "account", "identity", "copy"),
                name="budgets_statementline_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("account", ""), ("status", "new")),
                fields=("tenant", "budget", "identity", "copy"),
                name="budgets_statementline_unnamed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("copy__gte", 0), ("number__gt", 0)),
                name="budgets_statementline_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=tenants.schema.constraints.Grants(
                app="SELECT, INSERT, UPDATE (status, copy, movement_id, updated_at)",
                name="budgets_statementline_grants",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=tenants.schema.constraints.RowTrigger(
                args=("budgets.statementline", "updated_at"),
                deferred=False,
                function="tenants_record_change",
                name="budgets_statementline_history",
                when="AFTER DELETE OR UPDATE OF status, copy, movement_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "copy": "0",
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "updated_at": "now()",
                },
                name="budgets_statementline_defaults",
            ),
        ),
    ]
