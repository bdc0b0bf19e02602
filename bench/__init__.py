"""Benchmarks of `make bench`: each measures two variants in one run and prints their ratio."""
