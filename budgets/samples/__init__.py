"""Two made-up bank statements for trying things out; `make` writes them."""

from pathlib import Path

HOUSEHOLD = Path(__file__).parent / "household.ofx"
BAKERY = Path(__file__).parent / "bakery.csv"
