"""Forks: a child process must not use the sockets that it inherits from its parent's sessions.

Otherwise both processes would write into one transaction. So before any code of the child runs,
the socket of each session is replaced by /dev/null: the child sends nothing, and the session of the
parent continues. Wrappers and pools drop their sessions, and the next query connects anew.
"""

import os
from contextlib import suppress
from typing import Protocol
from weakref import WeakSet

import psycopg

from tenants.errors import StoreError


class ForkedBlock(StoreError):
    """The block was opened before the process forked: open a block in the child."""

    code = "forked_block"


class Holder(Protocol):
    """An object with sessions, or with threads that use them."""

    def drop_inherited(self) -> None:
        """Called in a child: drop the sessions of the parent."""


_sessions: WeakSet[psycopg.Connection] = WeakSet()
_holders: WeakSet[Holder] = WeakSet()


def watch_session(session: psycopg.Connection) -> None:
    """Register a session that a child of this process must not use."""
    _sessions.add(session)


def watch_holder(holder: Holder) -> None:
    """Register a holder: a child of this process calls its `drop_inherited`."""
    _holders.add(holder)


def drop_inherited() -> None:
    """Replace the inherited sockets and drop the sessions, in the only thread of a child."""
    null = os.open(os.devnull, os.O_RDWR)
    for session in list(_sessions):
        with suppress(psycopg.OperationalError):  # closed already
            os.dup2(null, session.fileno(), inheritable=False)
    os.close(null)
    _sessions.clear()
    for holder in list(_holders):
        holder.drop_inherited()


os.register_at_fork(after_in_child=lambda: drop_inherited())
