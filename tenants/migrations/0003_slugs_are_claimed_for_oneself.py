from django.db import migrations

import tenants.constraints


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_lookups")]
    operations = [
        migrations.AddConstraint(
            model_name="tenantslug",
            constraint=tenants.constraints.RowSecurity(
                column="tenant_id", name="tenants_tenantslug_isolation"
            ),
        ),
    ]
