"""The conformance file: cascade cases as JSON, read strictly and answered.

Section 8 of the domain design describes the format; the models below are its schema. Money is an
int of minor units.
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
    """A percentage in parts per million; it is text, since JSON's 33.3333 would be a float."""
    try:
        return percent(text)
    except BadRule as error:
        raise PydanticCustomError("percentage", "{why}", {"why": str(error)}) from error


MOST = 200
"""Characters of a name or a path that an error repeats."""

type Name = Annotated[str, Field(pattern=r"\S")]
type Whole = Annotated[int, Field(ge=0)]
type Method = Literal["flat_value", "percentage"]

_VALUES: dict[str | None, TypeAdapter[Any]] = {
    "flat_value": TypeAdapter(Whole, config=ConfigDict(strict=True)),
    "percentage": TypeAdapter(Annotated[str, AfterValidator(_share)]),
}


class _Strict(BaseModel):
    """No field too many, and no value of another type than its field's."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Rule(_Strict):
    """What a filter and a hold have in common; each names its method by another field."""

    method: Method
    value: Any

    @field_validator("value")
    @classmethod
    def _by_method(cls, value: object, info: ValidationInfo) -> object:
        """Minor units or parts per million; a wrong method is reported in its own place."""
        kind = _VALUES.get(info.data.get("method"))
        return kind.validate_python(value) if kind else value

    @property
    def claim(self) -> Claim:
        """The rule as the cascade takes it."""
        flat = self.method == "flat_value"
        return Claim(flat=self.value) if flat else Claim(share=self.value)


class Filter(_Rule):
    """What a bucket asks of the money that reaches it."""


class Hold(_Rule):
    """The least that a bucket keeps."""

    method: Method = Field(alias="type")


class CaseBucket(_Strict):
    """A bucket as the deposit finds it."""

    name: Name
    priority: Whole
    filter: Filter
    hold: Hold | None
    target_minor: Whole | None
    balance_minor: Whole
    locked: bool

    @property
    def slot(self) -> Slot[str]:
        """The bucket as the cascade takes it."""
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
    """One deposit and the buckets it meets; `expected` is kept as it was written."""

    name: Name
    deposit_minor: Annotated[int, Field(ge=1)]
    buckets: list[CaseBucket]
    source: Any = None
    expected: dict[str, Any] | None = None

    @field_validator("buckets")
    @classmethod
    def _all_different(cls, buckets: list[CaseBucket]) -> list[CaseBucket]:
        for field in ("name", "priority"):
            seen: set[object] = set()
            for bucket in buckets:
                if (value := getattr(bucket, field)) in seen:
                    why = {"field": field, "value": repr(value)[:MOST]}
                    raise PydanticCustomError("repeated", "two have the {field} {value}", why)
                seen.add(value)
        return buckets

    @property
    def slots(self) -> tuple[Slot[str], ...]:
        """The buckets as the cascade takes them."""
        return tuple(bucket.slot for bucket in self.buckets)


def parse(document: str | bytes) -> Case | list[Case]:
    """Read one case, or a list of them, from JSON text; bytes must be UTF-8.

    Raises BadCase, which names the case and the field, before any case is answered.
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
    """What the cascade makes of a case, ready for JSON."""
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
"""The keys and indexes that lead to a value."""


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Stands in the tree for a value that is refused wherever it is."""

    why: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        fields[key] = _Flaw("is given twice") if key in fields else value
    return fields


def _integer(digits: str) -> int | _Flaw:
    """A number of 64 bits; Python itself refuses to convert thousands of digits."""
    if len(digits) <= 20 and -MAX_MINOR - 1 <= (number := int(digits)) <= MAX_MINOR:
        return number
    return _Flaw("is a number beyond 64 bits")


def _constant(name: str) -> _Flaw:
    return _Flaw(f"is {name}, which is not JSON")


def _flaws(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every flaw in the tree, and its place."""
    if isinstance(value, _Flaw):
        yield path, value.why
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flaws(item, (*path, key))


def _case(value: object, number: int) -> Case:
    """The case that stands at that place of the list, counted from 1."""
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
"""What is wrong in JSON's words, where pydantic has Python's."""


def _refusal(value: object, number: int, path: Path, why: str) -> BadCase:
    """Such as: case 'pay day': buckets[1].filter.value: Field required."""
    name = value.get("name") if isinstance(value, dict) else None
    known = isinstance(name, str) and len(name) <= MOST and path[:1] != ("name",)
    parts = [f".{part}" if str(part).isidentifier() else f"[{part!r}]" for part in path]
    place = "".join(parts).removeprefix(".")[:MOST]
    case = f"case {name!r}" if known else f"case {number}"
    return BadCase(": ".join(part for part in (case, place, why) if part))
