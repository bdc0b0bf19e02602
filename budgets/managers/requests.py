"""Requests: the options that every verb takes, and how a repeated request is recognised."""

import hashlib
import json
from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict
from uuid import UUID

from budgets.errors import BadOption, StalePlan
from tenants.postgres.untrusted import UNSTORABLE, clean_json_object
from tenants.schema.times import instant

if TYPE_CHECKING:
    from budgets.managers.writer import LedgerWriter
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

_LONGEST = {"key": 200, "memo": 500, "source": 200}


class Request:
    """One call of a verb: what is to be done, under which key, and what is recorded of it.

    A verb makes its request first and then opens it, in the writer of its store:

        request = Request("withdraw", options, bucket=bucket.pk, amount=amount)
        if answer := request.open(self._writer, budget):
            return self._answer(answer)

    `values` are the arguments that tell this request from another one under the same key.
    Raises BadOption for options that cannot be recorded.
    """

    __slots__ = ("expect", "fingerprint", "key", "options", "verb")

    def __init__(self, verb: str, options: RequestOptions, **values: Any) -> None:
        self.verb, self.expect = verb, options.get("expect")
        self.options = clean_options(options)
        self.key: str | None = self.options["key"]
        given = {name: value for name, value in self.options.items() if value not in EMPTY}
        self.fingerprint = fingerprint(verb, values | given)

    def open(self, writer: "LedgerWriter", budget: "Budget") -> UUID | None:
        """Lock the budget; return the id of the row that answered this request before.

        A new request must find the budget at the version that it expects. Raises KeyReused when
        the key belongs to another request, StalePlan, and BadOption for a preview's hash.
        """
        answer = self.open_unchecked(writer, budget)
        if answer is None:
            require_expected(budget.version, self.expect)
        return answer

    def open_unchecked(self, writer: "LedgerWriter", budget: "Budget") -> UUID | None:
        """The same, whatever the request expects: for a deposit, which may expect a preview."""
        writer.lock(budget)
        return writer.keys([budget.pk], [self.key]).answer(budget.pk, self.key, self.fingerprint)

    def columns(self, now: datetime) -> dict[str, Any]:
        """The columns that record it, but for who asked; `now` unless it says when it happened."""
        options = self.options
        return {
            "key": self.key,
            "memo": options["memo"],
            "metadata": options["metadata"],
            "effective_at": options["effective_at"] or now,
            "request_hash": self.fingerprint,
        }

    def without_key(self) -> "Request":
        """The same request for a second row of its answer: a key is kept once."""
        other = copy(self)
        other.key = None
        return other


EMPTY: tuple[object, ...] = (None, "", {})
"""Values of options that say nothing."""


def fingerprint(verb: str, values: Mapping[str, Any]) -> str:
    """The SHA-256 that tells a repeated request from another one under the same key.

    Empty options and the time and the caller of the request are no part of it, nor is what the
    caller expects; an instant is in UTC. Raises BadOption for what cannot be recorded.
    """
    try:
        canonical = json.dumps([verb, values], sort_keys=True, default=str)
    except ValueError as error:  # a number of thousands of digits
        raise BadOption(f"the request cannot be recorded: {error}") from error
    return hashlib.sha256(canonical.encode()).hexdigest()


def clean_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are recorded, in one form. Raises BadOption for what cannot be recorded."""
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


def require_expected(version: int, expect: int | str | None) -> None:
    """Raise StalePlan when a version is expected and the budget, under its lock, has another.

    Raises BadOption for a preview's hash: only `Preview.require` can tell whether it holds.
    """
    if isinstance(expect, str):
        raise BadOption("only a deposit has a preview to expect", field="expect")
    if expect is not None and expect != version:
        raise StalePlan(
            f"the budget has changed: it is at version {version}, not {expect}",
            expected=expect,
            version=version,
        )


def _json_object(metadata: object) -> dict[str, Any]:
    """A copy of `metadata`, sure to be storable. Raises BadOption."""
    try:
        return clean_json_object(metadata)
    except ValueError as error:
        raise BadOption(f"metadata {error}", field="metadata") from error
