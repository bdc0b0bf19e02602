"""Detection of N+1 queries: a test fails if a query is repeated for each row.

django-zeal reports each fetch of a relation, with its row and its line. It counts any second fetch
from a line as N+1, also for a verb that a test calls twice. Here a unit of work is one call from a
test into the project's code in one block. In a unit, a line must not fetch a relation of a second
row, or get a second row.
"""

import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import models
from django.test import client
from zeal import NPlusOneError, zeal_context
from zeal.constants import initialize_app_registry
from zeal.listeners import _nplusone_context, n_plus_one_listener
from zeal.patch import patch

from tenants.context import _current
from tenants.context.tenancy import Tenancy

TESTS = str(Path(__file__).parent)
OURS = tuple(str(settings.BASE_DIR / app) for app in ("budgets", "config", "examples", "tenants"))
PASSED_THROUGH = [
    str(settings.BASE_DIR / "tenants/managers" / f"{m}.py") for m in ("contract", "arguments")
]
"""Modules that every `get` and method passes through; the search continues at their caller."""
BEGINNINGS = (*OURS, client.__file__)
"""The modules in which a unit of work begins: the project's code, or a request."""


EXCUSED = {
    # The audit replays cascades one by one, each from its own history: all at once may be many.
    "slots_before": {"Budget.buckets", "Budget.versions"},
    "unrepeatable": {"Movement.entries"},
    # Cases, members, groups, categories, organizations are planted by verbs of their own.
    "_stored": {"Movement.entries"},
    "admit": {"Membership.get()"},
    "ensure": {"Category.get()", "Organization.get()"},
    "make_inspectors": {"Group.get()"},
    # Django's own command writes links so.
    "save_obj": {"Group.permissions", "User.groups", "User.user_permissions"},
}
"""Functions of the project, with the models that they may fetch row by row."""


class _Seen(threading.local):
    """What each unit of work has fetched, by its frame, in this thread."""

    def __init__(self) -> None:
        self.units: dict[FrameType, dict[Any, set[Any]]] = {}
        self.blocks: dict[int, Tenancy | None] = {}


_seen = _Seen()


def watch() -> None:
    """Have Django tell of every fetch, from now on."""
    initialize_app_registry()
    patch()


@contextmanager
def refused() -> Iterator[None]:
    """Raise NPlusOneError in the block where rows are fetched one by one."""
    with zeal_context():
        n_plus_one_listener.notify = _notify
        try:
            yield
        finally:
            del n_plus_one_listener.notify
            _seen.units.clear()
            _seen.blocks.clear()


def _notify(model: type[models.Model], field: str, instance_key: str | None) -> None:
    stack = list(_frames())
    for gone in _seen.units.keys() - stack:  # keeps no frame longer than it lives
        del _seen.units[gone]
    caller, unit = _caller(stack), _unit(stack)
    if caller is None or unit is None:
        return
    # A test may get as many rows as it likes; and in threads zeal takes a refresh for a get.
    elsewhere = caller.f_code.co_filename.startswith(TESTS) or not _nplusone_context.get().enabled
    if instance_key is None and elsewhere:
        return
    if f"{model.__name__}.{field}" in EXCUSED.get(caller.f_code.co_name, ()):
        return
    at = (caller.f_code.co_filename, caller.f_lineno)
    block = _current.get()
    _seen.blocks[id(block)] = block  # kept, so that no other gets its number
    fetched = _seen.units.setdefault(unit, defaultdict(set))[model, field, at, id(block)]
    fetched.add(instance_key or object())
    if len(fetched) > 1:
        raise NPlusOneError(f"{model.__name__}.{field} is fetched row by row at {at[0]}:{at[1]}")


def _frames() -> Iterator[FrameType]:
    """The frames that run, the innermost first."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _caller(stack: list[FrameType]) -> FrameType | None:
    """Where the fetch was asked for: in our code, or in a test."""
    files = ((frame, frame.f_code.co_filename) for frame in stack)
    asked = (
        f for f, name in files if name.startswith((*OURS, TESTS)) and name not in PASSED_THROUGH
    )
    return next(asked, None)


def _unit(stack: list[FrameType]) -> FrameType | None:
    """The unit of work: what a test called or requested; for its own fetches, the test's call."""
    inside = takewhile(lambda f: not f.f_code.co_filename.startswith(TESTS), stack)
    named = ((frame, frame.f_code.co_filename) for frame in inside)
    begun = [f for f, name in named if name.startswith(BEGINNINGS) and name not in PASSED_THROUGH]
    requests = [f for f in begun if f.f_code.co_filename == client.__file__]
    if requests:
        return requests[0]  # of a chain of redirects, each
    return begun[-1] if begun else _caller(stack)
