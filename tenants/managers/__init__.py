"""The data-access layer of `tenants`: the contract, soft deletion, and the verbs of each model."""
