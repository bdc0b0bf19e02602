"""Envelope budgets: deposits that cascade through buckets, on a double-entry ledger."""
