"""The data-access layer of tenants' models: the contract, soft deletion, and each model's verbs."""
