"""Dates of a file that does not say how it writes them: the whole file decides."""

import re
from datetime import date, datetime, timedelta
from functools import lru_cache

from budgets.errors import BadStatement
from budgets.statements.monthnames import named_date, without_weekday

FORMATS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d.%m.%y"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y"),
    *("%d %m %Y", "%Y %m %d"),
)
EXCEL = {"excel": date(1899, 12, 30), "excel-1904": date(1904, 1, 1)}
"""Day 0 of the two ways in which spreadsheets count days, by their `--date-format`."""

NAMED = "month names"
_SHORT = 10  # characters; no time of day stands behind fewer
_TIMED = re.compile(
    r"(?P<day>.*?[0-9]\.?)(?:T|,? +(?:(?:um|at|à|as|às|om|kl\.?|alle|a las) )? *)"
    r"[0-9]{1,2}:[0-9]{2}.*",
    re.DOTALL,
)
_OTHER_TIMES = re.compile(
    r"(?P<a>[0-9]{8})T?[0-9]{4}(?:[0-9]{2})?(?:\.[0-9]+)?(?:Z|[-+][0-9:]+|\[.*\])?"
    r"|(?P<b>.*[0-9]{4}) [0-9]{2}\.[0-9]{2}(?:\.[0-9]{2})?"
    r"|(?P<c>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[-+][0-9]{2}:?[0-9]{2})"
)
_STAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ][0-9]{2}:[0-9]{2}[0-9:.]*Z?")
_SIMPLE = re.compile(r"[0-9]+(?:[./-][0-9]+)*")
_AROUND = re.compile(r"\s*([./-])\s*")
_DASHES = str.maketrans("\u2010\u2011\u2012\u2013\u5e74\u6708\u65e5", "------ ")
_LETTER = re.compile(r"[^\W\d_]")
_YEAR = re.compile(r"%[YyGcDxF]")
_SERIAL = re.compile(r"([2-7][0-9]{4})(?:[.,][0-9]+)?")
_LONGEST = 60  # characters of a date with its time
_YEARS = 3 * 366  # days


class Dates:
    """The ways of writing dates that fit all of a file's dates seen so far."""

    def __init__(self, given: str = "", usual: str = "") -> None:
        """`given` is a strptime form or a key of `EXCEL`; without one `FORMATS` are candidates.

        `usual` is taken if others fit as well in the end. `reason` says why the form is taken.
        """
        if given and given not in EXCEL and not _YEAR.search(given):
            raise BadStatement(
                f"--date-format {given!r} has no year, such as %Y: say --date-format %d.%m.%Y"
            )
        self._given, self._usual = given, usual
        self.reason = "all of them fit"
        self._left: tuple[str, ...] = (given,) if given else FORMATS
        self._seen: dict[str, int] = {}
        self._named = False

    def see(self, text: str, at: int) -> None:
        """Take one date, from file line `at`, into account. Raises ValueError if none fits."""
        text = self._day_part(text)
        if text in self._seen:
            return
        if not self._given and _named(text):
            self._named = True
            return
        left = tuple(form for form in self._left if _parsed(text, form))
        if not left:
            raise ValueError(self._complaint(text))
        self._left = left
        if not self._given:
            self._seen[text] = at

    def decide(self) -> None:
        """Raises BadStatement when a day and a month could be either way round."""
        if self._usual in self._left and len(self._left) > 1:
            self._left = (self._usual,)
            self.reason = "usual with this header"
        first, *others = self._left
        for other in [*others, *self._year_first()]:
            for text, at in self._seen.items():
                if parse(text, first) != parse(text, other):
                    raise BadStatement(
                        f"line {at}: {text!r} can be {parse(text, first)} or {parse(text, other)}: "
                        f"say --date-format {first} or --date-format {other}"
                    )

    @property
    def form(self) -> str:
        """How the file writes its dates, in strptime's form."""
        return NAMED if self._named and not self._seen else self._left[0]

    def day(self, text: str) -> date:
        """The day a date means, once decided. Raises ValueError."""
        text = self._day_part(text)
        named = None if self._given else _named(text)
        return named or parse(text, self._left[0])

    def _day_part(self, text: str) -> str:
        """The date before a time of day; a form that was given is for the whole text."""
        return text if self._given else day_part(text)

    def _year_first(self) -> list[str]:
        """The form with two digits of a year in front, if it brings the dates much closer."""
        form = self._left[0]
        swapped = f"%y{form[2]}%m{form[2]}%d"
        if not form.endswith("%y") or not all(_parsed(text, swapped) for text in self._seen):
            return []
        far, near = (self._span(each) for each in (form, swapped))
        return [swapped] if far > _YEARS and near * 4 < far else []

    def _span(self, form: str) -> int:
        days = [parse(text, form) for text in self._seen]
        return (max(days) - min(days)).days if days else 0

    def _complaint(self, text: str) -> str:
        if self._given:
            return f"is not a date like {self._given}"
        if any(_parsed(text, form) for form in FORMATS):
            return f"does not fit the dates before it, written {' or '.join(self._left)}"
        if _SERIAL.fullmatch(text):
            days = " or ".join(f"{parse(text, form)} ({form})" for form in EXCEL)
            return f"is a day number of a spreadsheet, {days}: say --date-format excel"
        return "is not a date"


@lru_cache(4096)
def day_part(text: str) -> str:
    """The date before a time of day, in plain digits where it has no words.

    >>> [day_part(text) for text in ("2025-01-31T10:22:03Z", "Fr, 31. 1. 2025 um 9:05")]
    ['2025-01-31', '31.1.2025']
    """
    if len(text) <= _SHORT and _SIMPLE.fullmatch(text):
        return text
    if found := _STAMP.fullmatch(text):
        return found[1]
    if len(text) > _LONGEST:
        return text
    if found := _TIMED.fullmatch(text) or _OTHER_TIMES.fullmatch(text):
        text = next(filter(None, found.groups()))
    text = text.translate(_DASHES)
    if not named_date(text):
        text = without_weekday(text)
    if not _LETTER.search(text):
        text = _AROUND.sub(r"\1", text.strip()).rstrip(".")
    return text


def is_date(text: str) -> bool:
    """Whether the text is a date in a way that is known."""
    text = day_part(text)
    return bool(_named(text)) or any(_parsed(text, form) for form in FORMATS)


@lru_cache(4096)
def _named(text: str) -> date | None:
    return named_date(text) if len(text) <= _LONGEST and _LETTER.search(text) else None


@lru_cache(4096)  # strptime is slow, and a year has few days
def parse(text: str, form: str) -> date:
    """The day `text` means in strptime form `form`, or in one of `EXCEL`. Raises ValueError."""
    if form in EXCEL:
        found = _SERIAL.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is not a day number")
        return EXCEL[form] + timedelta(days=int(found[1]))
    if form == "%Y%m%d" and len(text) != len("20250131"):
        raise ValueError(f"{text!r} has not eight digits")
    return datetime.strptime(text, form).date()


def _parsed(text: str, form: str) -> bool:
    try:
        parse(text, form)
    except (ValueError, re.error):  # strptime makes a pattern of an odd form
        return False
    return True
