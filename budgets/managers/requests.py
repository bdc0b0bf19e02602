"""What every verb may be told besides its amounts, and how a repeated request is recognised."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from django.utils import timezone

from budgets.errors import BadOption, StalePlan
from tenants.context import tenancy
from tenants.postgres.storable import UNSTORABLE, json_object
from tenants.schema.times import instant

if TYPE_CHECKING:
    from budgets.models import Budget


class RequestOptions(TypedDict, total=False):
    """Keyword arguments that every verb takes.

    key           makes a repeat return the first answer; always give one from a machine.
                  1 to 200 characters, and one key space for all verbs of a budget
    expect        the budget's version, or a preview's hash: refuse if it has changed since
    effective_at  when it happened in the world (aware, 1970 to 2199); default: now
    memo          a line for people, at most 500 characters
    metadata      a JSON object for programs, at most 64 KB and 32 levels
    source        what it came from: a line of a statement, a run of a schedule
    """

    key: str | None
    expect: int | str | None
    effective_at: datetime | None
    memo: str
    metadata: Mapping[str, Any]
    source: str


REQUEST_OPTIONS = frozenset(RequestOptions.__annotations__)
"""Their names."""

"""Their names."""

_LONGEST = {"key": 200, "memo": 500, "source": 200}


def fingerprint(verb: str, **asked: Any) -> str:
    """The hash that tells a repeated request from another one under the same key.

    It is of what was asked, in one spelling: what says nothing is left out, as is what the clock
    or the block gives, and an instant is in UTC. What the caller expected to find is no part of
    the request: a repeat finds something else.
    Raises BadOption for what cannot be recorded.
    """
    said = spelled(asked)
    asked = {name: value for name, value in asked.items() if name not in REQUEST_OPTIONS}
    asked |= {name: value for name, value in said.items() if value not in (None, "", {})}
    try:
        canonical = json.dumps([verb, asked], sort_keys=True, default=str)
    except ValueError as error:  # a number of thousands of digits
        raise BadOption(f"the request cannot be recorded: {error}") from error
    return hashlib.sha256(canonical.encode()).hexdigest()


def spelled(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are recorded, as they are. Raises BadOption for what cannot be."""
    return {
        "key": require_key(options.get("key")),
        "memo": _text("memo", options.get("memo", "")),
        "source": _text("source", options.get("source", "")),
        "metadata": _json_object(options.get("metadata", {})),
        "effective_at": _instant(options.get("effective_at")),
    }


def require_key(key: object) -> str | None:
    """The key itself. Raises BadOption unless it is text of 1 to 200 characters, or None."""
    if key is None:
        return None
    if key == "":
        raise BadOption("a key has 1 to 200 characters; leave it out for none", field="key")
    return _text("key", key)


def _text(name: str, value: object) -> str:
    """The text itself. Raises BadOption for what a column of text cannot hold."""
    if not isinstance(value, str):
        raise BadOption(f"{name} is text, not {value!r}", field=name)
    if len(value) > _LONGEST[name]:
        raise BadOption(f"{name} has at most {_LONGEST[name]} characters", field=name)
    if UNSTORABLE.search(value):  # undecodable bytes leave halves of surrogate pairs
        raise BadOption(f"{name} has bytes that are not text: {value!a}", field=name)
    return value


def _instant(effective_at: object) -> datetime | None:
    """The same instant in UTC. Raises BadOption as `tenants.schema.times.instant` tells."""
    if effective_at is None:
        return None
    try:
        return instant(effective_at)
    except ValueError as error:
        raise BadOption(f"effective_at {error}", field="effective_at") from error


def require_expected(budget: "Budget", expect: int | str | None) -> None:
    """Raise StalePlan when a version is expected and the budget, under its lock, has another.

    Raises BadOption for a preview's hash: only `Preview.require` can tell whether it holds.
    """
    if isinstance(expect, str):
        raise BadOption("only a deposit has a preview to expect", field="expect")
    if expect is not None and expect != budget.version:
        raise StalePlan(
            f"the budget has changed: it is at version {budget.version}, not {expect}",
            expected=expect,
            version=budget.version,
        )


def recorded(options: RequestOptions, request: str, now: datetime | None = None) -> dict[str, Any]:
    """The columns that record a request: who, when (else now), why, under which key.

    Raises BadOption for what cannot be recorded.
    """
    by = {"actor_id": tenancy().actor_id, "request_id": tenancy().request_id}
    return by | told(options, request, now or timezone.now())


def told(options: RequestOptions, request: str, now: datetime) -> dict[str, Any]:
    """The same but for who asked, which needs no block."""
    said = spelled(options)
    del said["source"]  # a column of movements alone
    return {**said, "effective_at": said["effective_at"] or now, "request_hash": request}


def _json_object(metadata: object) -> dict[str, Any]:
    """A copy of `metadata`, sure to be storable. Raises BadOption."""
    try:
        return json_object(metadata)
    except ValueError as error:
        raise BadOption(f"metadata {error}", field="metadata") from error
