"""The admin pages of budgets; importing the package registers them."""

from budgets.admin import ledger, schedules, statements

__all__ = ["ledger", "schedules", "statements"]
