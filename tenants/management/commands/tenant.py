"""`manage.py tenant`: found tenants and list them."""

import argparse
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from rich.table import Table

from tenants.context import acting_for, inspecting
from tenants.errors import StoreError
from tenants.management.base import Command as BaseCommand
from tenants.models import Membership, Tenant, User


class BadTenant(StoreError):
    """That cannot be a tenant."""

    code = "bad_tenant"


class Command(BaseCommand):
    """Tenants, from the command line."""

    help = "Found a tenant, suspend or reactivate it, or list them all."
    examples = """
  manage.py tenant create rivera --name "Rivera family" --owner ana@example.com
  manage.py tenant suspend rivera      # from now on it can be read and not written
  manage.py tenant reactivate rivera
  manage.py tenant list --json
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(
            dest="verb", required=True, metavar="create|suspend|reactivate|list"
        )
        create = verbs.add_parser("create", help="found a tenant")
        create.add_argument("slug", metavar="SLUG", help="letters, digits, - and _; unique")
        create.add_argument("--name", default="", help="what people call it (default: the slug)")
        create.add_argument("--owner", metavar="E-MAIL", help="a user to be its first owner")
        suspend = verbs.add_parser("suspend", help="let it be read and not written")
        reactivate = verbs.add_parser("reactivate", help="let it be written again")
        for verb in (suspend, reactivate):
            verb.add_argument("slug", metavar="SLUG", help="which one")
        for verb in (create, suspend, reactivate, verbs.add_parser("list", help="list them all")):
            verb.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        if verb in ("suspend", "reactivate"):
            rows = [self._switch(verb, options["slug"])]
        else:
            rows = self._list() if verb == "list" else [self._create(**options)]
        if options["json"]:
            self.print_json(rows if verb == "list" else rows[0])
            return
        table = Table("slug", "name", "id", "since", "suspended")
        for slug, name, pk, *times in (row.values() for row in rows):
            table.add_row(slug, name, pk, *((time or "").partition("T")[0] for time in times))
        self.print_rich(table)

    def _create(self, *, slug: str, name: str, owner: str | None, **_: Any) -> dict[str, Any]:
        user = _user(owner) if owner else None
        try:
            tenant = Tenant.objects.create_tenant(slug, name)
        except ValidationError as error:
            raise BadTenant(f"{slug!r}: {' '.join(error.messages)}") from error
        if user:
            with acting_for(tenant):
                Membership.objects.admit(user, Membership.Role.OWNER)
        return _row(tenant)

    def _switch(self, verb: str, slug: str) -> dict[str, Any]:
        tenant_id = Tenant.objects.id_of(slug)
        getattr(Tenant.objects, verb)(tenant_id)
        with acting_for(tenant_id):
            return _row(*Tenant.objects.by_slug())

    def _list(self) -> list[dict[str, Any]]:
        with inspecting():
            return [_row(tenant) for tenant in Tenant.objects.by_slug()]


def _row(tenant: Tenant) -> dict[str, Any]:
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "id": str(tenant.pk),
        "since": _time(tenant.created_at),
        "suspended": _time(tenant.suspended_at),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _user(email: str) -> User:
    """The user with that address. Raises BadTenant."""
    try:
        return User.objects.called(email)
    except User.DoesNotExist as error:
        raise BadTenant(f"there is no user {email!r}: make one with createsuperuser") from error
