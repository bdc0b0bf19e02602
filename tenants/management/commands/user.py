"""`manage.py user`: look for users, deactivate and restore them."""

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
    """That names no user, or several."""

    code = "bad_user"


class Command(BaseCommand):
    """Users, from the command line."""

    help = "List users, show one, deactivate or restore one. USER is an e-mail address or an id."
    examples = """
  manage.py user list --search rivera --sort name
  manage.py user list --deactivated --json
  manage.py user show ana@example.com          # with memberships and sessions
  manage.py user deactivate ana@example.com    # no log-in, no session, no membership from now on
  manage.py user restore ana@example.com       # with the memberships that this had ended
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        verbs = parser.add_subparsers(
            dest="verb", required=True, metavar="list|show|deactivate|restore"
        )
        listing = verbs.add_parser("list", help="list them, a page at a time")
        listing.add_argument(
            "--search", metavar="TEXT", help="in address and names, from 3 letters"
        )
        listing.add_argument(
            "--sort", metavar="SORT", help=f"{', '.join(User.listing.sorts)} (newest)"
        )
        listing.add_argument("--deactivated", action="store_true", help="those who may not log in")
        listing.add_argument("--limit", metavar="N", help="at most so many (50)")
        listing.add_argument(
            "--cursor", help="of the page to show: each page names those beside it"
        )
        for verb, does in (
            ("show", "who they are, where they are members, where they are logged in"),
            ("deactivate", "end what they may do, in all tenants at once; safe to repeat"),
            ("restore", "let them do again what they could before; safe to repeat"),
        ):
            verbs.add_parser(verb, help=does).add_argument("user", metavar="USER", help="which one")
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

    def _list(self, *, deactivated: bool, json: bool, **asked: Any) -> None:
        rows = User.all_objects.deactivated() if deactivated else User.objects
        wanted = {name: asked[name] for name in ("search", "sort", "limit", "cursor")}
        page = rows.page({name: value for name, value in wanted.items() if value is not None})
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
        """The rows; nothing where there are none and that goes without saying."""
        if not rows and "email" not in columns:
            return
        table = Table(*columns)
        for row in rows:
            told = row | {"name": f"{row.get('first_name')} {row.get('last_name')}".strip()}
            table.add_row(*(_day(told[name]) for name in columns))
        self.print_rich(table)


def _user(said: str, *, active: bool) -> User:
    """The user meant: the active one of an address, or else the only one. Raises BadUser."""
    found = User.all_objects.named(said)
    wanted = [user for user in found if user.is_active == active] or found
    if not wanted:
        raise BadUser(f"there is no user {said!r}")
    if len(wanted) > 1:
        ids = ", ".join(str(user.pk) for user in wanted)
        raise BadUser(f"several users had the address {said!r}: say which by the id ({ids})")
    return wanted[0]


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
    """A cell: of a time, the day."""
    text = value or ""
    return text.partition("T")[0] if text[:1].isdigit() and "T" in text else text
