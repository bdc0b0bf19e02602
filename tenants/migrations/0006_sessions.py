"""Sessions, and log-ins that were refused."""

import django.db.models.deletion
import django.utils.timezone
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_history")]

    operations = [
        migrations.CreateModel(
            name="UserSession",
            fields=[
                (
                    "session_data",
                    models.TextField(db_comment="signed by Django", help_text="signed by Django"),
                ),
                (
                    "expire_date",
                    models.DateTimeField(
                        db_comment="until when it is good",
                        db_index=True,
                        help_text="until when it is good",
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "session_key",
                    models.CharField(
                        db_comment="the cookie's; a secret",
                        help_text="the cookie's; a secret",
                        max_length=40,
                        unique=True,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                (
                    "last_seen_at",
                    models.DateTimeField(
                        db_comment="to the minute",
                        default=django.utils.timezone.now,
                        help_text="to the minute",
                    ),
                ),
                (
                    "ip",
                    models.GenericIPAddressField(
                        blank=True,
                        db_comment="where it was last seen",
                        help_text="where it was last seen",
                        null=True,
                        verbose_name="IP address",
                    ),
                ),
                (
                    "user_agent",
                    models.CharField(
                        blank=True,
                        db_comment="what it was seen with",
                        help_text="what it was seen with",
                        max_length=300,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_comment="who is logged in, if anybody",
                        help_text="who is logged in, if anybody",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "session",
                "db_table_comment": "A browser's session. Its key is a secret: what is shown and asked for is the id.",
            },
        ),
        migrations.CreateModel(
            name="LoginFailure",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid_utils.compat.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "email",
                    models.CharField(
                        db_comment="as typed, in lower case",
                        help_text="as typed, in lower case",
                        max_length=254,
                        verbose_name="e-mail",
                    ),
                ),
                (
                    "ip",
                    models.GenericIPAddressField(
                        blank=True,
                        db_comment="where from",
                        help_text="where from",
                        null=True,
                        verbose_name="IP address",
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_comment="when", default=django.utils.timezone.now, help_text="when"
                    ),
                ),
            ],
            options={
                "verbose_name": "failed log-in",
                "db_table_comment": "A log-in that was refused.",
                "indexes": [
                    models.Index(fields=["at"], name="tenants_loginfailure_at"),
                    models.Index(fields=["email", "at"], name="tenants_loginfailure_email"),
                ],
            },
        ),
    ]
