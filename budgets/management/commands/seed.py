"""`manage.py seed`: data for development, tests, production or the examples."""

from typing import Any

from django.apps import apps
from django.conf import settings

from budgets.management import seeds
from tenants.errors import StoreError
from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import JSON, argument
from tenants.postgres.statistics import analyze


class NotHere(StoreError):
    """This environment cannot have that seed."""

    code = "not_here"


class Command(BaseCommand):
    """Writes data through the public verbs; safe to repeat.

    An app adds data to `seed dev` with a method `plant_dev` of its AppConfig, which returns the
    lines to print, and to `seed dev` and `seed examples` with `plant_example`.
    """

    help = (
        "Write data to start with. dev: users, tenants, budgets and history; test: a tenant with "
        "one member of each role; prod: groups and permissions only; examples: the rows of the "
        "example apps (needs EXAMPLES=true). Repeating a seed changes nothing."
    )
    examples = """
  manage.py seed dev
  manage.py seed prod
  EXAMPLES=true manage.py seed examples
"""

    arguments = (
        argument("which", "which data", choices=["dev", "test", "prod", "examples"]),
        JSON,
    )

    def handle(self, *args: Any, which: str, json: bool, **options: Any) -> None:
        if which in ("dev", "test") and settings.ENVIRONMENT == "production":
            raise NotHere(
                f"seed {which} creates public passwords and test data: production refuses it"
            )
        planted = _examples() if which == "examples" else [seeds.plant_roles()]
        if which == "dev":
            planted += [seeds.plant_admin(), *seeds.plant(seeds.DEV)]
            planted += [*_planted_by("plant_dev"), *_planted_by("plant_example")]
        elif which == "test":
            planted += seeds.plant(seeds.TEST)
        analyze()
        self.print_report(json, ({"planted": planted}, *planted))


def _examples() -> list[str]:
    if not (planted := _planted_by("plant_example")):
        raise NotHere("the example apps are not installed: set EXAMPLES=true and run migrate")
    return planted


def _planted_by(method: str) -> list[str]:
    """Call the method of each app that has it; return the lines."""
    methods = [getattr(config, method, list) for config in apps.get_app_configs()]
    return [line for plant in methods for line in plant()]
