"""What the listings of buckets, movements, schedules, runs, statements and lines are found by."""

from django.db import migrations, models

import tenants.schema.searches


class Migration(migrations.Migration):
    dependencies = [
        ("budgets", "0012_names"),
        ("tenants", "0008_extensions"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="bucket",
            index=models.Index(fields=["tenant", "locked", "id"], name="budgets_bucket_locked"),
        ),
        migrations.AddIndex(
            model_name="bucket",
            index=models.Index(
                fields=["tenant", "archived_at", "id"], name="budgets_bucket_closed"
            ),
        ),
        migrations.AddIndex(
            model_name="bucket",
            index=models.Index(fields=["tenant", "name", "id"], name="budgets_bucket_name"),
        ),
        migrations.AddIndex(
            model_name="movement",
            index=models.Index(
                fields=["tenant", "recorded_at", "id"],
                condition=models.Q(("lines__gt", 0)),
                name="budgets_movement_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="movement",
            index=models.Index(
                fields=["tenant", "kind", "recorded_at", "id"],
                condition=models.Q(("lines__gt", 0)),
                name="budgets_movement_of_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="movement",
            index=models.Index(
                fields=["tenant", "effective_at"],
                condition=models.Q(("lines__gt", 0)),
                name="budgets_movement_happened",
            ),
        ),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(
                fields=["tenant", "next_due_at", "id"], name="budgets_schedule_next"
            ),
        ),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(
                fields=["tenant", "paused_at", "id"], name="budgets_schedule_paused"
            ),
        ),
        migrations.AddIndex(
            model_name="schedulerun",
            index=models.Index(fields=["tenant", "due_at", "id"], name="budgets_schedulerun_due"),
        ),
        migrations.AddIndex(
            model_name="schedulerun",
            index=models.Index(
                fields=["tenant", "outcome", "due_at", "id"], name="budgets_schedulerun_came"
            ),
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(
                fields=["tenant", "imported_at", "id"], name="budgets_statement_imported"
            ),
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(
                fields=["tenant", "undone_at", "id"], name="budgets_statement_undone_at"
            ),
        ),
        migrations.AddIndex(
            model_name="statementline",
            index=models.Index(fields=["tenant", "fate", "id"], name="budgets_statementline_fated"),
        ),
        migrations.AddIndex(
            model_name="statementline",
            index=models.Index(
                fields=["tenant", "posted", "id"], name="budgets_statementline_posted"
            ),
        ),
        migrations.AddConstraint(
            model_name="bucket",
            constraint=tenants.schema.searches.TrigramSearch(
                fields=("name",), name="budgets_bucket_search"
            ),
        ),
        migrations.AddConstraint(
            model_name="schedule",
            constraint=tenants.schema.searches.TrigramSearch(
                fields=("name",), name="budgets_schedule_search"
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=tenants.schema.searches.TrigramSearch(
                fields=("name",), name="budgets_statement_search"
            ),
        ),
        migrations.AddConstraint(
            model_name="statementline",
            constraint=tenants.schema.searches.TrigramSearch(
                fields=("description",), name="budgets_statementline_search"
            ),
        ),
    ]
