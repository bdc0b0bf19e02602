"""`manage.py import_statement`: money in cascades, money out is left alone, nothing comes twice."""

import argparse
import json as jsonlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from rich.table import Table

from budgets.jobs.imports import Choices, Fate, Judged, imported, require_currency
from budgets.management.base import BudgetCommand
from budgets.management.tables import balances_table, shown
from budgets.models import Budget
from budgets.statements import Hints, Statement, read, sniff, survey
from tenants.local import local, localised

LISTED = 10
"""Lines of each fate shown without --all."""

ALWAYS = (Fate.NEW, Fate.DUPLICATE, Fate.SKIPPED)
"""Fates that the summary counts even where there are none."""

STYLES = {Fate.NEW: "", Fate.HELD: "bold"}

HELD = """\
held lines are like some that came in before, or of an unlikely date: --review says why.
--include-line N brings one in, --skip-line N leaves it, --possible import brings in the alike"""

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
    """Imports an OFX, QFX or CSV file into a budget."""

    help = (
        "Import a bank statement (OFX, QFX or CSV): incoming money cascades through the budget, "
        "outgoing money is listed and left alone. The file is validated as a whole first, so a "
        "bad one writes nothing; a second run imports nothing; an interrupted one goes on. "
        "A line that is like one that came in before, but not surely it, is held for you to "
        "decide, and so is one dated before 1970 or after the end of next year; what you decide "
        "about a line is remembered. undo_import takes it all back."
    )
    examples = """
  manage.py import_statement --tenant rivera --budget Household budgets/samples/household.ofx
  manage.py import_statement --tenant rivera --budget Household --review export.csv
  manage.py import_statement --tenant rivera --budget Household export.csv --skip-line 7
  manage.py import_statement --tenant rivera --budget Household export.csv \\
      --date-column Buchungstag --amount-column Betrag --decimal , --date-format %d.%m.%Y
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="show it, and write nothing")
        parser.add_argument("--brief", action="store_true", help="do not list lines or balances")
        parser.add_argument("--all", action="store_true", help=f"list more than {LISTED} of a kind")
        _add_choices(parser)
        parser.add_argument("--currency", default="", metavar="CODE", help="when the file has none")
        parser.add_argument("--account", default="", help="only this account of the file")
        csv = parser.add_argument_group("CSV", "what the file does not show by itself")
        for role in ROLES:
            csv.add_argument(f"--{role}-column", metavar="NAME", help=f"the column of the {role}")
        csv.add_argument("--decimal", default="", choices=["", ".", ","], help="decimal mark")
        csv.add_argument("--delimiter", default="", metavar="CHAR", help="between columns")
        csv.add_argument("--date-format", default="", metavar="FORM", help="such as %%d.%%m.%%Y")
        csv.add_argument("--encoding", default="", help="such as utf-8 or windows-1252")

    def handle(self, *args: Any, tenant: str, budget: str, **options: Any) -> None:
        found, here = self.on_budget(tenant, budget, lambda budget: (budget, local()))
        with localised(locale=here.locale):  # what is printed outside the block too
            self._import(found, tenant, **options)

    def _import(self, found: Budget, tenant: str, **options: Any) -> None:
        statement = _opened(found, **options)
        review, brief = options["review"], options["brief"]
        dry_run = options["dry_run"] or review
        with self.progress() as progress:
            reading = progress.add_task("Reading", total=None)
            surveyed = survey(statement.lines(), lambda: progress.advance(reading))
            progress.update(reading, visible=False)
            choices = _choices(**options)
            lines = imported(found, statement, dry_run=dry_run, choices=choices, surveyed=surveyed)
            tracked = progress.track(lines, total=surveyed.total, description="Importing")
            if options["json"]:
                _print_json(found, statement, tracked, dry_run, every_why=review)
                return
            most = None if options["all"] or review else LISTED
            counts, samples, brought = _collected(tracked, most)
        if review:
            self._review(found, samples)
        elif not brief:
            self._list(found, samples, counts)
        self._sum_up(found, statement, counts, brought, dry_run)
        if not brief and not dry_run:
            name = str(found.pk)
            self.on_budget(tenant, name, lambda budget: self.print_rich(balances_table(budget)))

    def _review(self, budget: Budget, samples: dict[Fate, list[Judged]]) -> None:
        """Show every incoming line, in the file's order, what would become of it and why."""
        table = _lines_table("why")
        incoming = (each for each in chain(*samples.values()) if each.line.amount > 0)
        for each in sorted(incoming, key=lambda each: each.line.number):
            table.add_row(*_row(budget, each), each.why, style=STYLES.get(each.fate, "dim"))
        self.print_rich(table)

    def _list(
        self, budget: Budget, samples: dict[Fate, list[Judged]], counts: Counter[Fate]
    ) -> None:
        """Show the lines, the first few of each fate."""
        table = _lines_table()
        for fate, judged in samples.items():
            for each in judged:
                table.add_row(*_row(budget, each), style=STYLES.get(fate, "dim"))
            if more := counts[fate] - len(judged):
                table.add_row("", "", "", f"... and {more:,} more (--all)", "", fate, style="dim")
        if counts.total():
            self.print_rich(table)

    def _sum_up(
        self,
        budget: Budget,
        statement: Statement,
        counts: Counter[Fate],
        brought: int,
        dry_run: bool,
    ) -> None:
        """Say what the lines come to."""
        for account in statement.accounts:
            self.stdout.write(f"account {account.id or '(not named)'}")
        said = ", ".join(f"{number:,} {fate}" for fate, number in _counted(counts).items())
        verb = "would bring" if dry_run else "brought"
        self.stdout.write(f"{counts.total():,} lines: {said}; {verb} {shown(budget, brought)}")
        if counts[Fate.HELD]:
            self.stdout.write(HELD)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    chosen = parser.add_argument_group("lines", "what to do with single lines, by number")
    chosen.add_argument(
        "--review", action="store_true", help="every incoming line and its fate; writes nothing"
    )
    for verb, does in (
        ("skip", "leave it out"),
        ("include", "bring it in, though held or skipped"),
    ):
        chosen.add_argument(
            f"--{verb}-line", type=int, action="append", default=[], metavar="N", help=does
        )
    chosen.add_argument(
        "--possible",
        choices=["hold", "import"],
        default="hold",
        help="what to do with lines that may have come in before (default: hold)",
    )


