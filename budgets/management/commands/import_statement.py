"""`manage.py import_statement`: deposit the incoming lines of a bank statement, each once."""

import json as jsonlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

from rich.table import Table

from budgets.jobs.imports import (
    Choices,
    Classified,
    LineStatus,
    import_file,
    require_currency,
)
from budgets.management.base import BudgetCommand
from budgets.management.ledger_tables import amount_text, balances_table
from budgets.models import Budget
from budgets.statements import Hints, StatementFile, read, survey
from tenants.local import local, localised
from tenants.management.declarations import argument, flag, group
from tenants.management.table_layout import make_table

LISTED = 10
"""How many lines of each status are listed without --all."""

ALWAYS = (LineStatus.NEW, LineStatus.DUPLICATE, LineStatus.SKIPPED)
"""The statuses whose count is printed even if it is 0."""

STYLES = {LineStatus.NEW: "", LineStatus.HELD: "bold"}

HELD = """\
Held lines need a decision: they resemble lines imported before, or have an unlikely date.
--review shows the reasons, --include-line N imports a line, --skip-line N leaves it out,
--possible import imports all lines that only resemble others."""

ROLES = (
    "date",
    "amount",
    "credit",
    "debit",
    "direction",
    "description",
    "id",
    "account",
    "currency",
)


HINTS = ("decimal", "delimiter", "date_format", "encoding", "account")

CHOICES = group(
    "lines",
    "decisions about single lines, by number",
    flag("--review", "list every incoming line with its status and reason; write nothing"),
    argument("--skip-line", "do not import this line", "N", type=int, action="append", default=[]),
    argument(
        "--include-line",
        "import this line although it is held or skipped",
        "N",
        type=int,
        action="append",
        default=[],
    ),
    argument(
        "--possible",
        "hold or import lines that may have been imported before (default: hold)",
        choices=["hold", "import"],
        default="hold",
    ),
)
CSV = group(
    "CSV",
    "only what cannot be detected in the file",
    *(argument(f"--{role}-column", f"column of the {role}", "NAME") for role in ROLES),
    argument("--decimal", "decimal separator", choices=["", ".", ","], default=""),
    argument("--delimiter", "column separator", "CHAR", default=""),
    argument("--date-format", "format of dates, such as %%d.%%m.%%Y", "FORM", default=""),
    argument("--encoding", "encoding, such as utf-8 or windows-1252", default=""),
)


class Command(BudgetCommand):
    """Posts a deposit for each new incoming line of an OFX, QFX or CSV file."""

    help = (
        "Import a bank statement (OFX, QFX or CSV). Each incoming line becomes a deposit through "
        "the cascade; outgoing lines are listed as skipped. The whole file is validated first: an "
        "invalid file writes nothing. A second run imports nothing; after an interruption it "
        "continues. A line is held for your decision if it resembles a line imported before, or if "
        "its date is before 1970 or after the end of next year. Decisions about lines are stored. "
        "`undo_import` reverses the import."
    )
    examples = """
  manage.py import_statement --tenant tierney --budget Household budgets/samples/household.ofx
  manage.py import_statement --tenant tierney --budget Household \\
      budgets/samples/household.ofx --review
  manage.py import_statement --tenant tierney --budget Household \\
      budgets/samples/household.ofx --possible import --brief
  manage.py import_statement --tenant morgenrot --budget Bakery budgets/samples/bakery.csv \\
      --date-column Buchungsdatum --amount-column Betrag --decimal , --date-format %d.%m.%Y
"""

    arguments = (
        *BudgetCommand.arguments,
        argument("file", "OFX, QFX or CSV", "FILE"),
        flag("--dry-run", "show the lines and write nothing"),
        flag("--brief", "print only the totals"),
        flag("--all", f"list more than {LISTED} lines of a status"),
        CHOICES,
        argument("--currency", "currency of a file that names none", "CODE", default=""),
        argument("--account", "only this account of the file", default=""),
        CSV,
    )

    def handle(self, *args: Any, tenant: str, budget: str, **options: Any) -> None:
        target, settings = self.on_budget(tenant, budget, lambda each: (each, local()))
        with localised(locale=settings.locale):  # also outside of the tenant's block
            self._import(target, tenant, **options)

    def _import(self, budget: Budget, tenant: str, **options: Any) -> None:
        statement = _opened(budget, **options)
        review, brief = options["review"], options["brief"]
        dry_run = options["dry_run"] or review
        with self.progress() as progress:
            reading = progress.add_task("Reading", total=None)
            surveyed = survey(statement.lines(budget.exponent), lambda: progress.advance(reading))
            progress.update(reading, visible=False)
            choices = _choices(**options)
            lines = import_file(
                budget, statement, dry_run=dry_run, choices=choices, surveyed=surveyed
            )
            totals = Totals()
            tracked = totals.tally(
                progress.track(lines, total=surveyed.total, description="Importing")
            )
            if options["json"]:
                _print_json(budget, statement, tracked, totals, dry_run, every_why=review)
                return
            samples = _samples(tracked, None if options["all"] or review else LISTED)
        if review:
            self._review(budget, samples)
        elif not brief:
            self._list(budget, samples, totals.counts)
        self._print_totals(budget, statement, totals, dry_run)
        if not brief and not dry_run:
            pk = str(budget.pk)
            self.on_budget(tenant, pk, lambda each: self.print_rich(balances_table(each)))

    def _review(self, budget: Budget, samples: dict[LineStatus, list[Classified]]) -> None:
        """Print every incoming line in the order of the file, with its status and reason."""
        table = _lines_table("reason")
        incoming = (each for each in chain(*samples.values()) if each.line.amount > 0)
        for each in sorted(incoming, key=lambda each: each.line.number):
            table.add_row(*_row(budget, each), each.why, style=STYLES.get(each.status, "dim"))
        self.print_rich(table)

    def _list(
        self,
        budget: Budget,
        samples: dict[LineStatus, list[Classified]],
        counts: Counter[LineStatus],
    ) -> None:
        """Print the first lines of each status."""
        table = _lines_table()
        for status, classified in samples.items():
            for each in classified:
                table.add_row(*_row(budget, each), style=STYLES.get(status, "dim"))
            if more := counts[status] - len(classified):
                table.add_row("", "", "", f"... and {more:,} more (--all)", "", status, style="dim")
        if counts.total():
            self.print_rich(table)

    def _print_totals(
        self,
        budget: Budget,
        statement: StatementFile,
        totals: "Totals",
        dry_run: bool,
    ) -> None:
        """Print the count of each status and the total amount."""
        counts, amount = totals.counts, amount_text(budget, totals.brought)
        for account in statement.accounts:
            self.stdout.write(f"account {account.id or '(not named)'}")
        parts = ", ".join(f"{number:,} {status}" for status, number in _counted(counts).items())
        verb = "would import" if dry_run else "imported"
        self.stdout.write(f"{counts.total():,} lines: {parts}; {verb} {amount}")
        if counts[LineStatus.HELD]:
            self.stdout.write(HELD)


