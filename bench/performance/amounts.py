"""The amounts of the benchmarks, in minor units."""

AMOUNT = 1_234_57
FAR = 900_000_000_000_000
"""A target that no deposit reaches."""
