"""Rate limits: how often a tenant may use a verb, counted in Django's cache per time window.

A verb that has a limit is counted by its mark (`tenants.access.roles.verb`). The setting
TENANT_LIMITS adds to the table, or replaces entries. When the cache fails, nothing is refused, and
the cache is not asked again for AWAY seconds, so that its timeout is paid once.

Windows begin at multiples of their length. So twice the uses of a limit can pass within a moment,
at the boundary of two windows. Declare half of the number that must not be exceeded.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

from tenants.context import current_tenant_id
from tenants.refusals import RateLimited

AWAY = 10.0
"""Seconds between two attempts, and two warnings, while the cache fails."""

logger = logging.getLogger(__name__)


class UndeclaredVerb(LookupError):
    """No table declares the verb. A mistake in the program, so not a CodedError."""


class Limit(NamedTuple):
    """At most `uses` in each window of `seconds`."""

    uses: int
    seconds: int


LIMITS: Mapping[str, Limit] = {
    "members.invite": Limit(100, 3600),
    "views": Limit(6000, 60),
}


def get_limits() -> Mapping[str, Limit]:
    """Every verb that has a limit."""
    return {**LIMITS, **getattr(settings, "TENANT_LIMITS", {})}


def limit_of(verb: str) -> Limit:
    """The limit of a verb. Raises UndeclaredVerb."""
    if (limit := get_limits().get(verb)) is None:
        raise UndeclaredVerb(f"no limit is declared for {verb!r}")
    return Limit(*limit)


class _Away:
    """Until when the cache is not asked, by the monotonic clock."""

    until = 0.0


def require(
    verb: str,
    *,
    tenant_id: UUID | None = None,
    now: Callable[[], float] = time.time,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Count one use by that tenant, else by the one in force. Raises RateLimited above the limit.

    A use that is refused or rolled back later stays counted.
    """
    limit = limit_of(verb)
    if clock() < _Away.until:
        return
    window, passed = divmod(now(), limit.seconds)
    key = f"limit:{tenant_id or current_tenant_id()}:{verb}:{limit.seconds}:{window:.0f}"
    try:
        used = _count(key, limit.seconds)
    except Exception as error:  # each cache backend raises errors of its own
        _Away.until = clock() + AWAY
        logger.warning("rate limits are off for %.0f s: the cache failed (%s)", AWAY, error)
        return
    if used > limit.uses:
        wait = max(1, round(limit.seconds - passed))
        raise RateLimited(f"too often: try again in {wait} s", retry_after=wait)


def _count(key: str, seconds: int) -> int:
    """Increment a counter, from 1; the cache may evict it between the two calls."""
    cache.add(key, 0, timeout=seconds)
    try:
        return cache.incr(key)
    except ValueError:
        return 1
