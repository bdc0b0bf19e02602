"""Defaults in the database, so that plain SQL and other programs can insert."""

from django.conf import settings
from django.db import migrations

import tenants.schema.defaults


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0003_best_before"),
        ("tenants", "0012_defaults"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="category",
            constraint=tenants.schema.defaults.Defaults(
                columns={"created_at": "now()", "id": "uuidv7()", "updated_at": "now()"},
                name="shop_category_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=tenants.schema.defaults.Defaults(
                columns={"created_at": "now()", "id": "uuidv7()", "updated_at": "now()"},
                name="shop_item_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "note": "''::text",
                    "placed_at": "now()",
                    "status": "'placed'::character varying",
                    "total": "0",
                    "updated_at": "now()",
                },
                name="shop_order_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "created_at": "now()",
                    "description": "''::text",
                    "id": "uuidv7()",
                    "metadata": "'{}'::jsonb",
                    "stock": "0",
                    "updated_at": "now()",
                },
                name="shop_product_defaults",
            ),
        ),
        migrations.AddConstraint(
            model_name="statuschange",
            constraint=tenants.schema.defaults.Defaults(
                columns={
                    "before": "''::character varying",
                    "created_at": "now()",
                    "id": "uuidv7()",
                    "updated_at": "now()",
                },
                name="shop_statuschange_defaults",
            ),
        ),
    ]
