"""Dumps leave secrets out; an invitation can be without its token's hash."""

from django.db import migrations, models

# The hash of no token: before this migration the column is NOT NULL.
UNKNOWN = """
UPDATE tenants_invitation SET token_hash = replace(gen_random_uuid()::text, '-', '')
WHERE token_hash IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0021_extensions_schema"),
    ]

    operations = [
        migrations.AlterField(
            model_name="invitation",
            name="token_hash",
            field=models.CharField(
                blank=True,
                db_comment="SHA-256 of the token, in hex; null when loaded from a dump, until reissued",
                help_text="SHA-256 of the token, in hex; null when loaded from a dump, until reissued",
                max_length=64,
                null=True,
                serialize=False,
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, UNKNOWN),
        migrations.AlterField(
            model_name="usersession",
            name="session_data",
            field=models.TextField(
                db_comment="signed by Django", help_text="signed by Django", serialize=False
            ),
        ),
        migrations.AlterField(
            model_name="usersession",
            name="session_key",
            field=models.CharField(
                db_comment="the cookie's; a secret",
                help_text="the cookie's; a secret",
                max_length=40,
                serialize=False,
                unique=True,
            ),
        ),
    ]
