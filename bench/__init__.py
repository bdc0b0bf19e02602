"""Benchmarks: ratios measured in one run, by `make bench`."""
