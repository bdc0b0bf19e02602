"""What `import_statement` prints: lines as tables or JSON, counts, and contradictions."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

from rich.table import Table

from budgets.jobs.imports import Classified, LineStatus
from budgets.jobs.opening import Opened
from budgets.management.import_explain import profile_json
from budgets.management.ledger_tables import amount_text
from budgets.models import Budget
from budgets.statements import Misfit
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

CONTRADICTED = """\
The balances in the file contradict its lines, so they are held:
{}.
Say how the file is read (such as --sign, --amount-column), leave lines out with --skip-line N, or
import the lines as they are with --trust-lines."""

TRUSTED = "The lines were trusted although the balances in the file contradict them: {}."


@dataclass(frozen=True, slots=True)
class Notes:
    """What an import says beside its lines.

    `misfit` is what the file contradicts, and `trusted` whether its lines count nevertheless.
    `warnings` are sentences about balances of earlier imports.
    """

    misfit: Misfit | None
    trusted: bool
    warnings: list[str]

    @property
    def json(self) -> dict[str, Any]:
        """For programs."""
        misfit = self.misfit and {
            "line": self.misfit.line,
            "expected_minor": self.misfit.expected,
            "found_minor": self.misfit.found,
            "cause": self.misfit.cause,
            "message": str(self.misfit),
        }
        return {"misfit": misfit, "trusted": self.trusted, "warnings": self.warnings}

    def sentences(self) -> Iterator[str]:
        """For people."""
        yield from (f"warning: {warning}" for warning in self.warnings)
        if self.misfit:
            yield (TRUSTED if self.trusted else CONTRADICTED).format(self.misfit)


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


def first_lines(
    classified: Iterable[Classified], most: int | None
) -> dict[LineStatus, list[Classified]]:
    """The first lines of each status."""
    lines: dict[LineStatus, list[Classified]] = {status: [] for status in LineStatus}
    for each in classified:
        if most is None or len(lines[each.status]) < most:
            lines[each.status].append(each)
    return lines


def print_json(
    budget: Budget,
    opened: Opened,
    classified: Iterable[Classified],
    totals: Totals,
    notes: Notes,
    dry_run: bool,
) -> None:
    """Write one JSON object line by line, so that memory does not grow with the file."""
    statement = opened.file
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
        if each.why:
            row["why"] = each.why
        sys.stdout.write(comma + json.dumps(row, ensure_ascii=False))
    summary: dict[str, Any] = counted(totals.counts) | {
        "lines_total": totals.counts.total(),
        "brought_minor": totals.brought,
        "dry_run": dry_run,
        "currency": budget.currency,
        "sha256": statement.sha256,
        "accounts": [account.id for account in statement.accounts],
        "profile": profile_json(opened),
        **notes.json,
    }
    sys.stdout.write("], " + json.dumps(summary)[1:] + "\n")


def counted(counts: Counter[LineStatus]) -> dict[str, int]:
    """The count of each status; rare statuses only if the count is not 0."""
    return {status: counts[status] for status in LineStatus if status in ALWAYS or counts[status]}


def lines_table(*more: str) -> Table:
    """An empty table of lines, with more columns."""
    return make_table("line", "date", "account", "description", ">amount", "status", *more)


def row(budget: Budget, classified: Classified) -> tuple[str, ...]:
    """The cells of a line in such a table, without those of more columns."""
    line, amount = classified.line, amount_text(budget, classified.line.amount)
    columns = (line.account, line.description, amount, classified.status)
    return (str(line.number), str(line.posted), *columns)
