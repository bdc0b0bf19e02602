"""The AppConfig of the shop."""

from typing import override

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """A shop."""

    name = "examples.shop"

    @override
    def ready(self) -> None:
        from examples.shop.models import Product
        from tenants.access.quotas import Quota, declare

        declare(Quota("products", Product.objects.live, "delete a product"))

    def plant_example(self) -> list[str]:
        """Create the rows of `seed dev` and `seed examples`; safe to repeat."""
        from examples.shop import seeds

        return [seeds.plant()]
