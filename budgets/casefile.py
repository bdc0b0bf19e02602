"""The conformance file: cascade cases as JSON, read strictly and answered.

Section 8 of the domain design describes the format. Every refusal is a BadCase that names the
case and the field. Money is an int of minor units.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from budgets.cascade import MAX_MINOR, Claim, Slot, cascade
from budgets.errors import BadCase, BadRule
from budgets.money import percent


@dataclass(frozen=True, slots=True)
class Case:
    """One deposit and the buckets it meets; `expected` is kept as it was written."""

    name: str
    deposit: int
    slots: tuple[Slot[str], ...]
    expected: dict[str, Any] | None = None


def parse(document: str | bytes) -> Case | list[Case]:
    """Read one case, or a list of them, from JSON text; bytes must be UTF-8.

    Raises BadCase, before any case is answered.
    """
    try:
        value = json.loads(
            document.decode("utf-8-sig") if isinstance(document, bytes) else document,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_constant=_constant,
        )
        if isinstance(value, list):
            return [_case(item, number) for number, item in enumerate(value, start=1)]
        return _case(value, 1)
    except UnicodeDecodeError as error:
        raise BadCase(f"the file is not UTF-8 text: see byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise BadCase(
            f"the file is not JSON: {error.msg}, line {error.lineno} column {error.colno}"
        ) from error
    except RecursionError as error:
        raise BadCase("the file is nested too deeply to be a list of cases") from error


def result(case: Case) -> dict[str, Any]:
    """What the cascade makes of a case, ready for JSON."""
    plan = cascade(case.deposit, case.slots)
    return {
        "name": case.name,
        "allocations": dict(plan.changes),
        "remainder_minor": plan.remainder,
        "filled": list(plan.filled),
        "steps": [
            {
                "name": step.key,
                "available": step.available,
                "filter": step.filter,
                "hold": step.hold,
                "space": step.space,
                "kept": step.kept,
                "reason": str(step.reason),
            }
            for step in plan.steps
        ],
    }


# -- JSON, more strictly than Python reads it -------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Stands in the tree for what JSON or the format does not allow anywhere."""

    why: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        fields[key] = _Flaw("is given twice") if key in fields else value
    return fields


def _integer(digits: str) -> int | _Flaw:
    # Python refuses to convert thousands of digits; 20 and a sign hold any 64-bit number.
    if len(digits) <= 21 and -MAX_MINOR - 1 <= (number := int(digits)) <= MAX_MINOR:
        return number
    return _Flaw("is a number beyond 64 bits")


def _constant(name: str) -> _Flaw:
    return _Flaw(f"is {name}, which is not JSON")


