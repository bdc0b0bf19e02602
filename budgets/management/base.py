"""What commands on one budget share."""

import argparse
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any, override
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from budgets import money
from budgets.cascade import Claim
from budgets.errors import BadAmount, BadQuestion
from budgets.models import Budget
from tenants.context import acting_for, inspecting, run_for
from tenants.errors import UnknownTenant
from tenants.local import local, localised
from tenants.management.base import Command
from tenants.managers.naming import MOST, did_you_mean
from tenants.models import Membership, Tenant
from tenants.refusals import NotAMember


class LocalCommand(Command):
    """A command in the language and the time zone of a tenant; `--locale` and `--zone` go before.

    Not every command has both flags.
    """

    @override
    def execute(self, *args: Any, **options: Any) -> str | None:
        with localised(locale=options.get("locale"), time_zone=options.get("zone")):
            return super().execute(*args, **options)


class BudgetCommand(LocalCommand):
    """A command with `--tenant` and `--budget`."""

    @override
    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--tenant", required=True, metavar="SLUG", help="whose budget")
        parser.add_argument("--budget", required=True, metavar="NAME", help="its name, or its id")
        parser.add_argument("--json", action="store_true", help="print JSON")
        add_locale(parser)

    def on_budget[T](
        self,
        slug: str,
        name: str,
        work: Callable[[Budget], T],
        *,
        by: str | None = None,
        archived: bool = False,
    ) -> T:
        """Do `work` on the named budget as `in_tenant` does; on an archived one too, if asked.

        Raises UnknownTenant, UnknownBudget and NotAMember.
        """
        return in_tenant(
            slug, lambda: work(Budget.objects.get_by_name(name, archived=archived)), by=by
        )


def in_tenant[T](slug: str, work: Callable[[], T], *, by: str | None = None) -> T:
    """Do `work` for the tenant of that slug, in one transaction that is retried as a whole.

    `by` is the e-mail address of the member who acts, with their role; without it the system
    acts, which may do all. Raises UnknownTenant and NotAMember.
    """
    tenant_id = tenant_called(slug)
    if by is None:
        return run_for(tenant_id, work)
    with acting_for(tenant_id):
        member = Membership.objects.by_email(by).first()
    if member is None:
        raise NotAMember(f"{by} is no member of {slug}")
    return run_for(tenant_id, work, actor=member.user_id, role=member.role)


def tenant_called(slug: str) -> UUID:
    """The id of the tenant of that slug. Raises UnknownTenant, which suggests the nearest ones."""
    try:
        return Tenant.objects.id_of(slug)
    except UnknownTenant as error:
        with inspecting():
            slugs = [tenant.slug for tenant in Tenant.objects.by_slug()[:MOST]]
        raise UnknownTenant(f"{error}{did_you_mean(slug, slugs)}") from error


def add_locale(parser: argparse.ArgumentParser) -> None:
    """The flag `--locale`."""
    parser.add_argument(
        "--locale",
        type=_locale,
        metavar="NAME",
        help="how sums are written: en, de, fr_CH ... (default: as the tenant's settings say)",
    )


def add_zone(parser: argparse.ArgumentParser) -> None:
    """The flag `--zone`."""
    parser.add_argument(
        "--zone", type=_zone, metavar="NAME", help="such as Europe/Madrid (default: the tenant's)"
    )


def _locale(name: str) -> str:
    """The name of a locale there is. Raises BadAmount."""
    return money.locale_named(name).name


def _zone(name: str) -> str:
    """The name of a time zone there is. Raises BadQuestion."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadQuestion(f"there is no time zone {name!r}", field="zone") from error


def typed(budget: Budget, text: str, *, signed: bool = False) -> int:
    """A sum as the tenant in force writes it. Raises BadAmount and WrongCurrency."""
    locale, exponent = local().locale, budget.exponent
    return money.parse(text, budget.currency, locale=locale, signed=signed, exponent=exponent)


def claim(budget: Budget, text: str) -> Claim:
    """A percentage, or a sum in the budget's currency. Raises BadRule and BadAmount."""
    if text.endswith("%"):
        return Claim(share=money.percent(text[:-1].strip(), locale=local().locale))
    return Claim(flat=rule_sum(budget, text))


def rule_sum(budget: Budget, text: str) -> int:
    """A sum of nothing or more: a filter of 0 and a target of 0 are rules. Raises BadAmount."""
    minor = typed(budget, text, signed=True)
    if minor < 0:
        raise BadAmount(f"a rule's sum is not less than zero: {text!r}")
    return minor


def moment(text: str | None, zone: tzinfo, *, end: timedelta = timedelta()) -> datetime | None:
    """A time, in `zone` unless it names its own; a day alone is its first moment plus `end`.

    Raises BadQuestion.
    """
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text)
        if len(text) <= len("2026-03-31"):
            told += end
    except (ValueError, OverflowError) as error:
        wrong = f"a time is written like 2026-03-31 or 2026-03-31T12:00+02:00, not {text!r}"
        raise BadQuestion(wrong, field="time") from error
    return told if told.tzinfo else told.replace(tzinfo=zone)
