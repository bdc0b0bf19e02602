"""The admin's pages of this app: importing them registers them."""

from budgets.admin import ledger, schedules, statements

__all__ = ["ledger", "schedules", "statements"]
