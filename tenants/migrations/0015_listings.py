"""What the listings of changes, invitations and memberships are found by."""

from django.db import migrations, models

import tenants.schema.searches


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0014_people"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="change",
            name="tenants_change_row",
        ),
        migrations.RemoveIndex(
            model_name="change",
            name="tenants_change_at",
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                fields=["tenant", "row_id", "created_at", "id"], name="tenants_change_of_row"
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                fields=["tenant", "model", "created_at", "id"], name="tenants_change_of_model"
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                fields=["tenant", "actor", "created_at", "id"], name="tenants_change_by_actor"
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["tenant", "created_at", "id"], name="tenants_change_newest"),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                fields=["tenant", "accepted_at", "id"], name="tenants_invitation_taken"
            ),
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(
                fields=["tenant", "expires_at", "id"], name="tenants_invitation_expiring"
            ),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(fields=["tenant", "user", "id"], name="tenants_membership_of_user"),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(fields=["tenant", "role", "id"], name="tenants_membership_of_role"),
        ),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(
                fields=["tenant", "deleted_at", "id"], name="tenants_membership_left"
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=tenants.schema.searches.TrigramSearch(
                fields=("email",), name="tenants_invitation_search"
            ),
        ),
    ]
