"""How rows are named by people: by a name that was nearly right, or by an id."""

from collections.abc import Iterable
from difflib import get_close_matches
from uuid import UUID

MOST = 1_000
"""Names that are looked through at most: a mistyped one must not read a whole table."""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A question to end a message with, about the names nearest to `name`, whatever their case.

    >>> did_you_mean("houshold", ["Household", "Ana's"]), did_you_mean("x", ["Household"])
    (" (did you mean 'Household'?)", '')
    """
    known = {each.lower(): each for each in names}
    near = [known[each] for each in get_close_matches(name.lower(), known, n=3)]
    return f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""


def uuid_of(text: str) -> UUID | None:
    """The UUID that a text spells; None when it spells none."""
    try:
        return UUID(text)
    except ValueError:
        return None
