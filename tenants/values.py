"""Values from outside: what is let through to PostgreSQL, and nothing that it would refuse."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
"""What PostgreSQL's text cannot hold: NUL, and halves of surrogate pairs."""

LONGEST = 1_000
DEEPEST = 5
MOST_PARTS = 100
BIGGEST = 2**63 - 1


def storable(value: object, most: int) -> str:
    """A text PostgreSQL can hold, of `most` characters or fewer. Raises ValueError."""
    if not isinstance(value, str) or len(value) > most or UNSTORABLE.search(value):
        raise ValueError(f"a text of at most {most} characters")
    return value


def document(value: object) -> dict[str, Any]:
    """A JSON object, decoded already or as text. Raises ValueError."""
    try:
        found = json.loads(storable(value, LONGEST)) if isinstance(value, str) else value
        if isinstance(found, dict) and sum(1 for _ in _parts(found, DEEPEST)) <= MOST_PARTS:
            return found
    except (ValueError, RecursionError):
        pass
    raise ValueError(f"a JSON object of at most {MOST_PARTS} parts, {DEEPEST} deep")


def _parts(value: object, deepest: int) -> Iterator[object]:
    """Every part of a JSON value. Raises ValueError at one that jsonb cannot hold."""
    yield value
    if isinstance(value, dict | list):
        if deepest == 0 or len(value) > MOST_PARTS:
            _refuse()
        for key in value if isinstance(value, dict) else ():
            storable(key, LONGEST)
        for each in value.values() if isinstance(value, dict) else value:
            yield from _parts(each, deepest - 1)
    elif isinstance(value, str):
        storable(value, LONGEST)
    elif isinstance(value, int):
        if abs(value) > BIGGEST:
            _refuse()
    elif isinstance(value, float):
        if not math.isfinite(value):
            _refuse()
    elif value is not None:
        _refuse()


def _refuse() -> NoReturn:
    raise ValueError("not JSON that can be stored")
