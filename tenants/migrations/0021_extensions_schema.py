"""Extensions leave the schema `public`; the indexes of searches are rebuilt for that."""

from django.db import migrations

from tenants.schema.operations import move_extensions


class Migration(migrations.Migration):
    dependencies = [("tenants", "0020_grants")]
    operations = [move_extensions()]
