"""Errors raised by budget operations: `Refused` and below, each with a stable `code`.

`tenants.errors` draws them in the one tree of all.

The figures a screen would show travel as keyword arguments and are kept in `.figures`;
sums are ints of minor units.
"""

from django.core.exceptions import ObjectDoesNotExist

from tenants.errors import Invalid
from tenants.refusals import Refused as Refused


class BadAmount(Refused, Invalid):
    """That is not an amount of money one can move."""

    code = "bad_amount"


class UnknownCurrency(Refused, Invalid):
    """No such currency."""

    code = "unknown_currency"


class CurrencyEnded(UnknownCurrency):
    """That currency is no longer in use: `since` which day, and `replaced_by` which, if known."""

    code = "currency_ended"


class WrongCurrency(Refused, Invalid):
    """The money is in another currency than the budget."""

    code = "wrong_currency"


class UnknownBudget(Refused, ObjectDoesNotExist):
    """The tenant has no such budget."""

    code = "unknown_budget"


class UnknownBucket(Refused, ObjectDoesNotExist):
    """The budget has no such bucket."""

    code = "unknown_bucket"


class UnknownMovement(Refused, ObjectDoesNotExist):
    """The budget has no such movement."""

    code = "unknown_movement"


class BadPayroll(Refused):
    """A payroll file cannot be read."""

    code = "bad_payroll"


class BadOption(Refused, Invalid):
    """An argument of a verb cannot be recorded; `field` names it."""

    code = "bad_particulars"


class UnknownKeyword(BadOption, TypeError):
    """The verb has no such keyword; `unknown` names all of them."""

    code = "unknown_keyword"


class BadRule(Refused, Invalid):
    """That is not a rule a bucket can have."""

    code = "bad_rule"


class NotAPermutation(BadRule):
    """A new order names every open envelope of the budget once, and nothing else."""

    code = "not_a_permutation"


class BucketClosed(Refused):
    """The bucket is closed."""

    code = "bucket_closed"


class BudgetArchived(Refused):
    """The budget is archived: no money comes in."""

    code = "budget_archived"


class BucketLocked(Refused):
    """The bucket is locked: unlock it, or transfer to it."""

    code = "bucket_locked"


class BucketFull(Refused):
    """The bucket is at its target."""

    code = "bucket_full"


class NoSpace(Refused):
    """The bucket has less space than the money needs."""

    code = "no_space"


class NotEnoughMoney(Refused):
    """The bucket holds less than that."""

    code = "not_enough_money"


class NothingToMove(Refused):
    """There is nothing to move."""

    code = "nothing_to_move"


class WrongBudget(Refused):
    """The buckets are of different budgets."""

    code = "wrong_budget"


class ReversalRefused(Refused):
    """The movement cannot be reversed; the message says why."""

    code = "reversal_refused"


class StalePlan(Refused):
    """The budget has changed since the preview."""

    code = "stale_plan"


class KeyReused(Refused):
    """The key was used before, for another request."""

    code = "key_reused"


class NotConfirmed(Refused):
    """What cannot be undone was not confirmed."""

    code = "not_confirmed"


class BadQuestion(Refused):
    """The ledger cannot be asked that; `field` names what is wrong."""

    code = "bad_question"


class BadStatement(Refused):
    """The bank statement cannot be read."""

    code = "bad_statement"


class BadSchedule(Refused, Invalid):
    """That is not a schedule, or not a time it falls due."""

    code = "bad_schedule"


class ScheduleEnded(Refused):
    """The schedule has ended."""

    code = "schedule_ended"


class UnknownSchedule(Refused, ObjectDoesNotExist):
    """The budget has no such schedule."""

    code = "unknown_schedule"


class BadChoice(Refused):
    """There is nothing to choose about that line of the statement."""

    code = "bad_choice"


class UnknownStatement(Refused, ObjectDoesNotExist):
    """The budget has no such import."""

    code = "unknown_statement"


class StatementUndone(Refused):
    """The import was undone while it ran: run it again to begin anew."""

    code = "statement_undone"


class UndoRefused(Refused):
    """The import cannot be undone; the message says which lines are in the way."""

    code = "undo_refused"


class BadCase(Refused):
    """A cascade case is malformed."""

    code = "bad_case"
