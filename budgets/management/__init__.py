"""Management commands of budgets, and the modules that only they use."""
