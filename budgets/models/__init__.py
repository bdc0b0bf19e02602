"""What a budgeting product keeps: budgets, buckets and their rules, movements and entries."""

from budgets.models.budgets import Bucket, BucketVersion, Budget, Request, Rules
from budgets.models.ledger import Entry, Movement

__all__ = ["Bucket", "BucketVersion", "Budget", "Entry", "Movement", "Request", "Rules"]
