"""`manage.py serve`: serve the admin on this machine."""

import errno
import re
import socket
from typing import Any, override

from django.conf import settings
from django.contrib.staticfiles.management.commands.runserver import Command as RunServer
from django.core.management import call_command
from django.urls import reverse

from tenants.errors import CodedError
from tenants.management.base import Command as BaseCommand
from tenants.management.declarations import argument, flag
from tenants.management.migration_state import is_migrated
from tenants.management.seeding import DEV_EMAIL, DEV_PASSWORD
from tenants.models import User

ADDRESS = re.compile(r"(?:(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):)?([0-9]{1,5})")


class CannotServe(CodedError):
    """The server cannot start."""

    code = "cannot_serve"


class Server(RunServer):
    """Django's development server, with the address and a login in its first lines."""

    addr: str
    login: str = ""

    @override
    def on_bind(self, server_port: int) -> None:
        # The address of "all interfaces" is shown as that of this machine.
        near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.addr, self.addr)  # noqa: S104
        host = f"[{near}]" if ":" in near else near
        self.stdout.write(f"Sluice is at http://{host}:{server_port}{reverse('admin:index')}")
        if self.login:
            self.stdout.write(self.login)
        self.stdout.write("Stop the server with Ctrl-C.")
        self.stdout.flush()


class Command(BaseCommand):
    """Runs Django's development server, after checks of the database and the port."""

    help = "Serve the admin by Django's development server. Do not use it in production."
    examples = """
  manage.py serve
  manage.py serve 8001
  manage.py serve 0.0.0.0:8000 --reload
"""

    arguments = (
        argument(
            "address",
            "the address to listen on (%(default)s)",
            "[ADDRESS:]PORT",
            nargs="?",
            default="127.0.0.1:8000",
        ),
        flag("--reload", "restart when the code changes"),
    )

    def handle(self, *args: Any, address: str, reload: bool, **options: Any) -> None:
        host, port = parse(address)
        require_free(host, port)
        require_migrated()
        server = Server()
        server.login = login()
        call_command(
            server,
            f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            use_reloader=reload,
            stdout=self.stdout,
            stderr=self.stderr,
        )


def parse(address: str) -> tuple[str, int]:
    """Host and port of a text `PORT` or `ADDRESS:PORT`. Raises CannotServe."""
    parts = ADDRESS.fullmatch(address)
    if parts is None or int(parts[2]) > 65535:
        raise CannotServe(f"{address!r} is not [ADDRESS:]PORT: write 8000, or 127.0.0.1:8000")
    return (parts[1] or "127.0.0.1").strip("[]"), int(parts[2])


def require_free(host: str, port: int) -> None:
    """Raise CannotServe, with a remedy, if the port cannot be opened."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        another = port + 1 if port < 65535 else 8000
        advice = {
            errno.EADDRINUSE: f"port {port} is in use: try `manage.py serve {another}`",
            errno.EACCES: f"port {port} needs root: try `manage.py serve 8000`",
        }
        message = advice.get(error.errno or 0, f"cannot listen on {host}: {error.strerror}")
        raise CannotServe(message) from error


def require_migrated() -> None:
    """Raise CannotServe if the database lacks a migration."""
    if not is_migrated():
        raise CannotServe("the database is not migrated: run `make demo`, or `manage.py migrate`")


def login() -> str:
    """Instructions to log in as the user of `seed dev`; '' outside of development."""
    if settings.ENVIRONMENT != "development":
        return ""
    if User.objects.active().by_email(DEV_EMAIL).exists():
        return f"Log in as {DEV_EMAIL} with the password {DEV_PASSWORD}"
    return "There is no user to log in as yet: run `manage.py seed dev`"
