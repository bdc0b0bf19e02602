"""A PostgreSQL server of the project's own: imported only when it is used."""
