"""Until when a product is good, and a listing in that order."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0002_readable_times"),
        ("tenants", "0008_extensions"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="best_before",
            field=models.DateField(blank=True, help_text="none where it keeps", null=True),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                fields=["tenant", "best_before", "id"], name="shop_product_expiring"
            ),
        ),
        migrations.AddIndex(
            model_name="product",
            index=models.Index(
                models.F("tenant"),
                models.OrderBy(models.F("best_before"), descending=True, nulls_last=True),
                models.OrderBy(models.F("id"), descending=True),
                name="shop_product_keeping",
            ),
        ),
    ]
