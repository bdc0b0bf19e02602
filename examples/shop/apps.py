"""The app's configuration."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """A shop."""

    name = "examples.shop"

    def plant_example(self) -> list[str]:
        """What `seed dev` and `seed examples` plant here; safe to repeat."""
        from examples.shop import seeds

        return [seeds.plant()]
