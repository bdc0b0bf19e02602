"""The embedded PostgreSQL server; imported only when it is used."""
