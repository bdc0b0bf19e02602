"""Documents that are run: what they show is what happens, or a test is red."""
