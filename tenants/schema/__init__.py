"""The schema as a document, from the models alone: no database is asked."""
