"""What every verb may be told besides its amounts, and how a repeated request is recognised."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from budgets.errors import KeyReused


class Particulars(TypedDict, total=False):
    """Keyword arguments that every verb which moves money takes.

    key           makes a repeat return the first movement; always give one from a machine
    effective_at  when it happened in the world (aware); default: now
    memo          a line for people
    metadata      a JSON object for programs
    source        what it came from: a line of a statement, a run of a schedule
    """

    key: str | None
    effective_at: datetime | None
    memo: str
    metadata: Mapping[str, Any]
    source: str


def fingerprint(verb: str, **arguments: object) -> str:
    """The hash that tells a repeated request from another one under the same key."""
    canonical = json.dumps([verb, arguments], sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def same_request(key: str, earlier: str, now: str) -> None:
    """Raise KeyReused unless both fingerprints are of one request."""
    if earlier != now:
        raise KeyReused(f"key {key!r} was used before, for another request", key=key)
