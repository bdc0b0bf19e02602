"""No time is written that Python cannot read."""

from datetime import UTC, datetime

from django.db import migrations, models

FIRST, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
TIMES = {
    "category": ["created_at", "updated_at"],
    "item": ["created_at", "updated_at"],
    "order": ["created_at", "updated_at", "placed_at"],
    "product": ["created_at", "updated_at", "deleted_at"],
    "statuschange": ["created_at", "updated_at"],
}


class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model,
            models.CheckConstraint(
                condition=models.Q(**{f"{field}__gte": FIRST, f"{field}__lt": END}),
                name=f"shop_{model}_{field}_readable",
            ),
        )
        for model, fields in TIMES.items()
        for field in fields
    ]
