"""People, who log in by e-mail."""

import django.db.models.functions.text
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("auth", "0012_alter_user_first_name_max_length")]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        db_comment="Designates that this user has all permissions without explicitly assigning them.",
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
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
                    "email",
                    models.EmailField(
                        db_comment="whatever its case, one live user has it",
                        help_text="whatever its case, one live user has it",
                        max_length=254,
                        verbose_name="e-mail",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150)),
                ("last_name", models.CharField(blank=True, max_length=150)),
                (
                    "avatar_url",
                    models.URLField(
                        blank=True,
                        db_comment="where their picture is",
                        help_text="where their picture is",
                        verbose_name="avatar URL",
                    ),
                ),
                (
                    "email_verified",
                    models.BooleanField(
                        db_comment="whether they have answered a message to it",
                        default=False,
                        help_text="whether they have answered a message to it",
                        verbose_name="e-mail verified",
                    ),
                ),
                (
                    "is_staff",
                    models.BooleanField(
                        db_comment="whether they may look at the admin",
                        default=False,
                        help_text="whether they may look at the admin",
                        verbose_name="may use the admin",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="since when they may not log in; none while they may",
                        help_text="since when they may not log in; none while they may",
                        null=True,
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "db_table_comment": "A person, who logs in by e-mail; global, for one may belong to several tenants.",
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"),
                        condition=models.Q(("deleted_at", None)),
                        name="tenants_user_email_once",
                    )
                ],
            },
        ),
    ]
