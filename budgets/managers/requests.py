"""What every verb may be told besides its amounts, and how a repeated request is recognised."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from django.utils import timezone

from budgets.errors import BadParticulars, KeyReused, StalePlan
from tenants.context import tenancy

if TYPE_CHECKING:
    from budgets.models import Budget


class Particulars(TypedDict, total=False):
    """Keyword arguments that every verb takes.

    key           makes a repeat return the first answer; always give one from a machine
    expect        the budget's version, or a preview's hash: refuse if it has changed since
    effective_at  when it happened in the world (aware); default: now
    memo          a line for people, at most 500 characters
    metadata      a JSON object for programs
    source        what it came from: a line of a statement, a run of a schedule
    """

    key: str | None
    expect: int | str | None
    effective_at: datetime | None
    memo: str
    metadata: Mapping[str, Any]
    source: str


_LONGEST = {"key": 200, "memo": 500, "source": 200}


def fingerprint(verb: str, **arguments: object) -> str:
    """The hash that tells a repeated request from another one under the same key.

    What the caller expected to find is no part of the request: a repeat finds something else.
    Raises BadParticulars for metadata whose keys JSON does not have.
    """
    arguments.pop("expect", None)
    try:
        canonical = json.dumps([verb, arguments], sort_keys=True, default=str)
    except (TypeError, ValueError) as error:
        raise BadParticulars(f"metadata is not JSON: {error}", field="metadata") from error
    return hashlib.sha256(canonical.encode()).hexdigest()


def same_request(key: str, earlier: str, now: str) -> None:
    """Raise KeyReused unless both fingerprints are of one request."""
    if earlier != now:
        raise KeyReused(f"key {key!r} was used before, for another request", key=key)


def require_expected(budget: "Budget", expect: int | str | None) -> None:
    """Raise StalePlan when a version is expected and the budget, under its lock, has another.

    Raises BadParticulars for a preview's hash: only `Preview.require` can tell whether it holds.
    """
    if isinstance(expect, str):
        raise BadParticulars("only a deposit has a preview to expect", field="expect")
    if expect is not None and expect != budget.version:
        raise StalePlan(
            f"the budget has changed: it is at version {budget.version}, not {expect}",
            expected=expect,
            version=budget.version,
        )


def recorded(particulars: Particulars, request: str, now: datetime | None = None) -> dict[str, Any]:
    """The columns that record a request: who, when (else now), why, under which key.

    Raises BadParticulars for what cannot be recorded.
    """
    by = {"actor_id": tenancy().actor_id, "request_id": tenancy().request_id}
    return by | told(particulars, request, now or timezone.now())


def told(particulars: Particulars, request: str, now: datetime) -> dict[str, Any]:
    """The same but for who asked, which needs no block."""
    for name, most in _LONGEST.items():
        if len(str(particulars.get(name) or "")) > most:
            raise BadParticulars(f"{name} has at most {most} characters", field=name)
    effective_at = particulars.get("effective_at") or now
    if timezone.is_naive(effective_at):
        raise BadParticulars("effective_at needs a time zone", field="effective_at")
    return {
        "effective_at": effective_at,
        "memo": particulars.get("memo", ""),
        "metadata": _json_object(particulars.get("metadata", {})),
        "key": particulars.get("key"),
        "request_hash": request,
    }


def _json_object(metadata: object) -> dict[str, Any]:
    """A copy of `metadata`, sure to be storable. Raises BadParticulars."""
    try:
        copy = json.loads(json.dumps(metadata, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise BadParticulars(f"metadata is not JSON: {error}", field="metadata") from error
    if not isinstance(copy, dict):
        raise BadParticulars("metadata is a JSON object", field="metadata")
    return copy
