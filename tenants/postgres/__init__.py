"""The Django database engine of tenants' models, for PostgreSQL."""
