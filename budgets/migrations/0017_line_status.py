"""Rename the fate of a statement's line to status, and reword some comments. Values stay."""

from django.db import migrations, models

import tenants.schema.constraints


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0016_column_names"),
        ("tenants", "0017_defaults_of_people"),
    ]

    operations = [
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
            name="budgets_statementline_fate",
        ),
        migrations.RemoveConstraint(
            model_name="statementline",
            name="budgets_statementline_grants",
        ),
        migrations.RemoveConstraint(
            model_name="statementline",
            name="budgets_statementline_history",
        ),
        migrations.RemoveIndex(
            model_name="statementline",
            name="budgets_statementline_alike",
        ),
        migrations.RemoveIndex(
            model_name="statementline",
            name="budgets_statementline_fated",
        ),
        migrations.RenameField(
            model_name="statementline",
            old_name="fate",
            new_name="status",
        ),
        migrations.AddIndex(
            model_name="statementline",
            index=models.Index(
                condition=models.Q(("status", "new")),
                fields=["tenant", "posted", "amount"],
                name="budgets_statementline_similar",
            ),
        ),
        migrations.AddIndex(
            model_name="statementline",
            index=models.Index(
                fields=["tenant", "status", "id"], name="budgets_statementline_statuses"
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "new"), models.Q(("account", ""), _negated=True)),
                fields=("tenant", "account", "identity"),
                name="budgets_statementline_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("account", ""), ("status", "new")),
                fields=("tenant", "budget", "identity"),
                name="budgets_statementline_unnamed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("movement__isnull", False), ("status__in", ["new", "undone"])),
                    models.Q(("movement", None), ("status__in", ["duplicate", "skipped", "held"])),
                    _connector="OR",
                ),
                name="budgets_statementline_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=tenants.schema.constraints.Grants(
                app="SELECT, INSERT, MAINTAIN, UPDATE (status, movement_id, updated_at)",
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
                when="AFTER DELETE OR UPDATE OF status, movement_id",
            ),
        ),
        migrations.AlterModelTableComment(
            name="schedulerun",
            table_comment="The outcome of one due time of a schedule; written once.",
        ),
        migrations.AlterModelTableComment(
            name="scheduleversion",
            table_comment="The terms of a schedule for its due times up to a moment; written once, at each change.",
        ),
        migrations.AlterModelTableComment(
            name="statementline",
            table_comment="An incoming line and its status. It is deposited at most once, until it is undone.",
        ),
        migrations.AlterField(
            model_name="schedule",
            name="amount",
            field=models.BigIntegerField(
                db_comment="of each deposit, in minor units",
                help_text="of each deposit, in minor units",
            ),
        ),
        migrations.AlterField(
            model_name="schedule",
            name="catch_up",
            field=models.CharField(
                choices=[("all", "All"), ("last", "Last"), ("none", "None")],
                db_comment="which late due times are run: all, last or none",
                default="all",
                help_text="which late due times are run: all, last or none",
                max_length=4,
            ),
        ),
        migrations.AlterField(
            model_name="scheduleversion",
            name="amount",
            field=models.BigIntegerField(
                db_comment="of each deposit, in minor units",
                help_text="of each deposit, in minor units",
            ),
        ),
        migrations.AlterField(
            model_name="scheduleversion",
            name="catch_up",
            field=models.CharField(
                choices=[("all", "All"), ("last", "Last"), ("none", "None")],
                db_comment="which late due times are run: all, last or none",
                default="all",
                help_text="which late due times are run: all, last or none",
                max_length=4,
            ),
        ),
    ]
