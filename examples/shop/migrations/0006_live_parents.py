"""No live row under a deleted one: PostgreSQL refuses it (`tenants.schema.live_parents`)."""

from django.db import migrations

import tenants.schema.live_parents


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0005_grants"),
        ("tenants", "0020_grants"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="item",
            constraint=tenants.schema.live_parents.LiveParent(
                cascades=False, field="product", name="shop_item_product_live", soft=False
            ),
        ),
    ]
