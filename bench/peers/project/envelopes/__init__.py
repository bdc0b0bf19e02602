"""A ledger of plain models."""
