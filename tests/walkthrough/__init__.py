"""Execution of the blocks of a document; a test fails if the output differs."""
