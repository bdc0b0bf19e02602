"""Which role may use which verb of budgets. Reading needs none.

A service moves money and imports, as machines do; it changes no rules and makes no schedules.
What has `ledger` for its area are the steps that the verbs share.
"""

from collections.abc import Callable

from budgets.keywords import strict
from tenants.access import roles
from tenants.access.roles import EDITORS, WRITERS, declare

__all__ = ["TABLE", "verb"]

TABLE = {
    "budgets.create": EDITORS,
    "budgets.rename": EDITORS,
    "budgets.archive": EDITORS,
    "money.deposit": WRITERS,
    "money.withdraw": WRITERS,
    "money.transfer": WRITERS,
    "money.redistribute": WRITERS,
    "money.release_excess": WRITERS,
    "money.reverse": WRITERS,
    "rules.create": EDITORS,
    "rules.lock": EDITORS,
    "rules.set": EDITORS,
    "rules.rename": EDITORS,
    "rules.reorder": EDITORS,
    "rules.close": EDITORS,
    "rules.record": EDITORS,
    "schedules.create": EDITORS,
    "schedules.edit": EDITORS,
    "schedules.rename": EDITORS,
    "schedules.pause": EDITORS,
    "schedules.end": EDITORS,
    "schedules.record": EDITORS,
    "schedules.skip": EDITORS,
    "schedules.run": WRITERS,
    "statements.import": WRITERS,
    "statements.undo": WRITERS,
    "ledger.write": WRITERS,
}

declare(TABLE)


def verb[**P, R](name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a method as that verb (see `tenants.access.roles.verb`); it refuses unknown keywords."""
    marked = roles.verb(name)
    return lambda method: marked(strict(method))
