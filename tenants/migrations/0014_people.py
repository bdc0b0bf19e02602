"""Listings of users, sessions and failed log-ins; texts as long as other systems have them."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import tenants.schema.searches


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("tenants", "0013_times_of_old_rows"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="loginfailure",
            name="tenants_loginfailure_at",
        ),
        migrations.RemoveIndex(
            model_name="loginfailure",
            name="tenants_loginfailure_email",
        ),
        migrations.AlterField(
            model_name="invitation",
            name="email",
            field=models.EmailField(
                db_comment="who is invited",
                help_text="who is invited",
                max_length=255,
                verbose_name="e-mail",
            ),
        ),
        migrations.AlterField(
            model_name="loginfailure",
            name="email",
            field=models.CharField(
                db_comment="as typed, in lower case",
                help_text="as typed, in lower case",
                max_length=255,
                verbose_name="e-mail",
            ),
        ),
        migrations.AlterField(
            model_name="tenant",
            name="name",
            field=models.CharField(
                db_comment="what people call it", help_text="what people call it", max_length=255
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="avatar_url",
            field=models.TextField(
                blank=True,
                db_comment="where their picture is",
                help_text="where their picture is",
                validators=[django.core.validators.URLValidator()],
                verbose_name="avatar URL",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(
                db_comment="whatever its case, one live user has it",
                help_text="whatever its case, one live user has it",
                max_length=255,
                verbose_name="e-mail",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="first_name",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name="user",
            name="last_name",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name="usersession",
            name="expire_date",
            field=models.DateTimeField(
                db_comment="until when it is good", help_text="until when it is good"
            ),
        ),
        migrations.AlterField(
            model_name="usersession",
            name="user",
            field=models.ForeignKey(
                blank=True,
                db_comment="who is logged in, if anybody",
                db_index=False,
                help_text="who is logged in, if anybody",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sessions",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="loginfailure",
            index=models.Index(fields=["at", "id"], name="tenants_loginfailure_time"),
        ),
        migrations.AddIndex(
            model_name="loginfailure",
            index=models.Index(
                django.db.models.functions.text.Lower("email"),
                models.F("at"),
                models.F("id"),
                name="tenants_loginfailure_address",
            ),
        ),
        migrations.AddIndex(
            model_name="loginfailure",
            index=models.Index(fields=["ip", "at", "id"], name="tenants_loginfailure_ip"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                django.db.models.functions.text.Lower("email"),
                models.F("id"),
                name="tenants_user_email",
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                django.db.models.functions.text.Lower("first_name"),
                models.F("id"),
                name="tenants_user_first_name",
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                django.db.models.functions.text.Lower("last_name"),
                models.F("id"),
                name="tenants_user_last_name",
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["email", "id"], name="tenants_user_by_email"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                fields=["last_name", "first_name", "id"], name="tenants_user_by_name"
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["created_at", "id"], name="tenants_user_created_at"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                models.OrderBy(models.F("deleted_at"), descending=True, nulls_last=True),
                models.OrderBy(models.F("id"), descending=True),
                name="tenants_user_deleted_at",
            ),
        ),
        migrations.AddIndex(
            model_name="usersession",
            index=models.Index(
                fields=["user", "last_seen_at", "id"], name="tenants_usersession_user"
            ),
        ),
        migrations.AddIndex(
            model_name="usersession",
            index=models.Index(fields=["last_seen_at", "id"], name="tenants_usersession_seen"),
        ),
        migrations.AddIndex(
            model_name="usersession",
            index=models.Index(fields=["created_at", "id"], name="tenants_usersession_created"),
        ),
        migrations.AddIndex(
            model_name="usersession",
            index=models.Index(fields=["expire_date", "id"], name="tenants_usersession_expires"),
        ),
        migrations.AddIndex(
            model_name="usersession",
            index=models.Index(fields=["ip", "id"], name="tenants_usersession_ip"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=tenants.schema.searches.GlobalTrigramSearch(
                fields=("email", "first_name", "last_name"), name="tenants_user_search"
            ),
        ),
    ]
