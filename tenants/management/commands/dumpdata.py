"""`dumpdata`, of one tenant with `--tenant SLUG`; without it, of global models only."""

import argparse
from typing import Any

from django.apps import apps
from django.core.management.commands import dumpdata

from tenants.management.base import Command as BaseCommand
from tenants.management.fixtures import (
    NeedsTenant,
    NotATenants,
    block_of,
    of_tenants,
    tenants_models,
)
from tenants.postgres.compiler import whole_rows


class Command(BaseCommand, dumpdata.Command):
    """Django's dumpdata within a tenant's block; the dump does not name the tenant."""

    examples = """
  manage.py dumpdata --tenant rivera --indent 1 -o rivera.json
  manage.py dumpdata auth tenants.User
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)  # type: ignore[arg-type]
        parser.add_argument("--tenant", metavar="SLUG", help="dump the rows of this tenant")

    def handle(self, *labels: str, **options: Any) -> None:
        slug = options.pop("tenant")
        dumped = {model._meta.label for model in tenants_models()}
        for model in _named(labels, options["exclude"]):
            if slug is None and of_tenants(model):
                raise NeedsTenant(
                    f"{model._meta.label} is a tenant's: say --tenant SLUG, "
                    "or name global models only, such as: dumpdata auth tenants.User"
                )
            if slug is not None and model._meta.label in labels and model._meta.label not in dumped:
                raise NotATenants(f"{model._meta.label} is no tenant's: dump it without --tenant")
        if slug is not None:
            others = {model._meta.label for model in apps.get_models()} - dumped
            options["exclude"] = [*options["exclude"], *others]
        options["use_base_manager"] = True  # what is marked deleted is part of it
        with block_of(slug, options["database"]), whole_rows():
            super().handle(*labels, **options)


def _named(labels: tuple[str, ...], excluded: list[str]) -> list[Any]:
    """The models that labels (apps or models; none: all) come to."""
    wanted = set(labels)
    return [
        model
        for model in apps.get_models()
        if (not wanted or {model._meta.app_label, model._meta.label} & wanted)
        and not {model._meta.app_label, model._meta.label} & set(excluded)
    ]
