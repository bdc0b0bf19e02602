"""`dumpdata`: the rows of one tenant with `--tenant SLUG`, of global models without it."""

from collections.abc import Iterator, Sequence
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
from tenants.management.declarations import argument
from tenants.management.fixtures import (
    BadFixture,
    NeedsTenant,
    NotATenants,
    block_of,
    message_of,
    tenant_models,
    without_a_tenant,
)
from tenants.models import TenantModel, TenantOwned
from tenants.postgres.block import one_snapshot
from tenants.postgres.compiler import whole_rows
from tenants.schema.fields import is_never_dumped

FORMATS = ("json", "jsonl", "yaml")
"""The formats without loss: XML loses blanks at both ends of a text, and typed JSON."""
COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma", ".lzma": "lzma"}


class ExactEncoder(DjangoJSONEncoder):
    """Django's encoder, with times in microseconds, as in PostgreSQL, not in milliseconds."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


class Command(BaseCommand, dumpdata.Command):
    """Django's dumpdata; with --tenant, all rows of a tenant in one snapshot, without its id."""

    help = (
        "Dump rows as a fixture. With --tenant, dump the rows of that tenant in one snapshot: all "
        "models of tenants, with their ids and times, soft-deleted rows, and the history of "
        "changes. The fixture contains neither the tenant itself nor users. Secrets are left out: "
        "the hashes of invitations' tokens, and sessions as a whole. Invitation.objects.reissue "
        "gives a loaded invitation a new token. The one exception: tenants.User, without --tenant, "
        "is dumped with the hashes of passwords, so that users can log in where they are loaded; "
        "keep that file as safe as the database."
    )
    examples = """
  manage.py dumpdata --tenant rivera --indent 1 -o rivera.json
  manage.py dumpdata --tenant rivera -e tenants.Change -o rivera.json.gz
  manage.py dumpdata auth tenants.User
"""

    arguments = (argument("--tenant", "the tenant to dump", "SLUG"),)

    def handle(self, *labels: str, **options: Any) -> None:
        slug = options.pop("tenant")
        try:
            chosen, excluded = _models(labels), set(_models(options["exclude"]))
        except CommandError as error:
            raise BadFixture(str(error)) from error
        if slug is None:
            for model in chosen if labels else apps.get_models():
                if model not in excluded and issubclass(model, TenantOwned):
                    raise NeedsTenant(
                        f"{model._meta.label} belongs to tenants: add --tenant SLUG, "
                        "or name global models only, such as: dumpdata auth tenants.User"
                    )
            options["exclude"] = [*options["exclude"], *_never_dumped(labels)]
            options["use_base_manager"] = True  # includes deactivated users
            with without_a_tenant(), whole_rows():
                super().handle(*labels, **options)
            return
        for label in labels:
            if not any(model in tenant_models() for model in _models([label])):
                raise NotATenants(f"{label} is a global model: dump it without --tenant")
        models = [m for m in tenant_models() if m not in excluded and (not labels or m in chosen)]
        self._dump(slug, models, options)

    def _dump(self, slug: str, chosen: list[type[TenantModel]], options: dict[str, Any]) -> None:
        form, pks, using = options["format"], options["primary_keys"], options["database"]
        exact = {"cls": ExactEncoder} if form in ("json", "jsonl") else {}
        if pks and len(chosen) != 1:
            raise BadFixture("--pks needs exactly one model: name it")
        if form not in FORMATS:
            raise BadFixture(f"the format {form!r} loses data: use one of {', '.join(FORMATS)}")
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
            raise BadFixture(f"nothing was dumped: {message_of(error)}") from error

    def _opened(self, options: dict[str, Any]) -> AbstractContextManager[Any]:
        """The output stream, compressed if the file's suffix is one of COMPRESSED."""
        if not (output := options["output"]):
            return nullcontext(self.stdout)
        module = import_module(COMPRESSED.get(Path(output).suffix, "io"))
        opened: AbstractContextManager[Any] = module.open(output, "wt", encoding="utf-8")
        return opened


def _models(labels: Any) -> list[type[models.Model]]:
    """The models of the labels, which name apps or models. Raises CommandError."""
    models, configs = parse_apps_and_model_labels(labels)
    chosen = {*models, *configs}
    return [each for each in apps.get_models() if chosen & {each, each._meta.app_config}]


def _never_dumped(labels: Sequence[str]) -> list[str]:
    """The models to leave out. Raises BadFixture for one that a label names."""
    never = [model._meta.label for model in apps.get_models() if is_never_dumped(model)]
    for label in never:
        if label.lower() in map(str.lower, labels):
            raise BadFixture(f"{label} is never dumped: it is nothing without its secrets")
    return never


def _rows(chosen: list[type[TenantModel]], using: str, pks: str | None) -> Iterator[TenantModel]:
    for model in chosen:
        rows = getattr(model, model.base_manager).using(using).dumped(pks and pks.split(","))
        yield from rows.iterator()
