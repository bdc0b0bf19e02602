"""`manage.py import_statement`: deposit the incoming lines of a bank statement, each once."""

import argparse
import json as jsonlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
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

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="OFX, QFX or CSV")
        parser.add_argument(
            "--dry-run", action="store_true", help="show the lines and write nothing"
        )
        parser.add_argument("--brief", action="store_true", help="print only the totals")
        parser.add_argument(
            "--all", action="store_true", help=f"list more than {LISTED} lines of a status"
        )
        _add_choices(parser)
        parser.add_argument(
            "--currency", default="", metavar="CODE", help="currency of a file that names none"
        )
        parser.add_argument("--account", default="", help="only this account of the file")
        csv = parser.add_argument_group("CSV", "only what cannot be detected in the file")
        for role in ROLES:
            csv.add_argument(f"--{role}-column", metavar="NAME", help=f"column of the {role}")
        csv.add_argument("--decimal", default="", choices=["", ".", ","], help="decimal separator")
        csv.add_argument("--delimiter", default="", metavar="CHAR", help="column separator")
        csv.add_argument(
            "--date-format", default="", metavar="FORM", help="format of dates, such as %%d.%%m.%%Y"
        )
        csv.add_argument("--encoding", default="", help="encoding, such as utf-8 or windows-1252")

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
            tracked = progress.track(lines, total=surveyed.total, description="Importing")
            if options["json"]:
                _print_json(budget, statement, tracked, dry_run, every_why=review)
                return
            most = None if options["all"] or review else LISTED
            counts, samples, brought = _collected(tracked, most)
        if review:
            self._review(budget, samples)
        elif not brief:
            self._list(budget, samples, counts)
        self._print_totals(budget, statement, counts, brought, dry_run)
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
        counts: Counter[LineStatus],
        brought: int,
        dry_run: bool,
    ) -> None:
        """Print the count of each status and the total amount."""
        for account in statement.accounts:
            self.stdout.write(f"account {account.id or '(not named)'}")
        parts = ", ".join(f"{number:,} {status}" for status, number in _counted(counts).items())
        verb = "would import" if dry_run else "imported"
        self.stdout.write(
            f"{counts.total():,} lines: {parts}; {verb} {amount_text(budget, brought)}"
        )
        if counts[LineStatus.HELD]:
            self.stdout.write(HELD)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    chosen = parser.add_argument_group("lines", "decisions about single lines, by number")
    chosen.add_argument(
        "--review",
        action="store_true",
        help="list every incoming line with its status and reason; write nothing",
    )
    for verb, does in (
        ("skip", "do not import this line"),
        ("include", "import this line although it is held or skipped"),
    ):
        chosen.add_argument(
            f"--{verb}-line", type=int, action="append", default=[], metavar="N", help=does
        )
    chosen.add_argument(
        "--possible",
        choices=["hold", "import"],
        default="hold",
        help="hold or import lines that may have been imported before (default: hold)",
    )


def _choices(*, skip_line: list[int], include_line: list[int], possible: str, **_: Any) -> Choices:
    return Choices(frozenset(skip_line), frozenset(include_line), hold=possible == "hold")


def _opened(
    budget: Budget, *, file: str, currency: str, account: str, decimal: str, delimiter: str,
    date_format: str, encoding: str, **options: Any,
) -> StatementFile:  # fmt: skip
    """Open the statement. Raises WrongCurrency unless it is in the budget's currency."""
    columns = {role: name for role in ROLES if (name := options[f"{role}_column"]) is not None}
    hints = Hints(
        columns=columns,
        decimal=decimal,
        delimiter=delimiter,
        date_format=date_format,
        encoding=encoding,
        account=account,
    )
    statement = read(file, hints=hints)
    require_currency(budget, statement, currency)
    return statement


def _counted(counts: Counter[LineStatus]) -> dict[str, int]:
    """The count of each status; rare statuses only if the count is not 0."""
    return {status: counts[status] for status in LineStatus if status in ALWAYS or counts[status]}


def _lines_table(*more: str) -> Table:
    table = Table("line", "date", "account", "description", "amount", "status", *more)
    table.columns[4].justify = "right"
    return table


def _row(budget: Budget, classified: Classified) -> tuple[str, ...]:
    line, amount = classified.line, amount_text(budget, classified.line.amount)
    columns = (line.account, line.description, amount, classified.status)
    return (str(line.number), str(line.posted), *columns)


def _collected(
    classified: Iterable[Classified], most: int | None
) -> tuple[Counter[LineStatus], dict[LineStatus, list[Classified]], int]:
    """The count and the first lines of each status, and the total amount of the new ones."""
    counts: Counter[LineStatus] = Counter()
    samples: dict[LineStatus, list[Classified]] = {status: [] for status in LineStatus}
    brought = 0
    for each in classified:
        counts[each.status] += 1
        brought += each.line.amount if each.status is LineStatus.NEW else 0
        if most is None or len(samples[each.status]) < most:
            samples[each.status].append(each)
    return counts, samples, brought


def _print_json(
    budget: Budget,
    statement: StatementFile,
    classified: Iterable[Classified],
    dry_run: bool,
    *,
    every_why: bool,
) -> None:
    """Write one JSON object line by line, so that memory does not grow with the file."""
    counts: Counter[LineStatus] = Counter()
    brought = 0
    sys.stdout.write('{"lines": [')
    for comma, each in zip(_commas(), classified, strict=False):
        line = each.line
        counts[each.status] += 1
        brought += line.amount if each.status is LineStatus.NEW else 0
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
    summary: dict[str, Any] = _counted(counts) | {
        "lines_total": counts.total(),
        "brought_minor": brought,
        "dry_run": dry_run,
        "currency": budget.currency,
        "sha256": statement.sha256,
        "accounts": [account.id for account in statement.accounts],
    }
    sys.stdout.write("], " + jsonlib.dumps(summary)[1:] + "\n")


def _commas() -> Iterator[str]:
    yield "\n  "
    while True:
        yield ",\n  "
