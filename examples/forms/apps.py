"""The AppConfig of the form builder."""

from django.apps import AppConfig


class FormsConfig(AppConfig):
    """A form builder."""

    name = "examples.forms"

    def plant_example(self) -> list[str]:
        """Create the rows of `seed dev` and `seed examples`; safe to repeat."""
        from examples.forms import seeds

        return [seeds.plant()]
