"""`manage.py tenant`: create and list tenants, and change their plans."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from rich.table import Table

from tenants.access import quotas
from tenants.context import acting_for, inspecting
from tenants.errors import StoreError
from tenants.management.base import Command as BaseCommand
from tenants.management.base import Report
from tenants.management.declarations import JSON, Verb, argument, flag, one_of, parse_or_raise
from tenants.management.table_layout import make_table
from tenants.models import Membership, Tenant, User
from tenants.refusals import BadTrial


class BadTenant(StoreError):
    """The tenant cannot be created, or the user does not exist."""

    code = "bad_tenant"


def _create(*, slug: str, name: str, owner: str | None, external_id: str, **_: Any) -> Report:
    user = _user(owner) if owner else None
    try:
        tenant = Tenant.objects.create_tenant(slug, name, external_id=external_id)
    except ValidationError as error:
        raise BadTenant(f"{slug!r}: {' '.join(error.messages)}") from error
    if user:
        with acting_for(tenant):
            Membership.objects.admit(user, Membership.Role.OWNER)
    return _changed(tenant)


def _suspend(*, verb: str, slug: str, **_: Any) -> Report:
    tenant_id = Tenant.objects.id_of(slug)
    getattr(Tenant.objects, verb)(tenant_id)
    with acting_for(tenant_id):
        return _changed(*Tenant.objects.by_slug())


def _plan(*, slug: str, plan: str, **_: Any) -> Report:
    with acting_for(Tenant.objects.id_of(slug)):
        return _changed(Tenant.objects.change_plan(plan))


def _set_external_id(*, slug: str, external_id: str, **_: Any) -> Report:
    with acting_for(Tenant.objects.id_of(slug)):
        return _changed(Tenant.objects.set_external_id(external_id))


def _trial(*, slug: str, plan: str | None, until: str | None, **_: Any) -> Report:
    """Start a trial, change its end, or end it. Raises BadTrial."""
    with acting_for(Tenant.objects.id_of(slug)):
        if until is None:
            return _changed(Tenant.objects.end_trial())
        if plan is None:
            return _changed(Tenant.objects.extend_trial(_moment(until)))
        return _changed(Tenant.objects.start_trial(plan, _moment(until)))


def _list_tenants(**_: Any) -> Report:
    with inspecting():
        rows = [_row(tenant) for tenant in Tenant.objects.by_slug()]
    return rows, _table(rows)


def _quotas(*, slug: str, **_: Any) -> Report:
    with acting_for(Tenant.objects.id_of(slug)):
        [tenant], standings = Tenant.objects.by_slug(), list(quotas.standings())
    title = f"{slug}: {tenant.status}, plan {tenant.plan_in_force}"
    if tenant.status == "trial":
        title += f" until {_time(tenant.trial_ends_at)}, then {tenant.plan}"
    by_quota = {
        each.quota: {"used": each.used, "allowed": each.allowed, "by": each.source}
        for each in standings
    }
    rows = (
        (each.quota, each.used, "unlimited" if each.allowed is None else each.allowed, each.source)
        for each in standings
    )
    table = make_table("quota", "used", "allowed", "by", rows=rows)
    return {"plan": tenant.plan_in_force, "quotas": by_quota}, title, table


def _changed(tenant: Tenant) -> Report:
    row = _row(tenant)
    return row, _table([row]), _details(row)


def _table(rows: Iterable[dict[str, Any]]) -> Table:
    columns = ("slug", "name", "id", "since", "suspended")
    rows = (
        row | {name: (row[name] or "").partition("T")[0] for name in columns[3:]} for row in rows
    )
    return make_table(*columns, rows=([row[name] for name in columns] for row in rows))


def _moment(text: str) -> datetime:
    """A time in ISO 8601, by default in UTC. Raises BadTrial."""
    message = f"{text!r} is not a time: write 2027-01-31, or 2027-01-31T12:00+01:00"
    moment = parse_or_raise(datetime.fromisoformat, text, BadTrial(message))
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


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _user(email: str) -> User:
    """The user with that address. Raises BadTenant."""
    try:
        return User.objects.get_by_name(email)
    except User.DoesNotExist as error:
        raise BadTenant(f"there is no user {email!r}: create one by createsuperuser") from error


ONE = (argument("slug", "the slug of a tenant", "SLUG"), JSON)
VERBS = {
    "create": Verb(
        "create a tenant",
        _create,
        (
            JSON,
            argument("slug", "unique; letters, digits, - and _", "SLUG"),
            argument("--name", "the name to show (default: the slug)", default=""),
            argument("--owner", "the user who becomes its first owner", "E-MAIL"),
            argument("--external-id", "its id in another system", "ID", default=""),
        ),
    ),
    "suspend": Verb("make a tenant read-only", _suspend, ONE),
    "reactivate": Verb("make a suspended tenant writable again", _suspend, ONE),
    "plan": Verb(
        "change the plan of a tenant",
        _plan,
        (*ONE, argument("plan", "one of the declared plans", "PLAN")),
    ),
    "trial": Verb(
        "start, extend or end the trial of a plan",
        _trial,
        (
            *ONE,
            argument("plan", "the plan of a new trial", "PLAN", nargs="?"),
            one_of(
                argument("--until", "the end: 2027-01-31 (0:00 UTC), or with a time", "TIME"),
                flag("--end", "end the trial now"),
                required=True,
            ),
        ),
    ),
    "external-id": Verb(
        "set the id of a tenant in another system",
        _set_external_id,
        (*ONE, argument("external_id", 'its id in another system; "" removes it', "ID")),
    ),
    "quotas": Verb("show the quotas of a tenant and their usage", _quotas, ONE),
    "list": Verb("list all tenants", _list_tenants, (JSON,)),
}


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
    verbs = VERBS

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        self.print_report(options["json"], VERBS[verb].run(verb=verb, **options))
