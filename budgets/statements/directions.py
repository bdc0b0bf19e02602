"""What the texts of a column say of the directions of sums, all of them together. Pure."""

from collections.abc import Iterable

from budgets.statements.cells import bare
from budgets.statements.column_names import normal
from budgets.statements.words import PAIRS, direction

_ONE_SIDED = frozenset(("cr", "dr", "db", "+", "-"))
"""Marks that stand only beside sums of one direction, whatever their column is called."""
_CAME_IN = {
    frozenset(pair): pair[1] for pair in ("da", "dk", "ba", "tj", "\u0434\u043a", "\u03c7\u03c0")
}
"""Of letters that mean money in only beside the other one, the one that does."""


def ways_of(name: str, values: Iterable[str]) -> dict[str, int]:
    """The direction of each text of the column; the A of D and A is "avere"."""
    letters = frozenset(normal(text) for text in values)
    pairs = (letters, frozenset(normal(name).split()))
    pair = next((pair for pair in pairs if pair in _CAME_IN and letters <= pair), None)
    if pair is None:
        return {text: direction(text) for text in values}
    return {text: 1 if normal(text) == _CAME_IN[pair] else -1 for text in values}


def is_pair(name: str, values: Iterable[str]) -> bool:
    """Whether values of a letter or two are those of a direction, and not of something else."""
    texts = {normal(text) or bare(text) for text in values}
    if any(len(text) > 2 for text in texts) or not normal(name):
        return True
    return texts <= {"+", "-"} or frozenset(texts) in PAIRS


def is_one_sided(name: str, values: Iterable[str]) -> bool:
    """Whether a mark of one direction leaves the other one blank, and is not something else."""
    return not normal(name) or _ONE_SIDED.issuperset(normal(text) or bare(text) for text in values)
