"""`manage.py import_statement`: deposit the incoming lines of a bank statement, each once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from budgets.errors import BadProfile
from budgets.jobs import opening
from budgets.jobs.imports import (
    Choices,
    Classified,
    LineStatus,
    import_file,
    notes_on,
    require_currency,
)
from budgets.management.base import BudgetCommand
from budgets.management.csv_options import CSV, PROFILE, hints_of
from budgets.management.import_explain import explanation, kept_sentence
from budgets.management.import_report import (
    HELD,
    LISTED,
    STYLES,
    Notes,
    Totals,
    counted,
    first_lines,
    lines_table,
    print_json,
    row,
)
from budgets.management.ledger_tables import amount_text, balances_table
from budgets.models import Budget, Statement
from budgets.statements import READ, StatementFile, survey
from tenants.local import local, localised
from tenants.management.declarations import argument, flag, group

CHOICES = group(
    "lines",
    "decisions about single lines, by number",
    flag("--review", "list every incoming line with its status and reason; write nothing"),
    argument("--skip-line", "do not import this line", "N", type=int, action="append", default=[]),
    argument(
        "--include-line",
        "import this line although it is held, skipped or called a duplicate",
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
    flag("--trust-lines", "import lines that the balances in the file contradict"),
)


class Command(BudgetCommand):
    """Posts a deposit for each new incoming line of a bank statement."""

    help = (
        f"Import a bank statement ({READ}). Each incoming line becomes a deposit through "
        "the cascade; outgoing lines are listed as skipped. The whole file is validated first: an "
        "invalid file writes nothing. A second run imports nothing; after an interruption it "
        "continues. A line is held for your decision if it resembles a line imported before, or if "
        "its date is before 1970 or after the end of next year. All lines are held if the balances "
        "in the file contradict them. Decisions about lines are stored, and so are the options "
        "about the file: the next import of the account uses them (see `import_profile`). "
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
  manage.py import_statement --tenant morgenrot --budget Bakery budgets/samples/bakery.csv \\
      --explain
"""

    arguments = (
        *BudgetCommand.arguments,
        argument("file", READ, "FILE"),
        flag("--dry-run", "show the lines and write nothing"),
        flag("--brief", "print only the totals"),
        flag("--all", f"list more than {LISTED} lines of a status"),
        CHOICES,
        argument("--currency", "currency of a file that names none", "CODE", default=""),
        argument("--account", "only this account of the file", default=""),
        CSV,
        PROFILE,
    )

    def handle(self, *args: Any, tenant: str, budget: str, **options: Any) -> None:
        target, settings = self.on_budget(tenant, budget, lambda each: (each, local()))
        with localised(locale=settings.locale):  # also outside of the tenant's block
            self._import(target, tenant, **options)

    def _import(self, budget: Budget, tenant: str, **options: Any) -> None:
        opened = _opened(budget, **options)
        statement = opened.file
        if options["explain"]:
            self.print_report(options["json"], explanation(budget, opened))
            return
        review, brief = options["review"], options["brief"]
        dry_run = options["dry_run"] or review
        totals = Totals()
        with self._interruptible(budget, statement, tenant), self.progress() as progress:
            reading = progress.add_task("Reading", total=None)
            surveyed = survey(
                statement, budget.exponent, budget.currency, lambda: progress.advance(reading)
            )
            progress.update(reading, visible=False)
            choices = _choices(**options)
            notes = Notes(surveyed.misfit, *notes_on(budget, statement, surveyed, choices))
            lines = import_file(
                budget, statement, dry_run=dry_run, choices=choices, surveyed=surveyed
            )
            tracked = totals.tally(
                progress.track(lines, total=surveyed.total, description="Importing")
            )
            if options["json"]:
                print_json(budget, opened, tracked, totals, notes, dry_run)
                self._remember(budget, opened, notes, **options)
                return
            listed = first_lines(tracked, None if options["all"] or review else LISTED)
        if review:
            self._review(budget, listed)
        elif not brief:
            self._list(budget, listed, totals.counts)
        self._print_totals(budget, statement, totals, dry_run)
        for sentence in chain(opened.sentences(), notes.sentences()):
            self.stdout.write(sentence)
        self._remember(budget, opened, notes, **options)
        if not brief and not dry_run:
            pk = str(budget.pk)
            self.on_budget(tenant, pk, lambda each: self.print_rich(balances_table(each)))

    def _remember(
        self,
        budget: Budget,
        opened: opening.Opened,
        notes: Notes,
        *,
        dry_run: bool,
        review: bool,
        no_profile: bool,
        json: bool,
        **_: Any,
    ) -> None:
        """Remember the options that were given, unless balances in the file contradict them."""
        doubtful = notes.misfit and not notes.trusted
        if dry_run or review or no_profile or doubtful or not opened.is_news:
            return
        try:
            profile = opening.remember(budget, opened)
        except BadProfile as error:
            self.stderr.write(f"the options are not remembered: {error}")
            return
        if not json:
            self.stdout.write(kept_sentence(opened, str(profile)))

    @contextmanager
    def _interruptible(
        self, budget: Budget, statement: StatementFile, tenant: str
    ) -> Iterator[None]:
        """On Ctrl-C print what was imported, and how to continue."""
        try:
            yield
        except KeyboardInterrupt:
            count, amount = self.on_budget(
                tenant,
                str(budget.pk),
                lambda each: Statement.objects.deposited_from(each, statement),
            )
            self.stderr.write(
                f"interrupted: {count:,} lines of the file are imported, "
                f"{amount_text(budget, amount)}. Run the same command again to import the rest; "
                "it imports no line twice."
            )
            raise

    def _review(self, budget: Budget, samples: dict[LineStatus, list[Classified]]) -> None:
        """Print the lines with money in the order of the file, with their status and reason."""
        table = lines_table("reason")
        shown = (each for each in chain(*samples.values()) if each.line.amount > 0)
        for each in sorted(shown, key=lambda each: each.line.number):
            table.add_row(*row(budget, each), each.why, style=STYLES.get(each.status, "dim"))
        self.print_rich(table)

    def _list(
        self,
        budget: Budget,
        samples: dict[LineStatus, list[Classified]],
        counts: Counter[LineStatus],
    ) -> None:
        """Print the first lines of each status."""
        table = lines_table()
        for status, classified in samples.items():
            for each in classified:
                table.add_row(*row(budget, each), style=STYLES.get(status, "dim"))
            if more := counts[status] - len(classified):
                table.add_row("", "", "", f"... and {more:,} more (--all)", "", status, style="dim")
        if counts.total():
            self.print_rich(table)

    def _print_totals(
        self,
        budget: Budget,
        statement: StatementFile,
        totals: Totals,
        dry_run: bool,
    ) -> None:
        """Print the count of each status and the total amount."""
        counts, amount = totals.counts, amount_text(budget, totals.brought)
        for account in statement.accounts:
            self.stdout.write(f"account {account.id or '(not named)'}")
        parts = ", ".join(f"{number:,} {status}" for status, number in counted(counts).items())
        verb = "would import" if dry_run else "imported"
        self.stdout.write(f"{counts.total():,} lines: {parts}; {verb} {amount}")
        if counts[LineStatus.HELD]:
            self.stdout.write(HELD)


def _choices(
    *, skip_line: list[int], include_line: list[int], possible: str, trust_lines: bool, **_: Any
) -> Choices:
    skip, include = frozenset(skip_line), frozenset(include_line)
    return Choices(skip, include, hold=possible == "hold", trust=trust_lines)


def _opened(
    budget: Budget, *, file: str, currency: str, no_profile: bool, **options: Any
) -> opening.Opened:
    """Open the statement. Raises WrongCurrency unless it is in the budget's currency."""
    opened = opening.open_file(budget, file, hints_of(options), profile=not no_profile)
    require_currency(budget, opened.file, currency)
    return opened
