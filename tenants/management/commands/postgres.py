"""`manage.py postgres`: run the embedded PostgreSQL server."""

import os
import sys
from typing import Any, ClassVar

from django.conf import settings

from tenants.embedded.programs import version, wheel
from tenants.embedded.server import EmbeddedServer, project_server
from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import JSON, Verb, argument

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
        lines = (f"{name:8} {value}" for name, value in state.items())
        self.print_report(json, (state, *lines))
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

    role = argument(
        "--role", "the role to log in as (app)", choices=["owner", "app"], default="app"
    )
    verbs: ClassVar = {
        "start": Verb("start the server, unless it runs", start),
        "stop": Verb("stop the server, if it runs", stop),
        "status": Verb("exit code 0 if the server runs, 3 if not", status, (JSON,)),
        "url": Verb("print the DSN of a role", url, (role,)),
        "psql": Verb("open psql as a role", psql, (role,)),
    }

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        self.verbs[verb].run(self, project_server(settings.BASE_DIR), **options)
