"""Validation of untrusted values, so that PostgreSQL does not refuse them later."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")
"""Characters that PostgreSQL's text cannot store: NUL and unpaired surrogates."""

LONGEST = 1_000
DEEPEST = 5
MOST_PARTS = 100
BIGGEST = 2**63 - 1


def clean_text(value: object, most: int) -> str:
    """The text, if PostgreSQL can store it and it has at most `most` characters.

    Raises ValueError with a noun phrase for a valid value.
    """
    if not isinstance(value, str) or len(value) > most or UNSTORABLE.search(value):
        raise ValueError(f"a text of at most {most} characters")
    return value


LARGEST_JSON = 64 * 1024
DEEPEST_JSON = 32
"""The limits of a caller's own JSON: characters and levels of nesting.

PostgreSQL accepts 100 MB and thousands of levels, but then reads of the row are slow or fail:
Python's json fails at 10,000 levels.
"""


def clean_json_object(value: object) -> dict[str, Any]:
    """A copy of a JSON object of limited size that PostgreSQL can store.

    Raises ValueError with a predicate, such as "is not JSON: ...".
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    if len(text) > LARGEST_JSON:
        raise ValueError(f"has {len(text)} characters as JSON; the limit is {LARGEST_JSON}")
    if UNSTORABLE.search(text) or r"\u0000" in text.replace(r"\\", ""):
        raise ValueError("has a character that cannot be stored: U+0000 or an unpaired surrogate")
    copy = json.loads(text)
    if not isinstance(copy, dict) or _is_deeper(copy, DEEPEST_JSON):
        raise ValueError(f"is not a JSON object of at most {DEEPEST_JSON} levels")
    return copy


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inside = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inside)


def clean_json_condition(value: object) -> dict[str, Any]:
    """A JSON object to search for, decoded or as text.

    Raises ValueError with a noun phrase for a valid value.
    """
    try:
        decoded = json.loads(clean_text(value, LONGEST)) if isinstance(value, str) else value
        if isinstance(decoded, dict) and sum(1 for _ in _parts(decoded, DEEPEST)) <= MOST_PARTS:
            return decoded
    except (ValueError, RecursionError):
        pass
    raise ValueError(f"a JSON object of at most {MOST_PARTS} parts and {DEEPEST} levels")


def _parts(value: object, deepest: int) -> Iterator[object]:
    """All parts of a JSON value. Raises ValueError for a part that jsonb cannot store."""
    yield value
    if isinstance(value, dict | list):
        if deepest == 0 or len(value) > MOST_PARTS:
            _refuse()
        for key in value if isinstance(value, dict) else ():
            clean_text(key, LONGEST)
        for each in value.values() if isinstance(value, dict) else value:
            yield from _parts(each, deepest - 1)
    elif isinstance(value, str):
        clean_text(value, LONGEST)
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
