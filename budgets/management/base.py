"""What commands on one budget share."""

import argparse
from collections.abc import Callable
from typing import Any, override
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from budgets import money
from budgets.cascade import Claim
from budgets.errors import BadAmount, BadQuestion
from budgets.models import Budget
from tenants.context import run_for
from tenants.local import local, localised
from tenants.management.base import Command
from tenants.models import Tenant


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

    def on_budget[T](self, slug: str, name: str, work: Callable[[Budget], T]) -> T:
        """Do `work` on the named budget, in one transaction that is retried as a whole.

        Raises UnknownTenant and UnknownBudget.
        """
        tenant_id = Tenant.objects.id_of(slug)
        return run_for(tenant_id, lambda: work(Budget.objects.called(name)))


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
