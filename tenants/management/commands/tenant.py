"""`manage.py tenant`: create and list tenants, and change their plans."""

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from rich.table import Table

from tenants.access import quotas
from tenants.context import acting_for, inspecting
from tenants.errors import StoreError
from tenants.management.base import Command as BaseCommand
from tenants.models import Membership, Tenant, User
from tenants.refusals import BadTrial

VERBS = {
    "create": "create a tenant",
    "suspend": "make a tenant read-only",
    "reactivate": "make a suspended tenant writable again",
    "plan": "change the plan of a tenant",
    "trial": "start, extend or end the trial of a plan",
    "external-id": "set the id of a tenant in another system",
    "quotas": "show the quotas of a tenant and their usage",
    "list": "list all tenants",
}


class BadTenant(StoreError):
    """The tenant cannot be created, or the user does not exist."""

    code = "bad_tenant"


class Command(BaseCommand):
    """Manages tenants."""

    help = "Create, suspend and list tenants, and change their plans."
    examples = """
  manage.py tenant create rivera --name "Rivera family" --owner ana@example.com
  manage.py tenant suspend rivera      # read-only until it is reactivated
  manage.py tenant reactivate rivera
  manage.py tenant plan rivera team
  manage.py tenant trial rivera business --until 2027-01-31     # then its own plan applies again
  manage.py tenant trial rivera --until 2027-02-28
  manage.py tenant trial rivera --end
  manage.py tenant external-id rivera org_2f9c
  manage.py tenant quotas rivera       # configure --tenant rivera quotas overrides them
  manage.py tenant list --json
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="|".join(VERBS))
        parsers = {verb: verbs.add_parser(verb, help=text) for verb, text in VERBS.items()}
        for verb, each in parsers.items():
            if verb not in ("create", "list"):
                each.add_argument("slug", metavar="SLUG", help="the slug of a tenant")
            each.add_argument("--json", action="store_true", help="print JSON")
        create, trial = parsers["create"], parsers["trial"]
        create.add_argument("slug", metavar="SLUG", help="unique; letters, digits, - and _")
        create.add_argument("--name", default="", help="the name to show (default: the slug)")
        create.add_argument(
            "--owner", metavar="E-MAIL", help="the user who becomes its first owner"
        )
        create.add_argument(
            "--external-id", default="", metavar="ID", help="its id in another system"
        )
        parsers["plan"].add_argument("plan", metavar="PLAN", help="one of the declared plans")
        trial.add_argument("plan", nargs="?", metavar="PLAN", help="the plan of a new trial")
        ends = trial.add_mutually_exclusive_group(required=True)
        ends.add_argument(
            "--until", metavar="TIME", help="the end: 2027-01-31 (0:00 UTC), or with a time"
        )
        ends.add_argument("--end", action="store_true", help="end the trial now")
        parsers["external-id"].add_argument(
            "external_id", metavar="ID", help='its id in another system; "" removes it'
        )

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        if verb == "quotas":
            self._show_quotas(options["slug"], as_json=options["json"])
            return
        rows = self._list() if verb == "list" else [self._change(verb, **options)]
        if options["json"]:
            self.print_json(rows if verb == "list" else rows[0])
            return
        table = Table("slug", "name", "id", "since", "suspended")
        for row in rows:
            times = (row[name] or "" for name in ("since", "suspended"))
            days = (time.partition("T")[0] for time in times)
            table.add_row(row["slug"], row["name"], row["id"], *days)
        self.print_rich(table, *([] if verb == "list" else [_details(rows[0])]), sep="\n")

    def _change(self, verb: str, **options: Any) -> dict[str, Any]:
        if verb == "create":
            return self._create(**options)
        tenant_id = Tenant.objects.id_of(options["slug"])
        if verb in ("suspend", "reactivate"):
            getattr(Tenant.objects, verb)(tenant_id)
            with acting_for(tenant_id):
                return _row(*Tenant.objects.by_slug())
        changes: dict[str, Callable[..., Tenant]] = {
            "plan": lambda: Tenant.objects.change_plan(options["plan"]),
            "trial": lambda: _trial(options["plan"], options["until"]),
            "external-id": lambda: Tenant.objects.set_external_id(options["external_id"]),
        }
        with acting_for(tenant_id):
            return _row(changes[verb]())

    def _create(
        self, *, slug: str, name: str, owner: str | None, external_id: str, **_: Any
    ) -> dict[str, Any]:
        user = _user(owner) if owner else None
        try:
            tenant = Tenant.objects.create_tenant(slug, name, external_id=external_id)
        except ValidationError as error:
            raise BadTenant(f"{slug!r}: {' '.join(error.messages)}") from error
        if user:
            with acting_for(tenant):
                Membership.objects.admit(user, Membership.Role.OWNER)
        return _row(tenant)

    def _list(self) -> list[dict[str, Any]]:
        with inspecting():
            return [_row(tenant) for tenant in Tenant.objects.by_slug()]

    def _show_quotas(self, slug: str, *, as_json: bool) -> None:
        with acting_for(Tenant.objects.id_of(slug)):
            [tenant], standings = Tenant.objects.by_slug(), list(quotas.standings())
        if as_json:
            by_quota = {each.quota: _standing(each) for each in standings}
            self.print_json({"plan": tenant.plan_in_force, "quotas": by_quota})
            return
        title = f"{slug}: {tenant.status}, plan {tenant.plan_in_force}"
        if tenant.status == "trial":
            title += f" until {_time(tenant.trial_ends_at)}, then {tenant.plan}"
        table = Table("quota", "used", "allowed", "by")
        for each in standings:
            allowed = "unlimited" if each.allowed is None else str(each.allowed)
            table.add_row(each.quota, str(each.used), allowed, each.source)
        self.print_rich(title, table, sep="\n")


def _trial(plan: str | None, until: str | None) -> Tenant:
    """Start a trial, change its end, or end it. Raises BadTrial."""
    if until is None:
        return Tenant.objects.end_trial()
    if plan is None:
        return Tenant.objects.extend_trial(_moment(until))
    return Tenant.objects.start_trial(plan, _moment(until))


def _moment(text: str) -> datetime:
    """A time in ISO 8601, by default in UTC. Raises BadTrial."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadTrial(
            f"{text!r} is not a time: write 2027-01-31, or 2027-01-31T12:00+01:00"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _row(tenant: Tenant) -> dict[str, Any]:
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "id": str(tenant.pk),
        "since": _time(tenant.created_at),
        "suspended": _time(tenant.suspended_at),
        "status": tenant.status,
        "plan": tenant.plan,
        "trial_plan": tenant.trial_plan or None,
        "trial_ends": _time(tenant.trial_ends_at),
        "external_id": tenant.external_id or None,
    }


def _details(row: dict[str, Any]) -> str:
    """The values without a column in the table: status, plan, trial and external id."""
    text = f"{row['status']}, plan {row['plan']}"
    if row["status"] == "trial":
        text += f", trial of {row['trial_plan']} until {row['trial_ends']}"
    return text + (f", external id {row['external_id']}" if row["external_id"] else "")


def _standing(standing: quotas.Standing) -> dict[str, Any]:
    return {"used": standing.used, "allowed": standing.allowed, "by": standing.source}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _user(email: str) -> User:
    """The user with that address. Raises BadTenant."""
    try:
        return User.objects.get_by_name(email)
    except User.DoesNotExist as error:
        raise BadTenant(f"there is no user {email!r}: create one by createsuperuser") from error
