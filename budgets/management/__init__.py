"""Commands on budgets."""