def _choices(*, skip_line: list[int], include_line: list[int], possible: str, **_: Any) -> Choices:
    return Choices(frozenset(skip_line), frozenset(include_line), hold=possible == "hold")


def _opened(budget: Budget, *, file: str, currency: str, **options: Any) -> StatementFile:
    """Open the statement. Raises WrongCurrency unless it is in the budget's currency."""
    columns = {role: name for role in ROLES if (name := options[f"{role}_column"]) is not None}
    hints = Hints(columns=columns, **{name: options[name] for name in HINTS})
    statement = read(file, hints=hints)
    require_currency(budget, statement, currency)
    return statement


def _counted(counts: Counter[LineStatus]) -> dict[str, int]:
    """The count of each status; rare statuses only if the count is not 0."""
    return {status: counts[status] for status in LineStatus if status in ALWAYS or counts[status]}


def _lines_table(*more: str) -> Table:
    return make_table("line", "date", "account", "description", ">amount", "status", *more)


def _row(budget: Budget, classified: Classified) -> tuple[str, ...]:
    line, amount = classified.line, amount_text(budget, classified.line.amount)
    columns = (line.account, line.description, amount, classified.status)
    return (str(line.number), str(line.posted), *columns)


@dataclass(slots=True)
class Totals:
    """The count of each status, and the total amount of the new lines."""

    counts: Counter[LineStatus] = field(default_factory=Counter)
    brought: int = 0

    def tally(self, classified: Iterable[Classified]) -> Iterator[Classified]:
        """Yield the lines and count them."""
        for each in classified:
            self.counts[each.status] += 1
            self.brought += each.line.amount if each.status is LineStatus.NEW else 0
            yield each


def _samples(
    classified: Iterable[Classified], most: int | None
) -> dict[LineStatus, list[Classified]]:
    """The first lines of each status."""
    samples: dict[LineStatus, list[Classified]] = {status: [] for status in LineStatus}
    for each in classified:
        if most is None or len(samples[each.status]) < most:
            samples[each.status].append(each)
    return samples


def _print_json(
    budget: Budget,
    statement: StatementFile,
    classified: Iterable[Classified],
    totals: Totals,
    dry_run: bool,
    *,
    every_why: bool,
) -> None:
    """Write one JSON object line by line, so that memory does not grow with the file."""
    commas = chain(["\n  "], repeat(",\n  "))
    sys.stdout.write('{"lines": [')
    for comma, each in zip(commas, classified, strict=False):
        line = each.line
        row = {
            "line": line.number,
            "status": each.status,
            "account": line.account,
            "date": str(line.posted),
            "amount_minor": line.amount,
            "description": line.description,
            "bank_id": line.external_id,
        }
        if every_why or each.status is LineStatus.HELD:
            row["why"] = each.why
        sys.stdout.write(comma + jsonlib.dumps(row, ensure_ascii=False))
    summary: dict[str, Any] = _counted(totals.counts) | {
        "lines_total": totals.counts.total(),
        "brought_minor": totals.brought,
        "dry_run": dry_run,
        "currency": budget.currency,
        "sha256": statement.sha256,
        "accounts": [account.id for account in statement.accounts],
    }
    sys.stdout.write("], " + jsonlib.dumps(summary)[1:] + "\n")
