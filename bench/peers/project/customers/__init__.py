"""The tenants of the package."""
