"""Which role may use which verb of budgets. Every role may read.

The role service moves money and imports statements; it cannot change rules or schedules.
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
    "schedules.create": EDITORS,
    "schedules.edit": EDITORS,
    "schedules.rename": EDITORS,
    "schedules.pause": EDITORS,
    "schedules.end": EDITORS,
    "schedules.skip": EDITORS,
    "schedules.run": WRITERS,
    "statements.import": WRITERS,
    "statements.undo": WRITERS,
    "profiles.remember": WRITERS,
    "profiles.edit": EDITORS,
    "profiles.forget": EDITORS,
}

declare(TABLE)


def verb[**P, R](name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a method as that verb (see `tenants.access.roles.verb`) and refuse unknown keywords."""
    marked = roles.verb(name)
    return lambda method: marked(strict(method))
