"""The verbs of imports, shared by PostgreSQL and ledgers in memory.

An import is `begin`, `import_batch` for each batch of lines, and `finish`, each in a block of its
own: see `budgets.jobs.imports.import_file`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from budgets.errors import ReversalRefused, StatementUndone, UndoRefused
from budgets.managers.dispositions import require_in_use
from budgets.managers.matching import (
    NO_CHOICES,
    Choices,
    Classified,
    LineStatus,
    MatchContext,
    batches,
    former_key,
    movement_key,
)
from budgets.managers.requests import require_key
from budgets.managers.statementbalances import balance_gaps
from budgets.managers.statementdeposits import (
    REREAD,
    deposit_of,
    line_values,
    reversal_options,
    statement_values,
    stored_values,
    undo_refused,
)
from budgets.managers.statementrows import StatementRows
from budgets.managers.writer import LedgerVerbs
from budgets.roles import verb
from budgets.statements import Line, StatementFile, Survey, survey

if TYPE_CHECKING:
    from budgets.models import Budget, Movement, Statement, StatementLine


class StatementVerbs(LedgerVerbs):
    """Imports statements. Amounts are minor units."""

    @property
    def _rows(self) -> StatementRows:
        return StatementRows(self)

    def review(
        self, budget: "Budget", file: StatementFile, choices: Choices = NO_CHOICES
    ) -> Iterator[Classified]:
        """Each incoming line with the status that an import would give it; writes nothing.

        Raises BudgetArchived, BadStatement and BadChoice before the first line.

        >>> from budgets import samples
        >>> from budgets.statements import read
        >>> lines = list(Statement.objects.review(household, read(samples.HOUSEHOLD)))
        >>> lines[0].line.amount, str(lines[0].status)
        (325000, 'new')
        """
        surveyed = survey(file, budget.exponent, budget.currency)
        statement = self.draft(budget, file, surveyed, choices)
        for batch in batches(line for line in surveyed.lines() if line.incoming):
            yield from self.classify(statement, batch, surveyed, hold=choices.hold)

    def draft(
        self, budget: "Budget", file: StatementFile, surveyed: Survey, choices: Choices
    ) -> "Statement":
        """The standing import of the file or an unwritten one. Raises BudgetArchived, BadChoice."""
        standing = self._rows.standing(budget, file)
        return self._with_decisions(standing, budget, file, surveyed, choices)

    def balance_warnings(
        self, budget: "Budget", file: StatementFile, surveyed: Survey
    ) -> list[str]:
        """How the closing balances of a file differ from those of the budget's earlier imports.

        A closing balance without an opening one, as in OFX, is compared with that of the import
        of the account whose period ends last before it, if the periods touch. Writes nothing.

        >>> from budgets import samples
        >>> from budgets.statements import read, survey
        >>> file = read(samples.HOUSEHOLD)
        >>> surveyed = survey(file, household.exponent)
        >>> Statement.objects.balance_warnings(household, file, surveyed)
        []
        """
        lone = [each for each in surveyed.balances if each.opening is None]
        earlier = self._rows.balances(budget, file) if lone else []
        return balance_gaps(lone, earlier, surveyed, budget.exponent)

    @verb("statements.import")
    def begin(
        self, budget: "Budget", file: StatementFile, surveyed: Survey, choices: Choices
    ) -> "Statement":
        """Store that the import has begun, and a person's decisions about its lines.

        Repeating it returns the standing import of the file, so an interrupted import continues.
        The balances of the file are stored, and whether its lines are trusted against them.
        Raises BudgetArchived, BadChoice and QuotaReached.

        >>> from budgets import samples
        >>> from budgets.managers.matching import Choices
        >>> from budgets.statements import read, survey
        >>> file = read(samples.HOUSEHOLD)
        >>> statement = Statement.objects.begin(
        ...     household, file, survey(file, household.exponent), Choices()
        ... )
        >>> statement.name, statement.state
        ('household.ofx', 'unfinished')
        """
        self._writer.lock(budget)
        standing = self._rows.standing(budget, file)
        stored = stored_values(standing)
        statement = self._with_decisions(standing, budget, file, surveyed, choices)
        if standing is None:
            self._writer.require_quota("imports_per_month")
            self._rows.insert(statement)
        elif changed := [name for name in stored if getattr(statement, name) != stored[name]]:
            self._rows.update(statement, *changed)
        return statement

    def classify(
        self, statement: "Statement", batch: Sequence[Line], surveyed: Survey, *, hold: bool
    ) -> list[Classified]:
        """Each line of a batch with the status it would have now; writes nothing."""
        incoming = [line for line in batch if line.incoming]
        context = self._context(statement, incoming, surveyed)
        if hold:
            doubtful = [line for line in incoming if not context.duplicate_of(line)]
            context = replace(context, similar=self._similar(doubtful, surveyed), hold=True)
        return [context.classify(line) for line in batch]

    @verb("statements.import")
    def import_batch(
        self, statement: "Statement", batch: Sequence[Line], surveyed: Survey, *, hold: bool
    ) -> list[Classified]:
        """Deposit the new lines of a batch, under the budget's lock, and store each line's status.

        `hold` says whether possible duplicates wait for a decision. Safe to repeat: a line that
        was deposited is a duplicate. Raises StatementUndone, and Conflict when another budget was
        given a line meanwhile.

        >>> from budgets import samples
        >>> from budgets.managers.matching import Choices
        >>> from budgets.statements import read, survey
        >>> file = read(samples.HOUSEHOLD)
        >>> surveyed = survey(file, household.exponent)
        >>> statement = Statement.objects.begin(household, file, surveyed, Choices())
        >>> batch = list(surveyed.lines())[:2]
        >>> lines = Statement.objects.import_batch(statement, batch, surveyed, hold=True)
        >>> [(each.line.incoming, str(each.status)) for each in lines]
        [(True, 'new'), (False, 'skipped')]
        """
        budget = statement.budget
        self._writer.lock(budget)
        self._rows.renew(statement)
        if statement.undone_at:
            raise StatementUndone
        classified = self.classify(statement, batch, surveyed, hold=hold)
        new = [each for each in classified if each.status == LineStatus.NEW]
        made = self._movements.deposit_many([deposit_of(statement, each) for each in new])
        movements = dict(zip((each.line.number for each in new), made, strict=True))
        contradicted = surveyed.misfit is not None and not statement.trusted
        rows = [
            self._line(statement, each, movements.get(each.line.number))
            for each in classified
            if each.line.incoming and not (contradicted and each.status == LineStatus.HELD)
        ]
        self._rows.keep(statement, rows)
        return classified

    @verb("statements.import")
    def finish(self, statement: "Statement") -> None:
        """Store that every line was imported, the first time. Repeating it changes nothing.

        >>> from budgets import samples
        >>> from budgets.managers.matching import Choices
        >>> from budgets.statements import read, survey
        >>> file = read(samples.HOUSEHOLD)
        >>> statement = Statement.objects.begin(
        ...     household, file, survey(file, household.exponent), Choices()
        ... )
        >>> Statement.objects.finish(statement)
        >>> Statement.objects.get_by_name(household, str(statement.pk)).state
        'imported'
        """
        self._rows.mark_imported(statement, self._writer.now())

    @verb("statements.undo")
    def undo(self, statement: "Statement", *, key: str | None = None) -> "list[Movement]":
        """Reverse every deposit of a standing import, newest first: all of them or none.

        Deposits that were reversed before are left alone. The lines can then be imported again: a
        movement's key has the number of the attempt, and an undone line is no duplicate. Repeating
        the `key` returns the same reversals. Raises UndoRefused, whose figure `lines` has the
        refusals by line, or whose `why` is undone; KeyReused.

        >>> from budgets import samples
        >>> from budgets.managers.matching import Choices
        >>> from budgets.statements import read, survey
        >>> file = read(samples.HOUSEHOLD)
        >>> surveyed = survey(file, household.exponent)
        >>> statement = Statement.objects.begin(household, file, surveyed, Choices())
        >>> batch = list(surveyed.lines())[:3]
        >>> lines = Statement.objects.import_batch(statement, batch, surveyed, hold=True)
        >>> [reversal.net_amount for reversal in Statement.objects.undo(statement)]
        [-325000]
        """
        budget = statement.budget
        require_key(key)
        self._writer.lock(budget)
        self._rows.renew(statement)
        request = f"undo:{statement.pk}"
        repeated = self._writer.keys([budget.pk], [key]).answer(budget.pk, key, request) is not None
        if not repeated:
            if statement.undone_at is not None:
                raise UndoRefused("it was undone before", why="undone")
            self._reverse_import(statement)
            statement.undone_at, statement.undo_key = self._writer.now(), key
            self._rows.update(statement, "undone_at", "undo_key")
        statement.repeated = repeated
        return self.reversals(statement)

    def reversals(self, statement: "Statement") -> "list[Movement]":
        """The movements that `undo` made, in order."""
        reversals = self._rows.reversals(statement)
        for reversal in reversals:
            reversal.repeated = statement.repeated
        return reversals

    def _reverse_import(self, statement: "Statement") -> None:
        """Reverse the deposits of new lines, newest first. Raises UndoRefused."""
        lines = self._rows.standing_lines(statement)
        wanted = [
            (movement, reversal_options(statement, line, movement))
            for line in lines
            if (movement := line.movement)  # all have one: budgets_statementline_status
        ]
        try:
            self._rows.reverse(statement.budget, wanted)
        except ReversalRefused as error:
            raise undo_refused(lines, error.figures["refused"]) from error
        self._rows.mark_undone(statement)

    def _with_decisions(
        self,
        standing: "Statement | None",
        budget: "Budget",
        file: StatementFile,
        surveyed: Survey,
        choices: Choices,
    ) -> "Statement":
        require_in_use(budget)
        decisions = choices.decisions(surveyed)
        values = statement_values(budget, file, surveyed)
        statement: Statement = standing or self._writer.make("Statement", **values)
        for name in REREAD if not statement.trusted else ():
            setattr(statement, name, values[name])
        statement.decisions = statement.decisions | decisions
        statement.trusted |= choices.trust and surveyed.misfit is not None
        return statement

    def _context(
        self, statement: "Statement", lines: Collection[Line], surveyed: Survey
    ) -> MatchContext:
        """What earlier imports know about these lines."""
        past = defaultdict(list)
        names = {line.identity for line in lines}
        names |= {line.identity_by_id for line in lines if line.external_id and not line.has_id}
        for earlier in self._rows.of_identity(names):
            past[earlier.identity].append(earlier)
        kept = self._rows.kept(statement, {line.number for line in lines})
        context = MatchContext(statement, surveyed, past, self._writer.now().date(), kept)
        keys = {movement_key(line.identity, context.attempt(line)) for line in lines}
        keys |= {former_key(line) for line in lines if line.external_id}
        return replace(context, moved=self._rows.moved(statement.budget, keys))

    def _similar(self, lines: Collection[Line], surveyed: Survey) -> "list[StatementLine]":
        """Imported lines with the days and amounts of these lines that are not in the file.

        A line of one of these identities is included: in another budget it is no duplicate yet.
        """
        these = {line.identity for line in lines}
        days, amounts = {line.posted for line in lines}, {line.amount for line in lines}
        return [
            earlier
            for earlier in self._rows.deposited(days, amounts)
            if earlier.identity in these or earlier.identity not in surveyed.first
        ]

    def _line(
        self, statement: "Statement", classified: Classified, movement: "Movement | None"
    ) -> "StatementLine":
        values = line_values(statement, classified)
        row: StatementLine = self._writer.make("StatementLine", **values, movement=movement)
        return row
