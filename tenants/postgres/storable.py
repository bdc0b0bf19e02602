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


LARGEST_JSON = 64 * 1024
DEEPEST_JSON = 32
"""What is kept of a caller's own JSON: characters, and levels. A column takes 100 MB and thousands
of levels, and then every read of the row is slow or fails: Python's json gives up at 10,000.
"""


def json_object(value: object) -> dict[str, Any]:
    """A copy of a JSON object of bounded size that PostgreSQL can hold. Raises ValueError."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    if len(text) > LARGEST_JSON:
        raise ValueError(f"has at most {LARGEST_JSON} characters as JSON, not {len(text)}")
    if UNSTORABLE.search(text) or r"\u0000" in text.replace(r"\\", ""):
        raise ValueError("has a character that cannot be stored")
    copy = json.loads(text)
    if not isinstance(copy, dict) or _is_deeper(copy, DEEPEST_JSON):
        raise ValueError(f"is a JSON object of at most {DEEPEST_JSON} levels")
    return copy


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inside)


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
