"""`manage.py audit`: check the invariants of every ledger."""

import argparse
import sys
from collections import defaultdict
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.table import Table

from budgets.errors import BadQuestion
from budgets.jobs import audit
from budgets.managers.hashes import ChainHead
from budgets.models import Budget
from tenants.context import acting_for, inspecting
from tenants.management.base import Command as BaseCommand
from tenants.models import Tenant

HEAD_COLONS = 2


class Command(BaseCommand):
    """Reads every ledger and reports each broken invariant."""

    help = (
        "Check the invariants of the ledgers of all tenants, or of one. Check also that every "
        "actor is a user (for unknown_user, create a user with that id, without a password), and "
        "that no live row is below a deleted one (for parent_deleted, restore the one or delete "
        "the other). "
        "Exit code 0: every invariant holds; 1: an invariant is broken or a tenant cannot be "
        "read, and each break is printed; 2: the audit could not run."
    )
    examples = """
  manage.py audit
  manage.py audit --tenant tierney --json
  manage.py audit --replay
  manage.py audit --head > heads.txt
  manage.py audit --since heads.txt
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="only this tenant")
        parser.add_argument(
            "--replay", action="store_true", help="also recompute every past cascade"
        )
        parser.add_argument(
            "--head",
            action="store_true",
            help="audit nothing; print the hash of the last movement of each budget, to keep"
            " elsewhere",
        )
        parser.add_argument(
            "--since",
            metavar="HEAD",
            action="append",
            default=[],
            help="also check that no movement up to this head has changed; or the file of some",
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(
        self,
        *args: Any,
        tenant: str | None,
        json: bool,
        replay: bool,
        head: bool,
        since: list[str],
        **options: Any,
    ) -> None:
        tenants, kept = _tenants(tenant), _heads(since)
        if head:
            self._print_heads(tenants, json)
            return
        breaks = list(audit.breaks_of_schema())
        audited = []
        with self.progress() as progress:
            for each in progress.track(tenants, description="Auditing"):
                of_tenant = list(audit.breaks_of(each, replay=replay))
                with acting_for(each):
                    mine = {pk: kept.pop(pk) for pk in audit.budgets_among(kept)}
                    of_tenant += audit.breaks_since(each, chain(*mine.values()))
                    audited.append(
                        {"tenant": each.slug, **audit.counts(), "breaks": len(of_tenant)}
                    )
                breaks += of_tenant
        breaks += [audit.lost(each) for each in chain(*kept.values())]
        if json:
            rows = [each.as_dict() for each in breaks]
            self.print_json({"ok": not breaks, "tenants": audited, "breaks": rows})
        else:
            self._print(audited, breaks, replay)
        if breaks:
            sys.exit(1)

    def _print_heads(self, tenants: list[Tenant], json: bool) -> None:
        heads = []
        for each in tenants:
            with acting_for(each):
                heads += [(each.slug, head) for head in Budget.objects.heads()]
        if json:
            self.print_json([{"tenant": slug, "head": str(head)} for slug, head in heads])
            return
        for slug, head in heads:
            self.stdout.write(f"{head} {slug}")

    def _print(
        self, audited: list[dict[str, Any]], breaks: list[audit.Break], replay: bool
    ) -> None:
        table = Table("tenant", *("budgets", "movements", "entries", "breaks"))
        for column in table.columns[1:]:
            column.justify = "right"
        for row in audited:
            table.add_row(*map(str, row.values()))
        self.print_rich(table)
        for each in breaks:
            self.stdout.write(str(each))
        scope = "I1-I15, every cascade replayed" if replay else "I1-I15"
        count = "1 break" if len(breaks) == 1 else f"{len(breaks)} breaks"
        self.stdout.write(count if breaks else f"every invariant holds: {scope}")


def _tenants(slug: str | None) -> list[Tenant]:
    """The tenant with that slug, or all tenants. Raises UnknownTenant."""
    with inspecting() if slug is None else acting_for(Tenant.objects.id_of(slug)):
        return list(Tenant.objects.by_slug())


def _heads(since: list[str]) -> dict[UUID, list[ChainHead]]:
    """The heads of `--since`, each a head itself or a file with one in a line, by budget.

    Raises BadQuestion.
    """
    heads: defaultdict[UUID, list[ChainHead]] = defaultdict(list)
    for each in since:
        for line in _lines(each):
            head = ChainHead.parse(line.split()[0])
            heads[head.budget].append(head)
    return heads


def _lines(given: str) -> list[str]:
    """The lines of a file of heads that are not empty; of a head, that one itself."""
    if given.count(":") == HEAD_COLONS and not Path(given).exists():
        return [given]
    try:
        text = Path(given).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BadQuestion(f"{given!r} is no head and cannot be read: {error}") from error
    return [line for line in text.splitlines() if line.strip()]
