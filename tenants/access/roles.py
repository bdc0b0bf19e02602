"""Which role may use which verb: the apps declare tables, and one function checks them.

An app declares its table at import time (`declare`), and marks its verbs
(`@verb("members.invite")`) or calls `require` inside one. A block without a role is the system's
own, which may use every verb.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps

from django.db import models

from tenants.access import limits
from tenants.access.limits import UndeclaredVerb
from tenants.context import current_role, tenancy
from tenants.errors import NotAllowed


class Role(models.TextChoices):
    """The roles of members."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"
    SERVICE = "service"


OWNERS = frozenset({Role.OWNER})
EDITORS = OWNERS | {Role.EDITOR}
WRITERS = EDITORS | {Role.SERVICE}
NOBODY: frozenset[Role] = frozenset()
"""No member, whatever their role: only the system."""

_MAY: dict[str, frozenset[str]] = {}

_in_verb: ContextVar[bool] = ContextVar("in_verb", default=False)


@contextmanager
def statements_of_a_verb() -> Iterator[None]:
    """In the block, a role may write the models that only verbs write: see `require_plain`.

    `verb` opens it. A method opens it itself when it asks for the role in its own way.
    """
    token = _in_verb.set(True)
    try:
        yield
    finally:
        _in_verb.reset(token)


def require_plain(table: str, change: str, may_change: Collection[str]) -> None:
    """Raise NotAllowed for a plain write, unless the role is among those that may.

    The statements of a verb pass, for the verb was asked; so do those of the system itself.
    """
    role = tenancy().role
    if role is not None and role not in may_change and not _in_verb.get():
        raise NotAllowed(f"{change} on {table} outside of its verbs", role)


def require_system(table: str, *changes: str) -> None:
    """Raise NotAllowed in a block with a role, in a verb too: only the system writes that.

    Without changes, only for a role that may not write at all.
    """
    if (role := current_role()) is not None:
        tenancy().require_writable()
        for change in changes:
            raise NotAllowed(f"{change} on {table}", role)


def declare(table: Mapping[str, Collection[str]]) -> None:
    """Add verbs, with the roles that may use them.

    Raises ValueError for a verb that was declared otherwise.
    """
    for name, roles in table.items():
        if _MAY.setdefault(name, frozenset(roles)) != frozenset(roles):
            raise ValueError(f"the verb {name!r} is declared twice")


def get_verbs() -> Mapping[str, frozenset[str]]:
    """Every declared verb, with the roles that may use it."""
    return dict(_MAY)


def may(verb: str, role: str | None) -> bool:
    """Whether a member with that role may use the verb. Raises UndeclaredVerb."""
    if verb not in _MAY:
        raise UndeclaredVerb(f"no table declares the verb {verb!r}")
    return role is None or role in _MAY[verb]


def require(verb: str) -> None:
    """Raise NotAllowed unless the role in force may use the verb, and NoTenant outside a block."""
    role = tenancy().role
    if not may(verb, role):
        raise NotAllowed(verb, role or "")


def verb[**P, R](name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a method as a verb: a call checks the role in force, and counts where there is a limit.

    Before anything else it raises NotAllowed, and RateLimited where the verb has a limit.
    """
    may(name, None)

    def marked(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def allowed(*args: P.args, **kwargs: P.kwargs) -> R:
            require(name)
            if name in limits.get_limits():
                limits.require(name)
            with statements_of_a_verb():
                return method(*args, **kwargs)

        allowed.verb = name  # type: ignore[attr-defined]
        return allowed

    return marked


declare(
    {
        "members.invite": OWNERS,
        "members.remove": OWNERS,
        "members.change_role": OWNERS,
        "sessions.revoke": OWNERS,
        "settings.change": OWNERS,
        "plan.change": NOBODY,
        "tenant.suspend": NOBODY,
        "tenant.identify": NOBODY,
        "system.change": NOBODY,
    }
)
