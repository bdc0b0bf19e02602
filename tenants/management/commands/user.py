"""`manage.py user`: find, deactivate and restore users."""

import argparse
from datetime import datetime
from typing import Any

from rich.table import Table

from tenants.context import inspecting
from tenants.errors import StoreError
from tenants.management.base import Command as BaseCommand
from tenants.models import Membership, User, UserSession

COLUMNS = ("email", "name", "id", "since", "deactivated")


class BadUser(StoreError):
    """The text names no user, or several."""

    code = "bad_user"


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

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(
            dest="verb", required=True, metavar="list|show|deactivate|restore"
        )
        listing = verbs.add_parser("list", help="list users, page by page")
        listing.add_argument(
            "--search", metavar="TEXT", help="a part of the address or a name, 3 letters or more"
        )
        listing.add_argument(
            "--sort", metavar="SORT", help=f"the order: {', '.join(User.listing.sorts)} (newest)"
        )
        listing.add_argument(
            "--deactivated", action="store_true", help="list the deactivated users"
        )
        listing.add_argument("--limit", metavar="N", help="the size of a page (50)")
        listing.add_argument(
            "--cursor", help="the page to show; each page prints the cursors of its neighbours"
        )
        for verb, does in (
            ("show", "show a user with memberships and sessions"),
            ("deactivate", "end the user's access to all tenants; safe to repeat"),
            ("restore", "give the user's access back; safe to repeat"),
        ):
            verbs.add_parser(verb, help=does).add_argument(
                "user", metavar="USER", help="an e-mail address or an id"
            )
        for parsed in verbs.choices.values():
            parsed.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        if verb == "list":
            self._list(**options)
            return
        user = _user(options["user"], active=verb != "restore")
        if verb != "show":
            user = getattr(User.objects, verb)(user)
        self._show(user, options["json"])

    def _list(self, *, deactivated: bool, json: bool, **options: Any) -> None:
        rows = User.all_objects.deactivated() if deactivated else User.objects
        query = {name: options[name] for name in ("search", "sort", "limit", "cursor")}
        page = rows.page({name: value for name, value in query.items() if value is not None})
        users = [_row(user) for user in page.rows]
        if json:
            self.print_json({"users": users, "next": page.next, "previous": page.previous})
            return
        self._print_table(users, COLUMNS)
        for name, cursor in (("next", page.next), ("previous", page.previous)):
            if cursor:
                self.stdout.write(f"{name}: --cursor {cursor}")

    def _show(self, user: User, json: bool) -> None:
        with inspecting():
            memberships = [_place(each) for each in Membership.objects.everywhere(user)]
            sessions = [_session(each) for each in UserSession.objects.seen_of(user)]
        if json:
            more = {"memberships": memberships, "sessions": sessions}
            self.print_json(_row(user) | more)
            return
        self._print_table([_row(user)], COLUMNS)
        self._print_table(memberships, ("tenant", "role", "since", "ended"))
        self._print_table(sessions, ("session", "ip", "seen"))

    def _print_table(self, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
        """Print the rows; an empty table is printed for users only."""
        if not rows and "email" not in columns:
            return
        table = Table(*columns)
        for row in rows:
            cells = row | {"name": f"{row.get('first_name')} {row.get('last_name')}".strip()}
            table.add_row(*(_day(cells[name]) for name in columns))
        self.print_rich(table)


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
