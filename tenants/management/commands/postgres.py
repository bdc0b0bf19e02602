"""Run the embedded PostgreSQL server."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from tenants.embedded.programs import version, wheel
from tenants.embedded.server import EmbeddedServer, project_server
from tenants.management.base import Command as BaseCommand

STOPPED = 3  # the exit code of `status`, as with pg_ctl


class Command(BaseCommand):
    """One method for each verb."""

    help = "Start, stop and look into the embedded PostgreSQL server, kept under var/."
    examples = """
  manage.py postgres start                 start it; other commands do so by themselves
  manage.py postgres status --json         exit code 0 if it runs, 3 if not
  psql "$(manage.py postgres url)"         any program can use it
  manage.py postgres psql --role owner     look into it
"""
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("start", help="start it, unless it runs")
        verbs.add_parser("stop", help="stop it, if it runs")
        status = verbs.add_parser("status", help="say whether it runs: exit code 0, or 3")
        status.add_argument("--json", action="store_true", help="write JSON")
        for name, text in (("url", "print its DSN"), ("psql", "open its psql")):
            verb = verbs.add_parser(name, help=text)
            verb.add_argument(
                "--role", choices=["owner", "app"], default="app", help="whom to log in as (app)"
            )

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        server = project_server(settings.BASE_DIR)
        getattr(self, verb)(server, **options)

    def start(self, server: EmbeddedServer, **options: Any) -> None:
        """Start it, unless it runs or DATABASE_URL names another server."""
        if not settings.EMBEDDED:
            self.stderr.write("DATABASE_URL is in force: the embedded server is not started")
            return
        started = server.ensure()
        self.stdout.write(
            f"PostgreSQL {version()} {'started' if started else 'runs'}: {server.data}"
        )

    def stop(self, server: EmbeddedServer, **options: Any) -> None:
        """Stop it, if it runs."""
        self.stdout.write("PostgreSQL stopped" if server.stop() else "PostgreSQL did not run")

    def status(self, server: EmbeddedServer, *, json: bool, **options: Any) -> None:
        """Write whether it runs and where it is; the exit code is 3 when it does not run."""
        state = {
            "running": server.running,
            "pid": server.pid,
            "version": version(),
            "data": server.data,
            "socket": server.socket,
            "log": server.programs.log,
        }
        if json:
            self.print_json(state)
        else:
            for name, value in state.items():
                self.stdout.write(f"{name:8} {value}")
        if not state["running"]:
            sys.exit(STOPPED)

    def url(self, server: EmbeddedServer, *, role: str, **options: Any) -> None:
        """Write the DSN of a role."""
        self._warn()
        self.stdout.write(server.url(role))

    def psql(self, server: EmbeddedServer, *, role: str, **options: Any) -> None:
        """Start the server if need be, and become its psql: this process does not return."""
        self._warn()
        server.ensure()
        program = str(wheel() / "psql")
        os.execv(program, [program, server.url(role)])  # noqa: S606  # no shell is wanted

    def _warn(self) -> None:
        if not settings.EMBEDDED:
            self.stderr.write("DATABASE_URL is in force: commands use that server, not this one")
