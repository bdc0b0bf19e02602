"""No time is written that Python cannot read; the next migration asks the old rows."""

from datetime import UTC, datetime

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

FIRST, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
TIMES = {
    "change": ["created_at", "updated_at"],
    "invitation": ["created_at", "updated_at", "expires_at", "accepted_at"],
    "membership": ["created_at", "updated_at", "deleted_at"],
    "tenant": ["suspended_at", "created_at", "updated_at"],
    "tenantsettings": ["created_at", "updated_at"],
}


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_extensions")]

    operations = [
        AddConstraintNotValid(
            model,
            models.CheckConstraint(
                condition=models.Q(**{f"{field}__gte": FIRST, f"{field}__lt": END}),
                name=f"tenants_{model}_{field}_readable",
            ),
        )
        for model, fields in TIMES.items()
        for field in fields
    ]
