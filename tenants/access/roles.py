"""Which role may use which verb: tables that the apps declare, asked in one place.

An app declares its table at import time (`declare`), marks its verbs (`@verb("members.invite")`)
or asks in the midst of one (`require`). No role in force is the system itself, which may do all.
"""

from collections.abc import Callable, Collection, Mapping
from functools import wraps

from django.db import models

from tenants.access import limits
from tenants.access.limits import UndeclaredVerb
from tenants.context import tenancy
from tenants.errors import NotAllowed


class Role(models.TextChoices):
    """What a member can be in a tenant."""

    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"
    SERVICE = "service"


OWNERS = frozenset({Role.OWNER})
EDITORS = OWNERS | {Role.EDITOR}
WRITERS = EDITORS | {Role.SERVICE}
NOBODY: frozenset[Role] = frozenset()
"""Only the system: no member, whatever their role."""

_MAY: dict[str, frozenset[str]] = {}


def declare(table: Mapping[str, Collection[str]]) -> None:
    """Add verbs, with the roles that may use them. Declaring one otherwise is a mistake."""
    for name, roles in table.items():
        if _MAY.setdefault(name, frozenset(roles)) != frozenset(roles):
            raise ValueError(f"the verb {name!r} is declared twice")


def declared() -> Mapping[str, frozenset[str]]:
    """Every verb there is, with the roles that may use it."""
    return dict(_MAY)


def may(verb: str, role: str | None) -> bool:
    """Whether a member of that role may use the verb. Raises UndeclaredVerb."""
    if verb not in _MAY:
        raise UndeclaredVerb(f"no table declares the verb {verb!r}")
    return role is None or role in _MAY[verb]


def require(verb: str) -> None:
    """Raise NotAllowed unless the role in force may use the verb, and NoTenant outside a block."""
    role = tenancy().role
    if not may(verb, role):
        raise NotAllowed(verb, role or "")


def verb[**P, R](name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a method as that verb: whoever calls it needs a role that may, and is counted.

    What it raises before anything else: NotAllowed, and RateLimited where the verb has a limit.
    """
    may(name, None)

    def marked(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def allowed(*args: P.args, **kwargs: P.kwargs) -> R:
            require(name)
            if name in limits.declared():
                limits.require(name)
            return method(*args, **kwargs)

        allowed.verb = name  # type: ignore[attr-defined]
        return allowed

    return marked


declare(
    {
        "members.invite": OWNERS,
        "members.remove": OWNERS,
        "members.change_role": OWNERS,
        "settings.change": OWNERS,
        "plan.change": NOBODY,
        "tenant.suspend": NOBODY,
        "tenant.identify": NOBODY,
        "system.change": NOBODY,
    }
)