def _choices(*, skip_line: list[int], include_line: list[int], possible: str, **_: Any) -> Choices:
    return Choices(frozenset(skip_line), frozenset(include_line), hold=possible == "hold")


def _opened(
    budget: Budget, *, file: str, currency: str, account: str, decimal: str, delimiter: str,
    date_format: str, encoding: str, **options: Any,
) -> Statement:  # fmt: skip
    """The statement, in the budget's currency or refused."""
    columns = {role: given for role in ROLES if (given := options[f"{role}_column"]) is not None}
    hints = Hints(
        columns=columns,
        decimal=decimal,
        delimiter=delimiter,
        date_format=date_format,
        encoding=encoding,
        account=account,
    )
    header = sniff(file, hints=hints)
    named = require_currency(budget, header.currency, currency, header.format)
    return read(file, currency=named, exponent=budget.exponent, hints=hints)


def _counted(counts: Counter[Fate]) -> dict[str, int]:
    """How many of each fate; of the seldom ones, only those that there are."""
    return {fate: counts[fate] for fate in Fate if fate in ALWAYS or counts[fate]}


def _lines_table(*more: str) -> Table:
    table = Table("line", "date", "account", "description", "amount", "", *more)
    table.columns[4].justify = "right"
    return table


def _row(budget: Budget, judged: Judged) -> tuple[str, ...]:
    line, amount = judged.line, shown(budget, judged.line.amount)
    said = (line.account, line.description, amount, judged.fate)
    return (str(line.number), str(line.posted), *said)


def _collected(
    judged: Iterable[Judged], most: int | None
) -> tuple[Counter[Fate], dict[Fate, list[Judged]], int]:
    """How many of each fate, the first few of each, and what the new ones come to."""
    counts: Counter[Fate] = Counter()
    samples: dict[Fate, list[Judged]] = {fate: [] for fate in Fate}
    brought = 0
    for each in judged:
        counts[each.fate] += 1
        brought += each.line.amount if each.fate is Fate.NEW else 0
        if most is None or len(samples[each.fate]) < most:
            samples[each.fate].append(each)
    return counts, samples, brought


def _print_json(
    budget: Budget,
    statement: Statement,
    judged: Iterable[Judged],
    dry_run: bool,
    *,
    every_why: bool,
) -> None:
    """One JSON object, written as the lines come: a long file is never held whole."""
    counts: Counter[Fate] = Counter()
    brought = 0
    sys.stdout.write('{"lines": [')
    for comma, each in zip(_commas(), judged, strict=False):
        line = each.line
        counts[each.fate] += 1
        brought += line.amount if each.fate is Fate.NEW else 0
        row = {
            "line": line.number,
            "status": each.fate,
            "account": line.account,
            "date": str(line.posted),
            "amount_minor": line.amount,
            "description": line.description,
            "bank_id": line.external_id,
        }
        if every_why or each.fate is Fate.HELD:
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
