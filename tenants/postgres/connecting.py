"""The errors of a failed connection: one class for each cause, with the driver's message.

libpq reports no SQLSTATE if it cannot connect. The trace of a second attempt contains it, so the
cause is found by codes. The text is not used, because a server can write it in any language.
"""

import os
import re
import select
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import OperationalError
from psycopg.conninfo import make_conninfo
from psycopg.pq import ConnStatus, PGconn, PollingStatus
from psycopg.pq.abc import PGconn as PGconnABC

from tenants.errors import DatabaseFailed, Unavailable


class TooManyConnections(Unavailable):
    """The server, the database or the role has reached its limit of connections."""

    code = "too_many_connections"


class CannotConnect(DatabaseFailed, OperationalError):
    """PostgreSQL refused the connection, and would refuse another attempt."""

    code = "cannot_connect"


class WrongPassword(CannotConnect):
    """The password of the role is wrong."""

    code = "wrong_password"


class LoginRefused(CannotConnect):
    """The role does not exist, or may not log in from this host to this database."""

    code = "login_refused"


class UnknownHost(CannotConnect):
    """The host name has no address."""

    code = "unknown_host"


class UnknownDatabase(CannotConnect):
    """The server has no database with that name."""

    code = "unknown_database"


class TlsRefused(CannotConnect):
    """The server offers no TLS, or its certificate is not valid."""

    code = "tls_refused"


# SQLSTATE or its class, most specific first: PostgreSQL manual, appendix A.
_BY_SQLSTATE: tuple[tuple[str, type[DatabaseFailed]], ...] = (
    ("28P01", WrongPassword),
    ("28", LoginRefused),
    ("42501", LoginRefused),
    ("3D000", UnknownDatabase),
    ("53300", TooManyConnections),
    ("08", Unavailable),
    ("53", Unavailable),
    ("57P", Unavailable),
    ("", CannotConnect),
)
_NOT_LIBPQ = {"autocommit", "context", "cursor_factory", "prepare_threshold", "row_factory"}


@contextmanager
def connection_errors(params: Mapping[str, Any]) -> Iterator[None]:
    """Raise the error of the cause if the block cannot connect with `params`."""
    try:
        yield
    except psycopg.OperationalError as error:
        if type(error).__module__.partition(".")[0] == "psycopg_pool":  # PoolTimeout and its like
            raise
        kind, sqlstate = _cause(error, params)
        # libpq repeats its message if it tried with TLS and without it
        lines = dict.fromkeys(line.strip() for line in str(error).splitlines())
        failed = kind(" ".join(lines))
        failed.sqlstate = sqlstate
        raise failed from error


def _cause(
    error: psycopg.Error, params: Mapping[str, Any]
) -> tuple[type[DatabaseFailed], str | None]:
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return Unavailable, None
    if error.pgconn is None:  # before libpq is called: the driver resolves names itself
        return UnknownHost, None
    stage, sqlstate = _try_traced(params)
    if sqlstate is not None:
        return next(kind for code, kind in _BY_SQLSTATE if sqlstate.startswith(code)), sqlstate
    return (TlsRefused if stage == ConnStatus.SSL_STARTUP else Unavailable), None


def _try_traced(params: Mapping[str, Any]) -> tuple[ConnStatus, str | None]:
    """The stage at which the connection failed, and the SQLSTATE of the server, if any."""
    conninfo = make_conninfo(**{k: v for k, v in params.items() if k not in _NOT_LIBPQ})
    connection = PGconn.connect_start(conninfo.encode())
    if connection.status == ConnStatus.BAD or sys.platform != "linux":
        return ConnStatus.BAD, None
    trace = os.memfd_create("trace")  # in memory, because it can contain a password
    try:
        connection.trace(os.dup(trace))
        stage = _poll(connection, float(params.get("connect_timeout", 5)))
        connection.untrace()
        connection.finish()
        found = re.findall(rb'ErrorResponse\t.*? C "(\w{5})"', os.pread(trace, 1 << 20, 0))
    finally:
        os.close(trace)
    return stage, found[-1].decode() if found else None


def _poll(connection: PGconnABC, seconds: float) -> ConnStatus:
    """Poll until the connection is open or has failed; the last stage that was reached."""
    end = time.monotonic() + seconds
    stage, step = connection.status, connection.connect_poll()
    while step in (PollingStatus.READING, PollingStatus.WRITING) and time.monotonic() < end:
        stage = ConnStatus(connection.status)
        waiting = [connection.socket]
        reads = step == PollingStatus.READING
        select.select(waiting if reads else (), () if reads else waiting, (), 0.1)
        step = connection.connect_poll()
    return ConnStatus(stage)
