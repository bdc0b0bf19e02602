"""What can be asked of a budget and its ledger. Nothing here writes."""
