"""The app's configuration."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """A shop."""

    name = "tests.shop"
