"""Endings that no command can do anything about: nobody reads on, nothing is written, Ctrl-C.

None of them is a traceback, and none is exit code 1, which says that a command found something.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

INTERRUPTED, UNREAD, UNWRITTEN = 130, 141, 74
"""Exit codes: as a shell counts SIGINT and SIGPIPE, and EX_IOERR of BSD's sysexits.h."""

_OUTPUT = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def ended(work: Callable[[], int]) -> int:
    """Do `work`, write out what it printed, and return its exit code or that of another ending.

    Where stdout or stderr is closed from the beginning, what is printed there goes nowhere.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # for as long as we live
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
        if (failed := _unwritten(error)) is None:
            raise
        code = UNREAD if isinstance(failed, BrokenPipeError) else UNWRITTEN
        if code == UNWRITTEN:
            _say(f"error [output_failed]: {failed.strerror}")
    _forget()
    return code


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C is a KeyboardInterrupt in the block; before and after it the system ends us at once.

    That is so where `manage.py` has asked for it; who ignores the signal goes on ignoring it.
    """
    asked = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    if asked:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if asked:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _unwritten(error: BaseException | None) -> OSError | None:
    """What kept output from being written, if that is what the error comes from.

    Commands of Django's make a CommandError, and then a SystemExit, of whatever they meet.
    """
    while error is not None:
        if isinstance(error, OSError) and error.filename is None and error.errno in _OUTPUT:
            return error
        error = error.__cause__ or error.__context__
    return None


def _say(line: str) -> None:
    """Tell it to stderr, if that can be written to."""
    with suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def _forget() -> None:
    """Let nothing that could not be written be tried again as the interpreter exits."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
