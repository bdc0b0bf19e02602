"""The app's configuration."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """A shop."""

    name = "examples.shop"

    def plant_dev(self) -> list[str]:
        """What `seed dev` plants here; safe to repeat."""
        from examples.shop import seeds

        return [seeds.plant()]
