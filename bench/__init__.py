"""Benchmarks: `bench.performance` is `make bench`, `bench.peers` is `make bench-peers`.

The others are `make bench-listings`: each measures two variants in one run, and prints their ratio.
"""
