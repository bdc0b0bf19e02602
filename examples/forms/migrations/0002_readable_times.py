"""No time is written that Python cannot read."""

from datetime import UTC, datetime

from django.db import migrations, models

FIRST, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
TIMES = {
    "event": ["created_at", "updated_at"],
    "form": ["created_at", "updated_at", "deleted_at"],
    "organization": ["created_at", "updated_at"],
    "submission": ["created_at", "updated_at", "deleted_at"],
    "workflow": ["created_at", "updated_at"],
}


class Migration(migrations.Migration):
    dependencies = [("forms", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model,
            models.CheckConstraint(
                condition=models.Q(**{f"{field}__gte": FIRST, f"{field}__lt": END}),
                name=f"forms_{model}_{field}_readable",
            ),
        )
        for model, fields in TIMES.items()
        for field in fields
    ]
