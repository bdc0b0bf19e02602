"""psycopg's pool, which raises the error of a failed connection at once and ends at a fork."""

import copy
import logging
from typing import Any, override

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout
from psycopg_pool.base import AttemptWithBackoff

from tenants.errors import Unavailable
from tenants.postgres.connecting import connection_errors
from tenants.postgres.forks import watch_holder, watch_session

# Without a handler Python prints the warnings of a library. Failures are raised as errors, and a
# project that configures logging gets the warnings too.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

POOLS: dict[str, "Pool"] = {}
"""The pools of this process, by the alias of their connection."""


class Pool(ConnectionPool[psycopg.Connection]):
    """A pool whose waiting callers get the error of a failed connection.

    It does not repeat an attempt, because the pauses of psycopg grow to minutes, and the pool would
    stay empty after the server is back. The next caller tries again.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._failed: Exception | None = None  # the last attempt, unless it connected
        self._connecting = 0
        watch_holder(self)

    def drop_inherited(self) -> None:
        """Called in a child, which has no threads of the pool; its locks may be held there."""
        self._closed = True
        POOLS.clear()

    @override
    def getconn(self, timeout: float | None = None) -> psycopg.Connection:
        try:
            return super().getconn(timeout)
        except PoolTimeout as error:
            if self._failed is not None:
                raise copy.copy(self._failed) from error
            if self._connecting:
                raise Unavailable("PostgreSQL did not answer in time") from error
            raise

    @override
    def putconn(self, conn: psycopg.Connection) -> None:
        if conn.broken and conn._created_at > self._drained_at:
            self.drain()  # the server has probably closed the others too
        super().putconn(conn)

    @override
    def _connect(self, timeout: float | None = None) -> psycopg.Connection:
        with self._lock:
            self._connecting += 1
        try:
            with connection_errors(self._resolve_kwargs()):
                session = super()._connect(timeout)
        except Exception as error:
            self._failed = error.with_traceback(None)
            raise
        finally:
            with self._lock:
                self._connecting -= 1
        self._failed = None
        watch_session(session)
        return session

    @override
    def _add_connection(self, attempt: AttemptWithBackoff | None, growing: bool = False) -> None:
        once = AttemptWithBackoff(timeout=0)
        once.give_up_at = 1  # in the past
        super()._add_connection(once, growing)

    @override
    def reconnect_failed(self) -> None:
        """Called after a failed attempt: waiting callers fail, unless a connection can return."""
        with self._lock:
            waiting = [] if self._nconns else list(self._waiting)
            for client in waiting:
                self._waiting.remove(client)
        for client in waiting:
            client.fail(copy.copy(self._failed or PoolTimeout()))
