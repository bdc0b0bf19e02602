"""`manage.py seed`: something to look at, to test with, or to begin production with."""

import argparse
from typing import Any

from django.apps import apps
from django.conf import settings

from budgets.management import seeds
from tenants.errors import StoreError
from tenants.management.base import Command as BaseCommand


class NotHere(StoreError):
    """That seed does not belong into this environment."""

    code = "not_here"


class Command(BaseCommand):
    """Plants data through the same verbs as everybody's; safe to repeat.

    Another app adds to `seed dev` by a method of its AppConfig, `plant_dev`, which returns a line
    for each thing it planted; to `seed dev` and `seed examples` by `plant_example`.
    """

    help = (
        "dev: users, tenants, budgets and history; test: what fixtures need; "
        "prod: roles and permissions only; examples: the rows of the example apps, in any "
        "environment that has them (EXAMPLES=true). Repeating a seed changes nothing."
    )
    examples = """
  manage.py seed dev
  manage.py seed prod
  EXAMPLES=true manage.py seed examples
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "which", choices=["dev", "test", "prod", "examples"], help="what to plant"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, which: str, json: bool, **options: Any) -> None:
        if which in ("dev", "test") and settings.ENVIRONMENT == "production":
            raise NotHere(f"seed {which} makes known passwords and play money: not in production")
        planted = _examples() if which == "examples" else [seeds.plant_roles()]
        if which == "dev":
            planted += [seeds.plant_admin(), *seeds.plant(seeds.DEV)]
            planted += [*_planted_by("plant_dev"), *_planted_by("plant_example")]
        elif which == "test":
            planted += seeds.plant(seeds.TEST)
        if json:
            self.print_json({"planted": planted})
        else:
            self.stdout.write("\n".join(planted))


def _examples() -> list[str]:
    if not (planted := _planted_by("plant_example")):
        raise NotHere("no example is installed: EXAMPLES=true installs them, and migrate after it")
    return planted


def _planted_by(method: str) -> list[str]:
    """What the apps say that have such a method."""
    asked = [getattr(config, method, list) for config in apps.get_app_configs()]
    return [line for plant in asked for line in plant()]
