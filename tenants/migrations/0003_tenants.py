"""Tenants, the directory of their slugs, who belongs to them and who is invited."""

import django.db.models.deletion
import django.db.models.manager
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

import tenants.access.plans
import tenants.context
import tenants.schema.constraints


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_blocks")]

    operations = [
        migrations.CreateModel(
            name="Tenant",
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
                    "slug",
                    models.SlugField(
                        db_comment="its name in commands and addresses",
                        db_index=False,
                        help_text="its name in commands and addresses",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        db_comment="what people call it",
                        help_text="what people call it",
                        max_length=200,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "suspended_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="since when it can be read and not written",
                        help_text="since when it can be read and not written",
                        null=True,
                    ),
                ),
                (
                    "plan",
                    models.CharField(
                        db_comment="one of the declared plans",
                        default=tenants.access.plans.default_plan,
                        help_text="one of the declared plans",
                        max_length=40,
                    ),
                ),
            ],
            options={
                "db_table_comment": "The unit of isolation. Made by `Tenant.objects.create_tenant(slug, name)`.",
                "base_manager_name": "objects",
                "constraints": [
                    tenants.schema.constraints.RowSecurity(
                        column="id", name="tenants_tenant_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, UPDATE, MAINTAIN", name="tenants_tenant_grants"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TenantSlug",
            fields=[
                (
                    "slug",
                    models.SlugField(
                        db_comment="one tenant has it, whatever the tenant",
                        help_text="one tenant has it, whatever the tenant",
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "holder",
                    models.UUIDField(
                        db_comment="the tenant that has it", help_text="the tenant that has it"
                    ),
                ),
            ],
            options={
                "db_table_comment": "The directory of slugs: what must be unique across tenants, and nothing else.",
                "constraints": [
                    tenants.schema.constraints.RowSecurity(
                        column="holder", name="tenants_tenantslug_isolation"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
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
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "role",
                    models.CharField(
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
                (
                    "user",
                    models.ForeignKey(
                        db_comment="the member",
                        db_constraint=False,
                        help_text="the member",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=tenants.context.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        serialize=False,
                        to="tenants.tenant",
                    ),
                ),
                (
                    "deleted_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="when it was deleted; none while it is live",
                        editable=False,
                        help_text="when it was deleted; none while it is live",
                        null=True,
                    ),
                ),
            ],
            options={
                "db_table_comment": "A user's role in the tenant; of one who has left, the deleted row stays.",
                "base_manager_name": "all_objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at", None)),
                        fields=("tenant", "user"),
                        name="tenants_membership_user_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["owner", "editor", "viewer", "service"])),
                        name="tenants_membership_role",
                    ),
                    tenants.schema.constraints.TenantKey(name="tenants_membership_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="tenants_membership_tenant_exists"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="tenants_membership_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, UPDATE, DELETE, MAINTAIN",
                        name="tenants_membership_grants",
                    ),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("all_objects", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Invitation",
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
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "email",
                    models.EmailField(
                        db_comment="who is invited",
                        help_text="who is invited",
                        max_length=254,
                        verbose_name="e-mail",
                    ),
                ),
                (
                    "role",
                    models.CharField(
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
                (
                    "token_hash",
                    models.CharField(
                        db_comment="SHA-256 of the token, in hex",
                        help_text="SHA-256 of the token, in hex",
                        max_length=64,
                    ),
                ),
                (
                    "expires_at",
                    models.DateTimeField(
                        db_comment="until when it can be taken",
                        help_text="until when it can be taken",
                    ),
                ),
                (
                    "accepted_at",
                    models.DateTimeField(
                        blank=True,
                        db_comment="when it was taken; none while nobody has",
                        help_text="when it was taken; none while nobody has",
                        null=True,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        default=tenants.context.current_tenant_id,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        serialize=False,
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "db_table_comment": "An offer of membership; who holds the token may take it, once.",
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["token_hash"], name="tenants_invitation_token")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "token_hash"), name="tenants_invitation_token_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("accepted_at", None)),
                        fields=("tenant", "email"),
                        name="tenants_invitation_pending_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["owner", "editor", "viewer", "service"])),
                        name="tenants_invitation_role",
                    ),
                    tenants.schema.constraints.TenantKey(name="tenants_invitation_pkey"),
                    tenants.schema.constraints.TenantReference(
                        field="tenant", name="tenants_invitation_tenant_exists"
                    ),
                    tenants.schema.constraints.RowSecurity(
                        column="tenant_id", name="tenants_invitation_isolation"
                    ),
                    tenants.schema.constraints.Grants(
                        app="SELECT, INSERT, UPDATE, DELETE, MAINTAIN",
                        name="tenants_invitation_grants",
                    ),
                ],
            },
        ),
    ]
