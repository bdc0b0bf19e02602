"""Names that people type: a nearly right name, or an id."""

from collections.abc import Iterable
from difflib import get_close_matches
from uuid import UUID

MOST = 1_000
"""How many names are compared at most: a mistyped name must not read a whole table."""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A question for the end of a message, with the names nearest to `name`; case is ignored.

    >>> did_you_mean("houshold", ["Household", "Ana's"]), did_you_mean("x", ["Household"])
    (" (did you mean 'Household'?)", '')
    """
    known = {each.lower(): each for each in names}
    near = [known[each] for each in get_close_matches(name.lower(), known, n=3)]
    return f" (did you mean {' or '.join(map(repr, near))}?)" if near else ""


def uuid_of(text: str) -> UUID | None:
    """The UUID in a text, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None
