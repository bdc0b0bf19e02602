"""The sessions that hold locks, for the message of a lock timeout."""

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from tenants.errors import DatabaseFailed, TimedOut

if TYPE_CHECKING:
    from tenants.postgres.base import DatabaseWrapper

LOCK_NOT_AVAILABLE = "55P03"

# System objects have smaller oids. State and time are NULL for sessions of a role whose
# privileges the current role does not have.
_HOLDERS = """
SELECT pid, coalesce(usename::text, 'the server itself'), state, xact_start
FROM pg_stat_activity
WHERE datname = current_database() AND pid IN (
    SELECT pid FROM pg_locks WHERE database = datid AND relation >= 16384 AND granted
)
ORDER BY xact_start, pid
LIMIT 3
"""


def add_lock_holders(error: TimedOut, connection: "DatabaseWrapper") -> None:
    """Add the sessions that hold locks, oldest first, to the message of a lock timeout.

    Uses `connection`, whose transaction has been rolled back. Other errors do not change, and
    neither does this one if PostgreSQL does not answer.
    """
    if error.sqlstate != LOCK_NOT_AVAILABLE:
        return
    with suppress(DatabaseFailed), connection.cursor() as cursor:
        cursor.execute(_HOLDERS)
        holders = ", ".join(_session(*row) for row in cursor.fetchall())
        error.args = (f"{error}: {_advice(holders)}",)


def _session(pid: int, role: str, state: str | None, since: datetime | None) -> str:
    """One session, such as: pid 4711 (app, idle in transaction since 2026-11-21 12:00:00Z)."""
    return f"pid {pid} ({role}{f', {state}' if state else ''}{_since(since)})"


def _since(moment: datetime | None) -> str:
    return f" since {moment:%Y-%m-%d %H:%M:%S}Z" if moment else ""


def _advice(holders: str) -> str:
    if not holders:
        return "no session holds it any more; this step was rolled back: run the command again"
    return (
        f"locks are held by {holders}; this step was rolled back: wait until these sessions end, "
        "or end them (SELECT pg_terminate_backend(pid)), and run the command again"
    )
