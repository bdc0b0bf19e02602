"""Cascade cases as JSON: a strict parser, and the result of a case.

The models below are the schema of the file. Money is an int of minor units.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationInfo,
    field_validator,
)
from pydantic import ValidationError as Invalid
from pydantic_core import PydanticCustomError

from budgets.cascade import MAX_MINOR, Claim, Slot, cascade
from budgets.errors import BadCase, BadRule
from budgets.money import percent


def _share(text: str) -> int:
    """Parts per million of a percentage; the field is text because a JSON number is a float."""
    try:
        return percent(text)
    except BadRule as error:
        raise PydanticCustomError("percentage", "{why}", {"why": str(error)}) from error


MOST = 200
"""The most characters of a name or a path that an error quotes."""

type Name = Annotated[str, Field(pattern=r"\S")]
type Whole = Annotated[int, Field(ge=0)]
type Method = Literal["flat_value", "percentage"]

_VALUES: dict[str | None, TypeAdapter[Any]] = {
    "flat_value": TypeAdapter(Whole, config=ConfigDict(strict=True)),
    "percentage": TypeAdapter(Annotated[str, AfterValidator(_share)]),
}


class _Strict(BaseModel):
    """Refuses unknown fields and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class CaseFilter(_Strict):
    """The flat amount or share that a bucket takes of the money that arrives."""

    method: Method
    value: Any

    @field_validator("value")
    @classmethod
    def _by_method(cls, value: object, info: ValidationInfo) -> object:
        """Minor units or parts per million; `method` itself is validated by its own field."""
        kind = _VALUES.get(info.data.get("method"))
        return kind.validate_python(value) if kind else value

    @property
    def claim(self) -> Claim:
        """The rule as an argument of the cascade."""
        flat = self.method == "flat_value"
        return Claim(flat=self.value) if flat else Claim(share=self.value)


class CaseHold(CaseFilter):
    """The minimum that a bucket keeps; the JSON name of `method` differs."""

    method: Method = Field(alias="type")


class CaseBucket(_Strict):
    """A bucket before the deposit."""

    name: Name
    priority: Whole
    filter: CaseFilter
    hold: CaseHold | None
    target_minor: Whole | None
    balance_minor: Whole
    locked: bool

    @property
    def slot(self) -> Slot[str]:
        """The bucket as an argument of the cascade."""
        return Slot(
            self.name,
            self.priority,
            self.balance_minor,
            self.target_minor,
            self.filter.claim,
            self.hold.claim if self.hold else None,
            self.locked,
        )


class Case(_Strict):
    """One deposit and its buckets; `source` and `expected` are not validated."""

    name: Name
    deposit_minor: Annotated[int, Field(ge=1)]
    buckets: list[CaseBucket]
    source: Any = None
    expected: dict[str, Any] | None = None

    @field_validator("buckets")
    @classmethod
    def _require_unique(cls, buckets: list[CaseBucket]) -> list[CaseBucket]:
        for field in ("name", "priority"):
            seen: set[object] = set()
            for bucket in buckets:
                if (value := getattr(bucket, field)) in seen:
                    why = {"field": field, "value": repr(value)[:MOST]}
                    raise PydanticCustomError(
                        "repeated", "two buckets have the {field} {value}", why
                    )
                seen.add(value)
        return buckets

    @property
    def slots(self) -> tuple[Slot[str], ...]:
        """The buckets as arguments of the cascade."""
        return tuple(bucket.slot for bucket in self.buckets)


def parse(document: str | bytes) -> Case | list[Case]:
    """Read one case or a list of cases from JSON text; bytes must be UTF-8.

    Raises BadCase, which names the case and the field. It reads every case before it returns.
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
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadCase(f"the file is not JSON in UTF-8: {error}") from error
    except RecursionError as error:
        raise BadCase("the file is nested too deeply to be a list of cases") from error


def result(case: Case) -> dict[str, Any]:
    """The result of the cascade for a case, ready for JSON."""
    plan = cascade(case.deposit_minor, case.slots)
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


type Path = tuple[int | str, ...]
"""The keys and indexes of a value in the document."""


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Replaces a value that JSON allows and a case never does."""

    why: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        fields[key] = _Flaw("is a repeated key") if key in fields else value
    return fields


def _integer(digits: str) -> int | _Flaw:
    """An int of at most 64 bits; the length is tested first, as Python limits int(digits)."""
    if len(digits) <= 20 and -MAX_MINOR - 1 <= (number := int(digits)) <= MAX_MINOR:
        return number
    return _Flaw("is a number beyond 64 bits")


def _constant(name: str) -> _Flaw:
    return _Flaw(f"is {name}, which is not JSON")


def _flaws(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The path and the reason of every flaw."""
    if isinstance(value, _Flaw):
        yield path, value.why
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flaws(item, (*path, key))


def _case(value: object, number: int) -> Case:
    """Validate one case; `number` is its position in the list, from 1."""
    for path, why in _flaws(value):
        raise _refusal(value, number, path, why)
    try:
        return Case.model_validate(value)
    except Invalid as error:
        first = error.errors(include_url=False)[0]
        why = _IN_JSON.get(first["type"], first["msg"])
        raise _refusal(value, number, first["loc"], why) from error


_IN_JSON = {
    "model_type": "Input should be an object",
    "dict_type": "Input should be an object",
    "string_pattern_mismatch": "Input should be text that is not blank",
}
"""Messages in the terms of JSON where pydantic uses those of Python."""


def _refusal(value: object, number: int, path: Path, why: str) -> BadCase:
    """Format an error, such as: case 'pay day': buckets[1].filter.value: Field required."""
    name = value.get("name") if isinstance(value, dict) else None
    nameable = isinstance(name, str) and len(name) <= MOST and path[:1] != ("name",)
    parts = [f".{part}" if str(part).isidentifier() else f"[{part!r}]" for part in path]
    place = "".join(parts).removeprefix(".")[:MOST]
    case = f"case {name!r}" if nameable else f"case {number}"
    return BadCase(": ".join(part for part in (case, place, why) if part))
