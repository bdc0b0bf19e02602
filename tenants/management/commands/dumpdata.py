"""`dumpdata`, of one tenant with `--tenant SLUG`; without it, of global models only."""

import argparse
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core import serializers
from django.core.management.base import CommandError
from django.core.management.commands import dumpdata
from django.core.management.utils import parse_apps_and_model_labels
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from tenants.management.base import Command as BaseCommand
from tenants.management.fixtures import (
    BadFixture,
    NeedsTenant,
    NotATenants,
    block_of,
    of_tenants,
    said_by,
    tenants_models,
    without_a_tenant,
)
from tenants.models import TenantModel
from tenants.postgres.block import one_snapshot
from tenants.postgres.compiler import whole_rows

FORMATS = ("json", "jsonl", "yaml")
"""Those that keep all there is: XML loses blanks at either end, and typed JSON."""
COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma", ".lzma": "lzma"}


class ExactEncoder(DjangoJSONEncoder):
    """Django's, which cuts times to milliseconds; PostgreSQL keeps microseconds."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


class Command(BaseCommand, dumpdata.Command):
    """Django's dumpdata; of a tenant, whole and as of one moment, not naming the tenant."""

    help = (
        "Dump rows as a fixture. With --tenant, those of that tenant as they were at one moment: "
        "of every model that tenants have, rows marked deleted and the history of changes "
        "included, with all their ids and times. The tenant itself and users are not in it."
    )
    examples = """
  manage.py dumpdata --tenant rivera --indent 1 -o rivera.json
  manage.py dumpdata --tenant rivera -e tenants.Change -o rivera.json.gz
  manage.py dumpdata auth tenants.User
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)  # type: ignore[arg-type]
        parser.add_argument("--tenant", metavar="SLUG", help="dump the rows of this tenant")

    def handle(self, *labels: str, **options: Any) -> None:
        slug = options.pop("tenant")
        try:
            named, left_out = _models(labels), set(_models(options["exclude"]))
        except CommandError as error:
            raise BadFixture(str(error)) from error
        if slug is None:
            for model in named if labels else apps.get_models():
                if model not in left_out and of_tenants(model):
                    raise NeedsTenant(
                        f"{model._meta.label} is a tenant's: say --tenant SLUG, "
                        "or name global models only, such as: dumpdata auth tenants.User"
                    )
            options["use_base_manager"] = True  # users who were deactivated are part of it
            with without_a_tenant(), whole_rows():
                super().handle(*labels, **options)
            return
        for label in labels:
            if not any(model in tenants_models() for model in _models([label])):
                raise NotATenants(f"{label} is no tenant's: dump it without --tenant")
        chosen = [m for m in tenants_models() if m not in left_out and (not labels or m in named)]
        self._dump(slug, chosen, options)

    def _dump(self, slug: str, chosen: list[type[TenantModel]], options: dict[str, Any]) -> None:
        form, pks, using = options["format"], options["primary_keys"], options["database"]
        exact = {"cls": ExactEncoder} if form in ("json", "jsonl") else {}
        if pks and len(chosen) != 1:
            raise BadFixture("--pks is for one model")
        if form not in FORMATS:
            raise BadFixture(f"{form!r} does not keep all of a tenant: {', '.join(FORMATS)} do")
        self.stdout.ending = ""
        try:
            with one_snapshot(using=using), block_of(slug, using), self._opened(options) as stream:
                serializers.serialize(
                    form,
                    _rows(chosen, using, pks),
                    indent=options["indent"],
                    use_natural_foreign_keys=options["use_natural_foreign_keys"],
                    use_natural_primary_keys=options["use_natural_primary_keys"],
                    stream=stream,
                    **exact,
                )
        except (ImportError, FileNotFoundError, IsADirectoryError, PermissionError) as error:
            raise BadFixture(f"nothing was dumped: {said_by(error)}") from error

    def _opened(self, options: dict[str, Any]) -> AbstractContextManager[Any]:
        """Where the dump goes; compressed if the name says so."""
        if not (output := options["output"]):
            return nullcontext(self.stdout)
        module = import_module(COMPRESSED.get(Path(output).suffix, "io"))
        opened: AbstractContextManager[Any] = module.open(output, "wt", encoding="utf-8")
        return opened


def _models(labels: Any) -> list[type[models.Model]]:
    """The models that labels, of apps or models, come to. Raises CommandError."""
    named, configs = parse_apps_and_model_labels(labels)
    wanted = {*named, *configs}
    return [each for each in apps.get_models() if wanted & {each, each._meta.app_config}]


def _rows(chosen: list[type[TenantModel]], using: str, pks: str | None) -> Iterator[TenantModel]:
    for model in chosen:
        rows = getattr(model, model.base_manager).using(using).dumped(pks and pks.split(","))
        yield from rows.iterator()
