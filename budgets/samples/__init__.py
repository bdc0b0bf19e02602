"""Two invented bank statements for demos and tests; `make` writes them."""

from pathlib import Path

HOUSEHOLD = Path(__file__).parent / "household.ofx"
BAKERY = Path(__file__).parent / "bakery.csv"
