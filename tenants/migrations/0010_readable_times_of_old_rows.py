"""The old rows have no times that Python cannot read, or they are named."""

from django.db import migrations

from tenants.schema.operations import ValidateTimes

MODELS = (
    "change",
    "invitation",
    "membership",
    "tenant",
    "tenantsettings",
)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_readable_times")]

    operations = [ValidateTimes(model) for model in MODELS]
