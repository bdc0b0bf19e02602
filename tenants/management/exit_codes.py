"""Exit codes for Ctrl-C, a closed pipe, a failed output and a failed connection; no traceback.

They differ from 1, which is the code of an audit or a check that found something.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tenants.errors import DatabaseFailed, Unavailable
from tenants.postgres.connecting import (
    CannotConnect,
    LoginRefused,
    TlsRefused,
    TooManyConnections,
    UnknownDatabase,
    UnknownHost,
    WrongPassword,
)

INTERRUPTED, PIPE_CLOSED, OUTPUT_FAILED = 130, 141, 74
"""The exit codes of a shell for SIGINT and SIGPIPE, and EX_IOERR of BSD's sysexits.h."""

BAD_INPUT = 2
CONNECTION_FAILED: dict[type[DatabaseFailed], int] = {
    LoginRefused: 67,  # EX_NOUSER
    UnknownHost: 68,  # EX_NOHOST
    TooManyConnections: 75,  # EX_TEMPFAIL
    Unavailable: 69,  # EX_UNAVAILABLE
    UnknownDatabase: 72,  # EX_OSFILE
    TlsRefused: 76,  # EX_PROTOCOL
    WrongPassword: 77,  # EX_NOPERM
    CannotConnect: 78,  # EX_CONFIG
}
"""The exit codes of a connection that failed, from sysexits.h; the first class that fits counts."""

_OUTPUT = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def code_of_error(error: Exception) -> int:
    """The exit code of a command that ended with the error."""
    codes = (code for cls, code in CONNECTION_FAILED.items() if isinstance(error, cls))
    return next(codes, BAD_INPUT)


def exit_code_of(work: Callable[[], int]) -> int:
    """Call `work`, flush its output, and return its exit code, or the code of a failed output.

    Output to a stdout or a stderr that is closed from the beginning is discarded.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # until the process ends
    try:
        with _interruptible():
            try:
                return work()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except (OSError, SystemExit) as error:
        if (failed := _output_error(error)) is None:
            raise
        code = PIPE_CLOSED if isinstance(failed, BrokenPipeError) else OUTPUT_FAILED
        if code == OUTPUT_FAILED:
            _report(f"error [output_failed]: {failed.strerror}")
    _discard_output()
    return code


@contextmanager
def _interruptible() -> Iterator[None]:
    """Within the block, Ctrl-C raises KeyboardInterrupt; outside of it, it ends the process.

    This applies if `manage.py` has reset the signal to its default; a process that ignores SIGINT
    continues to ignore it.
    """
    is_default = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    if is_default:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if is_default:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _output_error(error: BaseException | None) -> OSError | None:
    """The OSError of a failed output in the chain of causes, or None.

    Django's commands turn any error into a CommandError, and then into a SystemExit.
    """
    while error is not None:
        if isinstance(error, OSError) and error.filename is None and error.errno in _OUTPUT:
            return error
        error = error.__cause__ or error.__context__
    return None


def _report(line: str) -> None:
    """Write the line to stderr, if possible."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def _discard_output() -> None:
    """Discard unwritten output, so that the interpreter does not write it again when it exits."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
