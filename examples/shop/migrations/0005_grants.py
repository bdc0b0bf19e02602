"""Role app may lock fewer tables, and functions search the temporary schema last."""

from django.db import migrations

from tenants.schema.operations import RevokeMaintain, name_pg_temp_last


class Migration(migrations.Migration):
    dependencies = [("shop", "0004_defaults"), ("tenants", "0020_grants")]
    operations = [RevokeMaintain(), name_pg_temp_last()]
