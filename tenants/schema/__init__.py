"""The schema as a document, from the models and a migrated database."""
