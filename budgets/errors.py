"""Errors raised by budget operations: `Refused` and below, each with a stable `code`.

The tree of all errors is in `tenants.errors`. Keyword arguments of an error are its `.figures`;
amounts in them are ints of minor units.
"""

from django.core.exceptions import ObjectDoesNotExist

from tenants.errors import Invalid
from tenants.refusals import Refused as Refused


class BadAmount(Refused, Invalid):
    """The amount is invalid: use a positive int, or text in the tenant's notation."""

    code = "bad_amount"


class UnknownCurrency(Refused, Invalid):
    """The currency is unknown: use an ISO 4217 code such as EUR."""

    code = "unknown_currency"


class CurrencyEnded(UnknownCurrency):
    """The currency is no longer in use; the figures are `since` and, if known, `replaced_by`."""

    code = "currency_ended"


class WrongCurrency(Refused, Invalid):
    """The amount is in another currency than the budget."""

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
    """An option of a verb cannot be stored; `field` names it."""

    code = "bad_particulars"


class UnknownKeyword(BadOption, TypeError):
    """The verb does not accept a keyword; the figure `unknown` lists all such keywords."""

    code = "unknown_keyword"


class BadRule(Refused, Invalid):
    """The rule of a bucket is invalid."""

    code = "bad_rule"


class NotAPermutation(BadRule):
    """The new order must name every open envelope of the budget once, and nothing else."""

    code = "not_a_permutation"


class BucketClosed(Refused):
    """The bucket is closed."""

    code = "bucket_closed"


class BudgetArchived(Refused):
    """The budget is archived: unarchive it before you deposit."""

    code = "budget_archived"


class BucketLocked(Refused):
    """The bucket is locked: unlock it, or transfer to it."""

    code = "bucket_locked"


class BucketFull(Refused):
    """The bucket is at its target."""

    code = "bucket_full"


class NoSpace(Refused):
    """The bucket has less space than the amount."""

    code = "no_space"


class NotEnoughMoney(Refused):
    """The bucket has less money than the amount."""

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
    """An action that cannot be undone was not confirmed."""

    code = "not_confirmed"


class BadQuestion(Refused):
    """The parameters of a read are invalid; `field` names the wrong one."""

    code = "bad_question"


class BadStatement(Refused):
    """The bank statement cannot be read."""

    code = "bad_statement"


class BadSchedule(Refused, Invalid):
    """The schedule is invalid, or the time is not one of its due times."""

    code = "bad_schedule"


class ScheduleEnded(Refused):
    """The schedule has ended."""

    code = "schedule_ended"


class UnknownSchedule(Refused, ObjectDoesNotExist):
    """The budget has no such schedule."""

    code = "unknown_schedule"


class BadChoice(Refused):
    """The line of the statement cannot be skipped or included."""

    code = "bad_choice"


class UnknownStatement(Refused, ObjectDoesNotExist):
    """The budget has no such import."""

    code = "unknown_statement"


class UnknownProfile(Refused, ObjectDoesNotExist):
    """The budget has no such import profile."""

    code = "unknown_profile"


class BadProfile(Refused, Invalid):
    """The options of an import profile make no sense."""

    code = "bad_profile"


class StatementUndone(Refused):
    """The import was undone while it ran: start it again."""

    code = "statement_undone"


class UndoRefused(Refused):
    """The import cannot be undone; the message names the lines that prevent it."""

    code = "undo_refused"


class BadCase(Refused):
    """A cascade case is invalid."""

    code = "bad_case"
