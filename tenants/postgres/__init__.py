"""The database backend: PostgreSQL as tenants' models need it."""
