"""How often each tenant may use a verb: counted in Django's cache, one counter per time window.

A verb that is marked so (`tenants.access.roles.verb`) is counted by itself when it has a limit. The
setting TENANT_LIMITS adds to the table, or replaces its lines. When the cache cannot be
asked, everything goes on: a limit protects from zeal, and must not become the fault itself. A
cache that failed is left alone for AWAY seconds, so that it costs its timeout once.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.conf import settings
from django.core.cache import cache

from tenants.context import current_tenant_id
from tenants.refusals import RateLimited

AWAY = 10.0
"""Seconds between two attempts, and two warnings, while the cache is away."""

logger = logging.getLogger(__name__)


class UndeclaredVerb(LookupError):
    """A verb no table declares: a mistake in the program, so no CodedError."""


class Limit(NamedTuple):
    """At most `uses` in each window of `seconds`."""

    uses: int
    seconds: int


LIMITS: Mapping[str, Limit] = {
    "members.invite": Limit(100, 3600),
    "views": Limit(6000, 60),
}


def declared() -> Mapping[str, Limit]:
    """Every verb that has a limit."""
    return {**LIMITS, **getattr(settings, "TENANT_LIMITS", {})}


def limit_of(verb: str) -> Limit:
    """The limit declared for a verb. Raises UndeclaredVerb."""
    if (limit := declared().get(verb)) is None:
        raise UndeclaredVerb(f"no limit is declared for {verb!r}")
    return Limit(*limit)


class _Away:
    """Until when the cache is left alone, by the monotonic clock."""

    until = 0.0


def require(
    verb: str, *, now: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic
) -> None:
    """Count one use by the tenant in force. Raises RateLimited when that is one too many.

    What is refused or rolled back later was counted nevertheless.
    """
    limit = limit_of(verb)
    if clock() < _Away.until:
        return
    window, passed = divmod(now(), limit.seconds)
    key = f"limit:{current_tenant_id()}:{verb}:{limit.seconds}:{window:.0f}"
    try:
        used = _count(key, limit.seconds)
    except Exception as error:  # each kind of cache has its own ways to fail
        _Away.until = clock() + AWAY
        logger.warning("rate limits are off for %.0f s: the cache is away (%s)", AWAY, error)
        return
    if used > limit.uses:
        wait = max(1, round(limit.seconds - passed))
        raise RateLimited(f"too often: try again in {wait} s", retry_after=wait)


def _count(key: str, seconds: int) -> int:
    """One more, from 1; a counter may be thrown out between the two questions."""
    cache.add(key, 0, timeout=seconds)
    try:
        return cache.incr(key)
    except ValueError:
        return 1
