"""Comments on tables and columns, as the models and their help texts say."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import tenants.plans


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0006_services"),
    ]

    operations = [
        migrations.AlterModelTableComment(
            name="change",
            table_comment="A change of a tenant's row; role app can read it and nothing else.",
        ),
        migrations.AlterModelTableComment(
            name="globalchange",
            table_comment="A change of a row that belongs to no tenant.",
        ),
        migrations.AlterModelTableComment(
            name="invitation",
            table_comment="An offer of membership; who holds the token may take it, once.",
        ),
        migrations.AlterModelTableComment(
            name="loginfailure",
            table_comment="A log-in that was refused.",
        ),
        migrations.AlterModelTableComment(
            name="membership",
            table_comment="A user's role in the tenant; of one who has left, the deleted row stays.",
        ),
        migrations.AlterModelTableComment(
            name="systemsettings",
            table_comment="What is set for the whole system; changed by `SystemSettings.objects.change` alone.",
        ),
        migrations.AlterModelTableComment(
            name="tenant",
            table_comment="The unit of isolation. Made by `Tenant.objects.create_tenant(slug, name)`.",
        ),
        migrations.AlterModelTableComment(
            name="tenantsettings",
            table_comment="What a tenant has set; changed by `TenantSettings.objects.change` alone.",
        ),
        migrations.AlterModelTableComment(
            name="tenantslug",
            table_comment="The directory of slugs: what must be unique across tenants, and nothing else.",
        ),
        migrations.AlterModelTableComment(
            name="user",
            table_comment="A person, who logs in by e-mail; global, for one may belong to several tenants.",
        ),
        migrations.AlterModelTableComment(
            name="usersession",
            table_comment="A browser's session. Its key is a secret: what is shown and asked for is the id.",
        ),
        migrations.AlterField(
            model_name="change",
            name="actor",
            field=models.ForeignKey(
                db_comment="the user in whose name, if it was said",
                db_constraint=False,
                db_index=False,
                help_text="the user in whose name, if it was said",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="after",
            field=models.JSONField(
                db_comment="columns that changed, as they became",
                help_text="columns that changed, as they became",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="before",
            field=models.JSONField(
                db_comment="columns that changed, as they were",
                help_text="columns that changed, as they were",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="model",
            field=models.CharField(db_comment="app.model", help_text="app.model", max_length=100),
        ),
        migrations.AlterField(
            model_name="change",
            name="request_id",
            field=models.CharField(
                blank=True,
                db_comment="on whose request, if it was said",
                help_text="on whose request, if it was said",
                max_length=200,
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="row_id",
            field=models.UUIDField(
                db_comment="the changed row's id", help_text="the changed row's id"
            ),
        ),
        migrations.AlterField(
            model_name="change",
            name="verb",
            field=models.CharField(
                choices=[("insert", "Insert"), ("update", "Update"), ("delete", "Delete")],
                db_comment="insert, update or delete",
                help_text="insert, update or delete",
                max_length=6,
            ),
        ),
        migrations.AlterField(
            model_name="globalchange",
            name="actor",
            field=models.ForeignKey(
                db_comment="the user in whose name, if it was said",
                db_constraint=False,
                db_index=False,
                help_text="the user in whose name, if it was said",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="globalchange",
            name="after",
            field=models.JSONField(
                db_comment="columns that changed, as they became",
                help_text="columns that changed, as they became",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="globalchange",
            name="before",
            field=models.JSONField(
                db_comment="columns that changed, as they were",
                help_text="columns that changed, as they were",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="globalchange",
            name="model",
            field=models.CharField(db_comment="app.model", help_text="app.model", max_length=100),
        ),
        migrations.AlterField(
            model_name="globalchange",
            name="request_id",
            field=models.CharField(
                blank=True,
                db_comment="on whose request, if it was said",
                help_text="on whose request, if it was said",
                max_length=200,
            ),
        ),
        migrations.AlterField(
            model_name="globalchange",
            name="row_id",
            field=models.UUIDField(
                db_comment="the changed row's id", help_text="the changed row's id"
            ),
        ),
        migrations.AlterField(
            model_name="globalchange",
            name="verb",
            field=models.CharField(
                choices=[("insert", "Insert"), ("update", "Update"), ("delete", "Delete")],
                db_comment="insert, update or delete",
                help_text="insert, update or delete",
                max_length=6,
            ),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="accepted_at",
            field=models.DateTimeField(
                blank=True,
                db_comment="when it was taken; none while nobody has",
                help_text="when it was taken; none while nobody has",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="email",
            field=models.EmailField(
                db_comment="who is invited",
                help_text="who is invited",
                max_length=254,
                verbose_name="e-mail",
            ),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="expires_at",
            field=models.DateTimeField(
                db_comment="until when it can be taken", help_text="until when it can be taken"
            ),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="role",
            field=models.CharField(
                choices=[
                    ("owner", "Owner"),
                    ("editor", "Editor"),
                    ("viewer", "Viewer"),
                    ("service", "Service"),
                ],
                db_comment="what they will be: owner, editor, viewer or service",
                help_text="what they will be: owner, editor, viewer or service",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="token_hash",
            field=models.CharField(
                db_comment="SHA-256 of the token, in hex",
                help_text="SHA-256 of the token, in hex",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            model_name="loginfailure",
            name="at",
            field=models.DateTimeField(
                db_comment="when", default=django.utils.timezone.now, help_text="when"
            ),
        ),
        migrations.AlterField(
            model_name="loginfailure",
            name="email",
            field=models.CharField(
                db_comment="as typed, in lower case",
                help_text="as typed, in lower case",
                max_length=254,
                verbose_name="e-mail",
            ),
        ),
        migrations.AlterField(
            model_name="loginfailure",
            name="ip",
            field=models.GenericIPAddressField(
                blank=True,
                db_comment="where from",
                help_text="where from",
                null=True,
                verbose_name="IP address",
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="deleted_at",
            field=models.DateTimeField(
                blank=True,
                db_comment="when it was deleted; none while it is live",
                editable=False,
                help_text="when it was deleted; none while it is live",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("owner", "Owner"),
                    ("editor", "Editor"),
                    ("viewer", "Viewer"),
                    ("service", "Service"),
                ],
                db_comment="owner, editor, viewer or service",
                help_text="owner, editor, viewer or service",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="user",
            field=models.ForeignKey(
                db_comment="the member",
                db_constraint=False,
                help_text="the member",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="systemsettings",
            name="values",
            field=models.JSONField(
                db_comment="as its schema declares",
                default=dict,
                help_text="as its schema declares",
            ),
        ),
        migrations.AlterField(
            model_name="systemsettings",
            name="version",
            field=models.PositiveIntegerField(
                db_comment="how often it was changed",
                default=0,
                help_text="how often it was changed",
            ),
        ),
        migrations.AlterField(
            model_name="tenant",
            name="name",
            field=models.CharField(
                db_comment="what people call it", help_text="what people call it", max_length=200
            ),
        ),
        migrations.AlterField(
            model_name="tenant",
            name="plan",
            field=models.CharField(
                db_comment="one of the declared plans",
                default=tenants.plans.default_plan,
                help_text="one of the declared plans",
                max_length=40,
            ),
        ),
        migrations.AlterField(
            model_name="tenant",
            name="slug",
            field=models.SlugField(
                db_comment="its name in commands and addresses",
                db_index=False,
                help_text="its name in commands and addresses",
            ),
        ),
        migrations.AlterField(
            model_name="tenant",
            name="suspended_at",
            field=models.DateTimeField(
                blank=True,
                db_comment="since when it can be read and not written",
                help_text="since when it can be read and not written",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="tenantsettings",
            name="values",
            field=models.JSONField(
                db_comment="as its schema declares",
                default=dict,
                help_text="as its schema declares",
            ),
        ),
        migrations.AlterField(
            model_name="tenantsettings",
            name="version",
            field=models.PositiveIntegerField(
                db_comment="how often it was changed",
                default=0,
                help_text="how often it was changed",
            ),
        ),
        migrations.AlterField(
            model_name="tenantslug",
            name="holder",
            field=models.UUIDField(
                db_comment="the tenant that has it", help_text="the tenant that has it"
            ),
        ),
        migrations.AlterField(
            model_name="tenantslug",
            name="slug",
            field=models.SlugField(
                db_comment="one tenant has it, whatever the tenant",
                help_text="one tenant has it, whatever the tenant",
                primary_key=True,
                serialize=False,
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="avatar_url",
            field=models.URLField(
                blank=True,
                db_comment="where their picture is",
                help_text="where their picture is",
                verbose_name="avatar URL",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="deleted_at",
            field=models.DateTimeField(
                blank=True,
                db_comment="since when they may not log in; none while they may",
                help_text="since when they may not log in; none while they may",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=models.EmailField(
                db_comment="whatever its case, one live user has it",
                help_text="whatever its case, one live user has it",
                max_length=254,
                verbose_name="e-mail",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="email_verified",
            field=models.BooleanField(
                db_comment="whether they have answered a message to it",
                default=False,
                help_text="whether they have answered a message to it",
                verbose_name="e-mail verified",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="is_staff",
            field=models.BooleanField(
                db_comment="whether they may look at the admin",
                default=False,
                help_text="whether they may look at the admin",
                verbose_name="may use the admin",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="is_superuser",
            field=models.BooleanField(
                db_comment="Designates that this user has all permissions without explicitly assigning them.",
                default=False,
                help_text="Designates that this user has all permissions without explicitly assigning them.",
                verbose_name="superuser status",
            ),
        ),
        migrations.AlterField(
            model_name="usersession",
            name="expire_date",
            field=models.DateTimeField(
                db_comment="until when it is good", db_index=True, help_text="until when it is good"
            ),
        ),
        migrations.AlterField(
            model_name="usersession",
            name="ip",
            field=models.GenericIPAddressField(
                blank=True,
                db_comment="where it was last seen",
                help_text="where it was last seen",
                null=True,
                verbose_name="IP address",
            ),
        ),
        migrations.AlterField(
            model_name="usersession",
            name="last_seen_at",
            field=models.DateTimeField(
                db_comment="to the minute",
                default=django.utils.timezone.now,
                help_text="to the minute",
            ),
        ),
        migrations.AlterField(
            model_name="usersession",
            name="session_data",
            field=models.TextField(db_comment="signed by Django", help_text="signed by Django"),
        ),
        migrations.AlterField(
            model_name="usersession",
            name="session_key",
            field=models.CharField(
                db_comment="the cookie's; a secret",
                help_text="the cookie's; a secret",
                max_length=40,
                unique=True,
            ),
        ),
        migrations.AlterField(
            model_name="usersession",
            name="user",
            field=models.ForeignKey(
                blank=True,
                db_comment="who is logged in, if anybody",
                help_text="who is logged in, if anybody",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sessions",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="usersession",
            name="user_agent",
            field=models.CharField(
                blank=True,
                db_comment="what it was seen with",
                help_text="what it was seen with",
                max_length=300,
            ),
        ),
    ]
