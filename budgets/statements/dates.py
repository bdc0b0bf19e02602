"""Dates of a file that does not say how it writes them: the whole file decides."""

import re
from datetime import date, datetime
from functools import lru_cache

from budgets.errors import BadStatement

FORMATS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d.%m.%y"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y"),
)
_TIMED = re.compile(r"(.*?[0-9])[T ][ ]*[0-9]{1,2}:[0-9]{2}.*", re.DOTALL)
_YEAR = re.compile(r"%[YyGcDxF]")


class Dates:
    """The ways of writing dates that fit all of a file's dates seen so far."""

    def __init__(self, given: str = "") -> None:
        """`given` is a strptime form; without one all `FORMATS` are candidates."""
        if given and not _YEAR.search(given):
            raise BadStatement(f"--date-format {given!r} has no year, such as %Y")
        self._given = given
        self._left: tuple[str, ...] = (given,) if given else FORMATS
        self._seen: dict[str, int] = {}

    def see(self, text: str, at: int) -> None:
        """Take one date, from file line `at`, into account. Raises ValueError if none fits."""
        text = self._day_part(text)
        if text in self._seen:
            return
        left = tuple(form for form in self._left if _parsed(text, form))
        if not left:
            raise ValueError(self._complaint(text))
        self._left = left
        self._seen[text] = at

    def decide(self) -> None:
        """Raises BadStatement when a day and a month could be either way round."""
        first, *others = self._left
        for other in others:
            for text, at in self._seen.items():
                if parse(text, first) != parse(text, other):
                    raise BadStatement(
                        f"line {at}: {text!r} can be {parse(text, first)} or {parse(text, other)}: "
                        f"say --date-format {first} or --date-format {other}"
                    )

    def day(self, text: str) -> date:
        """The day a date means, once decided. Raises ValueError."""
        return parse(self._day_part(text), self._left[0])

    def _day_part(self, text: str) -> str:
        """The date before a time of day; a form that was given is for the whole text."""
        timed = None if self._given else _TIMED.fullmatch(text)
        return timed[1] if timed else text

    def _complaint(self, text: str) -> str:
        if self._given:
            return f"is not a date like {self._given}"
        if any(_parsed(text, form) for form in FORMATS):
            return f"does not fit the dates before it, written {' or '.join(self._left)}"
        return "is not a date"


@lru_cache(4096)  # strptime is slow, and a year has few days
def parse(text: str, form: str) -> date:
    """The day `text` means in strptime form `form`. Raises ValueError."""
    return datetime.strptime(text, form).date()


def _parsed(text: str, form: str) -> bool:
    try:
        parse(text, form)
    except (ValueError, re.error):  # strptime makes a pattern of an odd form
        return False
    return True
