"""Base classes of the commands on budgets, and parsers of what operators type."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, ClassVar, override
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from budgets import money
from budgets.cascade import Claim
from budgets.errors import BadAmount, BadQuestion
from budgets.models import Budget
from tenants.context import inspecting, run_for
from tenants.errors import UnknownTenant
from tenants.local import local, localised
from tenants.management.base import Command
from tenants.management.declarations import JSON, TENANT, Argument, argument
from tenants.managers.naming import MOST, did_you_mean
from tenants.models import Tenant, User
from tenants.refusals import NoMembership, NotAMember


class LocalCommand(Command):
    """A command that uses the tenant's locale and time zone; `--locale` and `--zone` override them.

    A command may have one of the flags, or none.
    """

    @override
    def execute(self, *args: Any, **options: Any) -> str | None:
        with localised(locale=options.get("locale"), time_zone=options.get("zone")):
            return super().execute(*args, **options)


def _locale(name: str) -> str:
    """Raises BadAmount for an unknown locale."""
    return money.locale_named(name).name


def _zone(name: str) -> str:
    """Raises BadQuestion for an unknown time zone."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadQuestion(
            f"unknown time zone {name!r}: use an IANA name such as Europe/Madrid", field="zone"
        ) from error


LOCALE = argument(
    "--locale",
    "notation of amounts: en, de, fr_CH ... (default: the tenant's)",
    "NAME",
    type=_locale,
)
ZONE = argument("--zone", "such as Europe/Madrid (default: the tenant's)", "NAME", type=_zone)
BUDGET = argument("--budget", "name or id", "NAME", required=True)
BUCKET = argument("bucket", "name or id", "BUCKET")
AMOUNT = argument("amount", "such as 1,250.50, in the tenant's notation", "AMOUNT")


class BudgetCommand(LocalCommand):
    """A command with `--tenant` and `--budget`."""

    arguments: ClassVar[Sequence[Argument]] = (TENANT, BUDGET, JSON, LOCALE)

    def on_budget[T](
        self,
        slug: str,
        name: str,
        work: Callable[[Budget], T],
        *,
        by: str | None = None,
        archived: bool = False,
    ) -> T:
        """Call `work` with the named budget, as `in_tenant` does; `archived` allows archived ones.

        Raises UnknownTenant, UnknownBudget and NotAMember.
        """
        return run_in_tenant(
            slug, lambda: work(Budget.objects.get_by_name(name, archived=archived)), by=by
        )


def run_in_tenant[T](slug: str, work: Callable[[], T], *, by: str | None = None) -> T:
    """Call `work` for the tenant with that slug, in one transaction that is retried as a whole.

    `by` is the e-mail address of the member who acts, with their role. Without it the system
    acts and may use every verb. Raises UnknownTenant and NotAMember.
    """
    tenant_id = tenant_id_of(slug)
    if by is None:
        return run_for(tenant_id, work)
    not_a_member = NotAMember(f"{by} is not a member of {slug}: name a member with --by")
    if (user := User.objects.by_email(by).first()) is None:
        raise not_a_member
    try:
        return run_for(tenant_id, work, member=user)
    except NoMembership as error:
        raise not_a_member from error


def tenant_id_of(slug: str) -> UUID:
    """The id of the tenant with that slug. Raises UnknownTenant, which suggests similar slugs."""
    try:
        return Tenant.objects.id_of(slug)
    except UnknownTenant as error:
        with inspecting():
            slugs = Tenant.objects.slugs_near(slug, MOST // 2)
        raise UnknownTenant(f"{error}{did_you_mean(slug, slugs)}") from error


def parse_amount(budget: Budget, text: str, *, signed: bool = False) -> int:
    """Minor units of an amount in the tenant's locale. Raises BadAmount and WrongCurrency."""
    locale, exponent = local().locale, budget.exponent
    return money.parse(text, budget.currency, locale=locale, signed=signed, exponent=exponent)


def parse_claim(budget: Budget, text: str) -> Claim:
    """The claim for a percentage or a flat amount. Raises BadRule and BadAmount."""
    if text.endswith("%"):
        return Claim(share=money.percent(text[:-1].strip(), locale=local().locale))
    return Claim(flat=parse_rule_amount(budget, text))


def parse_rule_amount(budget: Budget, text: str) -> int:
    """Minor units of an amount that may be 0, but not negative. Raises BadAmount."""
    minor = parse_amount(budget, text, signed=True)
    if minor < 0:
        raise BadAmount(f"the amount of a rule must be 0 or more, not {text!r}")
    return minor


def parse_time(text: str | None, zone: tzinfo, *, end: timedelta = timedelta()) -> datetime | None:
    """Parse an ISO time, in `zone` unless it has an offset; `end` is added to a date alone.

    Raises BadQuestion.
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        if len(text) <= len("2026-03-31"):
            time += end
    except (ValueError, OverflowError) as error:
        message = f"{text!r} is not a time: write 2026-03-31 or 2026-03-31T12:00+02:00"
        raise BadQuestion(message, field="time") from error
    return time if time.tzinfo else time.replace(tzinfo=zone)
