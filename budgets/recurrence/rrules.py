"""Recurrence rules: the parts of RFC 5545, section 3.3.10, that `budgets.recurrence` takes.

Text in, parts out; an invalid rule is refused with the reason.

Left out: FREQ finer than DAILY, BYSECOND, and BYWEEKNO, which dateutil reads otherwise.
"""

import re
from collections.abc import Callable, Container, Iterator
from datetime import UTC, datetime

from budgets.errors import BadSchedule

type Parts = dict[str, str]

MOST = 10_000
"""The largest COUNT."""

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")


def _from_either_end(most: int) -> Container[int]:
    return frozenset(range(-most, most + 1)) - {0}


# The parts of a rule, in the order in which they are kept; those with numbers, which ones.
_PARTS: dict[str, Container[int] | None] = {
    "FREQ": None,
    "INTERVAL": range(1, 1001),
    "COUNT": range(1, MOST + 1),
    "UNTIL": None,
    "WKST": None,
    "BYMONTH": range(1, 13),
    "BYYEARDAY": _from_either_end(366),
    "BYMONTHDAY": _from_either_end(31),
    "BYDAY": None,
    "BYHOUR": range(24),
    "BYMINUTE": range(60),
    "BYSETPOS": _from_either_end(366),
}
_SINGLE = ("INTERVAL", "COUNT")
_NUMBER = re.compile("[+-]?[0-9]{1,5}")
_DAY = re.compile(f"([+-]?[0-9]{{1,2}})?(?:{'|'.join(DAYS)})")
_UNTIL = {
    "%Y%m%d": re.compile("[0-9]{8}"),
    "%Y%m%dT%H%M%S": re.compile("[0-9]{8}T[0-9]{6}"),
    "%Y%m%dT%H%M%SZ": re.compile("[0-9]{8}T[0-9]{6}Z"),
}


def parts_of(rrule: str) -> Parts:
    """The parts of a rule, in their order. Raises BadSchedule unless it makes sense.

    >>> parts_of("rrule:byday=fr;freq=weekly;interval=2")
    {'FREQ': 'WEEKLY', 'INTERVAL': '2', 'BYDAY': 'FR'}
    """
    parts: Parts = {}
    for pair in rrule.strip().upper().removeprefix("RRULE:").split(";"):
        name, _, value = pair.partition("=")
        if name not in _PARTS:
            raise BadSchedule(f"a rule has no part {name[:20]!r}, but {', '.join(_PARTS)}")
        if name in parts:
            raise BadSchedule(f"{name} is there twice", part=name)
        if not _fits(name, value):
            choices = f": say {', '.join(FREQUENCIES)}" if name == "FREQ" else ""
            raise BadSchedule(f"{name} cannot be {value[:40]!r}{choices}", part=name)
        parts[name] = value
    for broken, message in _contradictions(parts):
        if broken:
            raise BadSchedule(message)
    return {name: parts[name] for name in _PARTS if name in parts}


def text_of(parts: Parts) -> str:
    """The parts as a rule: in one spelling, if they are from `parts_of`."""
    return ";".join(f"{name}={value}" for name, value in parts.items())


def spelled_out(parts: Parts, starts: datetime) -> Parts:
    """The rule with every part that it takes from the start, and without its end.

    So it gives the same times from another start; dateutil takes less from it than RFC 5545.
    """
    freq, implied = parts["FREQ"], {"WKST": "MO", "BYSECOND": str(starts.second)}
    implied |= {"BYHOUR": str(starts.hour), "BYMINUTE": str(starts.minute)}
    if parts.keys().isdisjoint({"BYDAY", "BYMONTHDAY", "BYYEARDAY"}):
        if freq == "WEEKLY":
            implied["BYDAY"] = DAYS[starts.weekday()]
        elif freq != "DAILY":
            implied["BYMONTHDAY"] = str(starts.day)
        if freq == "YEARLY":
            implied["BYMONTH"] = str(starts.month)
    kept = {name: value for name, value in parts.items() if name not in ("COUNT", "UNTIL")}
    return implied | kept


def end_of(parts: Parts) -> Callable[[datetime, datetime], bool]:
    """Whether a local time, and the moment it is, lie past the rule's UNTIL."""
    until = parts.get("UNTIL", "")
    if (named := _date_of(until)) is None:
        return lambda local, due: False
    if named.tzinfo:
        return lambda local, due: due > named
    if "T" in until:
        return lambda local, due: local > named
    return lambda local, due: local.date() > named.date()


def _fits(name: str, value: str) -> bool:
    """Whether a part can have that value."""
    if name == "FREQ":
        return value in FREQUENCIES
    if name == "UNTIL":
        return _date_of(value) is not None
    if name == "WKST":
        return value in DAYS
    values = value.split(",")
    if name == "BYDAY":
        return all(map(_DAY.fullmatch, values))
    within = _PARTS[name] or ()
    if name in _SINGLE and len(values) > 1:
        return False
    return all(_NUMBER.fullmatch(each) and int(each) in within for each in values)


def _contradictions(parts: Parts) -> Iterator[tuple[bool, str]]:
    """Whether each condition on the parts together is broken, and its message."""
    freq = parts.get("FREQ")
    yield freq is None, f"a rule has a FREQ: {', '.join(FREQUENCIES)}"
    yield {"COUNT", "UNTIL"} <= parts.keys(), "a rule has COUNT or UNTIL, not both"
    yield "BYYEARDAY" in parts and freq != "YEARLY", "BYYEARDAY is for FREQ=YEARLY"
    yield "BYMONTHDAY" in parts and freq == "WEEKLY", "BYMONTHDAY is not for FREQ=WEEKLY"
    others = [name for name in parts if name.startswith("BY") and name != "BYSETPOS"]
    yield "BYSETPOS" in parts and not others, "BYSETPOS picks from what another BY part says"
    hours, minutes = (set(parts.get(name, "").split(",")) for name in ("BYHOUR", "BYMINUTE"))
    yield len(hours) * len(minutes) > 24, "a rule falls due at most 24 times a day"
    yield from _misnumbered(parts)


def _misnumbered(parts: Parts) -> Iterator[tuple[bool, str]]:
    """The conditions on numbers in BYDAY, such as 2FR, the second Friday."""
    freq, numbers = parts["FREQ"], [day[:-2] for day in parts.get("BYDAY", "").split(",")]
    if not any(numbers):
        return
    yield not all(numbers), "in BYDAY either every day has a number or none has"
    yield freq not in ("MONTHLY", "YEARLY"), "numbers in BYDAY are for FREQ=MONTHLY or YEARLY"
    most = 53 if freq == "YEARLY" and "BYMONTH" not in parts else 5
    too_far = any(not 1 <= abs(int(number)) <= most for number in numbers)
    yield too_far, f"here a number in BYDAY is from 1 to {most}, or from -{most} to -1"


def _date_of(until: str) -> datetime | None:
    """The time an UNTIL names: of its day, of the wall clock, or of the world (aware)."""
    for form, shape in _UNTIL.items():
        if shape.fullmatch(until):
            try:
                named = datetime.strptime(until, form)
            except ValueError:
                return None
            return named.replace(tzinfo=UTC) if form.endswith("Z") else named
    return None
