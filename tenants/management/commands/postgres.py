"""`manage.py postgres`: run the embedded PostgreSQL server."""

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
    """Runs the embedded server; each verb is a method."""

    help = "Start, stop and inspect the embedded PostgreSQL server under var/."
    examples = """
  manage.py postgres start                 start it; other commands start it when needed
  manage.py postgres status --json         exit code 0 if it runs, 3 if not
  psql "$(manage.py postgres url)"         connect with any program
  manage.py postgres psql --role owner     open psql as owner
"""
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("start", help="start the server, unless it runs")
        verbs.add_parser("stop", help="stop the server, if it runs")
        status = verbs.add_parser("status", help="exit code 0 if the server runs, 3 if not")
        status.add_argument("--json", action="store_true", help="print JSON")
        for name, text in (("url", "print the DSN of a role"), ("psql", "open psql as a role")):
            verb = verbs.add_parser(name, help=text)
            verb.add_argument(
                "--role",
                choices=["owner", "app"],
                default="app",
                help="the role to log in as (app)",
            )

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        server = project_server(settings.BASE_DIR)
        getattr(self, verb)(server, **options)

    def start(self, server: EmbeddedServer, **options: Any) -> None:
        """Start the server, unless it runs or DATABASE_URL selects another one."""
        if not settings.EMBEDDED:
            self.stderr.write("DATABASE_URL is set, so the embedded server is not started")
            return
        started = server.ensure()
        self.stdout.write(
            f"PostgreSQL {version()} {'started' if started else 'runs'}: {server.data}"
        )

    def stop(self, server: EmbeddedServer, **options: Any) -> None:
        """Stop the server, if it runs."""
        self.stdout.write("PostgreSQL stopped" if server.stop() else "PostgreSQL did not run")

    def status(self, server: EmbeddedServer, *, json: bool, **options: Any) -> None:
        """Print the state and the files of the server; exit with code 3 if it does not run."""
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
        """Print the DSN of a role."""
        self._warn()
        self.stdout.write(server.url(role))

    def psql(self, server: EmbeddedServer, *, role: str, **options: Any) -> None:
        """Start the server if necessary, and replace this process by psql."""
        self._warn()
        server.ensure()
        program = str(wheel() / "psql")
        os.execv(program, [program, server.url(role)])  # noqa: S606  # without a shell

    def _warn(self) -> None:
        if not settings.EMBEDDED:
            self.stderr.write("DATABASE_URL is set, so other commands use that server instead")
