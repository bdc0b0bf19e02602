"""The app's configuration."""

from django.apps import AppConfig


class FormsConfig(AppConfig):
    """A form builder."""

    name = "examples.forms"

    def plant_example(self) -> list[str]:
        """What `seed dev` and `seed examples` plant here; safe to repeat."""
        from examples.forms import seeds

        return [seeds.plant()]
