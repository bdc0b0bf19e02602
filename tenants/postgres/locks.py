"""Which sessions hold locks, for the line that tells what to do about one that was not given."""

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from tenants.errors import DatabaseFailed, TimedOut

if TYPE_CHECKING:
    from tenants.postgres.base import DatabaseWrapper

LOCK_NOT_AVAILABLE = "55P03"

# Objects of the system's own have smaller numbers. State and time are NULL in a session of
# somebody whose privileges the role that asks does not have.
_HOLDERS = """
SELECT pid, coalesce(usename::text, 'the server itself'), state, xact_start
FROM pg_stat_activity
WHERE datname = current_database() AND pid IN (
    SELECT pid FROM pg_locks WHERE database = datid AND relation >= 16384 AND granted
)
ORDER BY xact_start, pid
LIMIT 3
"""


def name_holders(error: TimedOut, connection: "DatabaseWrapper") -> None:
    """Add to the error of a lock that was waited for in vain who holds locks, oldest first.

    Asks by `connection`, whose transaction has been rolled back. Other errors stay as they are,
    and so does this one when PostgreSQL does not answer.
    """
    if error.sqlstate != LOCK_NOT_AVAILABLE:
        return
    with suppress(DatabaseFailed), connection.cursor() as cursor:
        cursor.execute(_HOLDERS)
        holders = ", ".join(_told(*row) for row in cursor.fetchall())
        error.args = (f"{error}: {_advice(holders)}",)


def _told(pid: int, role: str, state: str | None, since: datetime | None) -> str:
    """One session in words: pid 4711 (app, idle in transaction since 2026-11-21 12:00:00Z)."""
    return f"pid {pid} ({role}{f', {state}' if state else ''}{_since(since)})"


def _since(moment: datetime | None) -> str:
    return f" since {moment:%Y-%m-%d %H:%M:%S}Z" if moment else ""


def _advice(holders: str) -> str:
    if not holders:
        return "whoever held it is gone; this step was rolled back: run this again"
    return (
        f"locks are held by {holders}; this step was rolled back: wait until they end, or end them "
        "(SELECT pg_terminate_backend(pid)), and run this again"
    )
