"""The old rows have no times that Python cannot read, or they are named."""

from django.db import migrations

from tenants.schema.operations import ValidateTimes

MODELS = (
    "bucket",
    "bucketversion",
    "budget",
    "entry",
    "movement",
    "schedule",
    "schedulerun",
    "statement",
    "statementline",
)


class Migration(migrations.Migration):
    dependencies = [("budgets", "0007_readable_times")]

    operations = [ValidateTimes(model) for model in MODELS]
