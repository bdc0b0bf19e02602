"""Isolation of tenants, by Django's queries and by PostgreSQL's row policies."""
