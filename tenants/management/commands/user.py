"""`manage.py user`: find, deactivate and restore users."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rich.table import Table

from tenants.context import inspecting
from tenants.errors import StoreError
from tenants.management.base import Command as BaseCommand
from tenants.management.base import Report
from tenants.management.declarations import JSON, Verb, argument, flag
from tenants.management.table_layout import make_table
from tenants.models import Membership, User, UserSession

COLUMNS = ("email", "name", "id", "since", "deactivated")
QUERY = ("search", "sort", "limit", "cursor")


class BadUser(StoreError):
    """The text names no user, or several."""

    code = "bad_user"


def _list_users(*, deactivated: bool, **options: Any) -> Report:
    rows = User.all_objects.deactivated() if deactivated else User.objects
    page = rows.page({name: options[name] for name in QUERY if options[name] is not None})
    users = [_row(user) for user in page.rows]
    pages = {"next": page.next, "previous": page.previous}
    lines = (f"{name}: --cursor {cursor}" for name, cursor in pages.items() if cursor)
    return {"users": users, **pages}, _table(users, COLUMNS), *lines


def _show(*, verb: str, user: str, **_: Any) -> Report:
    """The user, after a change if the verb is one."""
    found = _user(user, active=verb != "restore")
    if verb != "show":
        found = getattr(User.objects, verb)(found)
    with inspecting():
        memberships = [_place(each) for each in Membership.objects.everywhere(found)]
        sessions = [_session(each) for each in UserSession.objects.seen_of(found)]
    tables = [_table([_row(found)], COLUMNS)]
    if memberships:
        tables.append(_table(memberships, ("tenant", "role", "since", "ended")))
    if sessions:
        tables.append(_table(sessions, ("session", "ip", "seen")))
    return _row(found) | {"memberships": memberships, "sessions": sessions}, *tables


def _table(rows: Iterable[dict[str, Any]], columns: tuple[str, ...]) -> Table:
    named = (
        row | {"name": f"{row.get('first_name')} {row.get('last_name')}".strip()} for row in rows
    )
    return make_table(*columns, rows=([_day(row[name]) for name in columns] for row in named))


def _user(name: str, *, active: bool) -> User:
    """The user of an address or an id, preferring one that is `active`. Raises BadUser."""
    users = User.all_objects.by_id_or_email(name)
    users = [user for user in users if user.is_active == active] or users
    if not users:
        raise BadUser(f"there is no user {name!r}: `manage.py user list` lists them")
    if len(users) > 1:
        ids = ", ".join(str(user.pk) for user in users)
        raise BadUser(f"several users had the address {name!r}: use an id ({ids})")
    return users[0]


def _row(user: User) -> dict[str, Any]:
    return {
        "id": str(user.pk),
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email_verified": user.email_verified,
        "since": _time(user.created_at),
        "last_login": _time(user.last_login),
        "deactivated": _time(user.deleted_at),
    }


def _place(membership: Membership) -> dict[str, Any]:
    return {
        "tenant": membership.tenant.slug,
        "role": membership.role,
        "since": _time(membership.created_at),
        "ended": _time(membership.deleted_at),
    }


def _session(session: UserSession) -> dict[str, Any]:
    return {"session": str(session.pk), "ip": session.ip, "seen": _time(session.last_seen_at)}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _day(value: str | None) -> str:
    """The text of a cell; of a time, only the day."""
    text = value or ""
    return text.partition("T")[0] if text[:1].isdigit() and "T" in text else text


ONE = (argument("user", "an e-mail address or an id", "USER"), JSON)
VERBS = {
    "list": Verb(
        "list users, page by page",
        _list_users,
        (
            argument("--search", "a part of the address or a name, 3 letters or more", "TEXT"),
            argument("--sort", f"the order: {', '.join(User.listing.sorts)} (newest)", "SORT"),
            flag("--deactivated", "list the deactivated users"),
            argument("--limit", "the size of a page (50)", "N"),
            argument(
                "--cursor", "the page to show; each page prints the cursors of its neighbours"
            ),
            JSON,
        ),
    ),
    "show": Verb("show a user with memberships and sessions", _show, ONE),
    "deactivate": Verb("end the user's access to all tenants; safe to repeat", _show, ONE),
    "restore": Verb("give the user's access back; safe to repeat", _show, ONE),
}


class Command(BaseCommand):
    """Manages users."""

    help = "List, show, deactivate and restore users. USER is an e-mail address or an id."
    examples = """
  manage.py user list --search rivera --sort name
  manage.py user list --deactivated --json
  manage.py user show ana@example.com          # with memberships and sessions
  manage.py user deactivate ana@example.com    # ends log-in, sessions and memberships
  manage.py user restore ana@example.com       # with the memberships that `deactivate` ended
"""
    verbs = VERBS

    def handle(self, *args: Any, verb: str, json: bool, **options: Any) -> None:
        self.print_report(json, VERBS[verb].run(verb=verb, **options))
