"""No time is written that Python cannot read; the next migration asks the old rows."""

from datetime import UTC, datetime

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

FIRST, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
TIMES = {
    "bucket": ["created_at", "updated_at", "archived_at"],
    "bucketversion": ["created_at", "updated_at", "archived_at", "effective_at"],
    "budget": ["created_at", "updated_at", "last_recorded_at", "archived_at"],
    "entry": ["created_at", "updated_at"],
    "movement": ["created_at", "updated_at", "effective_at", "recorded_at"],
    "schedule": ["created_at", "updated_at", "effective_at", "paused_at", "next_due_at"],
    "schedulerun": ["created_at", "updated_at", "due_at"],
    "statement": ["created_at", "updated_at", "imported_at", "undone_at"],
    "statementline": ["created_at", "updated_at"],
}


class Migration(migrations.Migration):
    dependencies = [("budgets", "0006_statements")]

    operations = [
        AddConstraintNotValid(
            model,
            models.CheckConstraint(
                condition=models.Q(**{f"{field}__gte": FIRST, f"{field}__lt": END}),
                name=f"budgets_{model}_{field}_readable",
            ),
        )
        for model, fields in TIMES.items()
        for field in fields
    ]