def _flaws(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Every flaw in the tree, as path and complaint."""
    if isinstance(value, _Flaw):
        yield path, value.why
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _flaws(item, _below(path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _flaws(item, f"{path}[{index}]")


def _below(path: str, key: str) -> str:
    """The path of a field; a key that is no plain word is quoted."""
    if not re.fullmatch(r"[A-Za-z_]\w{0,60}", key, re.ASCII):
        return f"{path}[{_quoted(key)}]"
    return f"{path}.{key}" if path else key


def _quoted(value: object, most: int = 60) -> str:
    """The value as an error may quote it: short, on one line, fit for any terminal."""
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= most else f"{text[:most]}..."


# -- A value and its place --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _At:
    """A value in the file: which case, where in it, and what stands there."""

    case: str
    path: str
    value: Any

    def refuse(self, why: str) -> NoReturn:
        """Raises BadCase."""
        raise BadCase(": ".join(part for part in (self.case, self.path, why) if part))

    def wants(self, what: str) -> NoReturn:
        """Raises BadCase: the value is something else."""
        self.refuse(f"must be {what}, not {_quoted(self.value)}")

    def fields(self, *names: str, optional: tuple[str, ...] = ()) -> dict[str, "_At"]:
        """The fields of an object that has all of `names` and, at most, the optional ones."""
        if not isinstance(self.value, dict):
            self.wants("an object")
        found = {
            key: _At(self.case, _below(self.path, key), value) for key, value in self.value.items()
        }
        for key, at in found.items():
            if key not in names + optional:
                at.refuse(f"is not a field; the fields are {', '.join(names + optional)}")
        for name in names:
            if name not in found:
                _At(self.case, _below(self.path, name), None).refuse("is missing")
        return found

    def items(self) -> list["_At"]:
        """The values of a list."""
        if not isinstance(self.value, list):
            self.wants("a list")
        return [
            _At(self.case, f"{self.path}[{index}]", item) for index, item in enumerate(self.value)
        ]

    def text(self) -> str:
        """A name."""
        if not _is_name(self.value):
            self.wants("text that is not empty")
        return str(self.value)

    def whole(self, least: int = 0) -> int:
        """An int, and written as one: JSON's 1.0 is none."""
        if type(self.value) is not int or self.value < least:
            self.wants(f"a whole number from {least}")
        return int(self.value)

    def share(self) -> int:
        """A percentage, in parts per million; a string, since JSON's 33.3333 would be a float."""
        if not isinstance(self.value, str):
            self.wants('a decimal string such as "33.3333"')
        try:
            return percent(self.value)
        except BadRule as error:
            self.refuse(str(error))

    def truth(self) -> bool:
        """A bool."""
        if not isinstance(self.value, bool):
            self.wants("true or false")
        return bool(self.value)


def _is_name(value: object) -> bool:
    """Whether it is text a result can repeat: not blank, and without half a surrogate pair."""
    if not isinstance(value, str) or re.search("[\ud800-\udfff]", value):
        return False
    return not value.isspace() and value != ""


# -- The cases ------------------------------------------------------------------------------


def _case(value: Any, number: int) -> Case:
    """The case that stands at that place of the list, counted from 1."""
    name = value.get("name") if isinstance(value, dict) else None
    label = f"case {_quoted(name, most=200)}" if _is_name(name) else f"case {number}"
    for path, why in _flaws(value, ""):
        _At(label, path, value).refuse(why)
    fields = _At(label, "", value).fields(
        "name", "deposit_minor", "buckets", optional=("source", "expected")
    )
    expected = fields.get("expected")
    if expected and not isinstance(expected.value, dict | None):
        expected.wants("an object or null")
    return Case(
        name=fields["name"].text(),
        deposit=fields["deposit_minor"].whole(least=1),
        slots=_slots(fields["buckets"].items()),
        expected=expected.value if expected else None,
    )


def _slots(buckets: list[_At]) -> tuple[Slot[str], ...]:
    slots = tuple(_slot(bucket) for bucket in buckets)
    for field in ("name", "priority"):
        first: dict[Any, str] = {}
        for bucket in buckets:
            value = bucket.value[field]
            if value in first:
                again = _At(bucket.case, f"{bucket.path}.{field}", value)
                again.refuse(f"{_quoted(value)} is also the {field} of {first[value]}")
            first[value] = bucket.path
    return slots


def _slot(bucket: _At) -> Slot[str]:
    fields = bucket.fields(
        "name", "priority", "filter", "hold", "target_minor", "balance_minor", "locked"
    )
    target, hold = fields["target_minor"], fields["hold"]
    return Slot(
        key=fields["name"].text(),
        priority=fields["priority"].whole(),
        balance=fields["balance_minor"].whole(),
        target=None if target.value is None else target.whole(),
        filter=_claim(fields["filter"], "method"),
        hold=None if hold.value is None else _claim(hold, "type"),
        locked=fields["locked"].truth(),
    )


def _claim(rule: _At, kind: str) -> Claim:
    """A filter or a hold; `kind` is the field that says how its value is meant."""
    fields = rule.fields(kind, "value")
    if fields[kind].value == "flat_value":
        return Claim(flat=fields["value"].whole())
    if fields[kind].value == "percentage":
        return Claim(share=fields["value"].share())
    fields[kind].wants("flat_value or percentage")
