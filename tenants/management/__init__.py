"""The command line: a mistake of the user is one clear line and an exit code, never a traceback."""

import io
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line, load_command_class
from django.db.migrations.exceptions import InconsistentMigrationHistory

from tenants.context import attributed
from tenants.errors import CodedError
from tenants.management.endings import ended

OWNER_COMMANDS = {"flush", "makemigrations", "migrate", "showmigrations"}
"""Commands that read or change the schema: they log in as owner, all others as app."""


UNMIGRATED = {"42P01", "42703", "42883"}
"""What PostgreSQL says when a table, a column or a function is not there."""


def main(argv: list[str], *, without_apps: Mapping[str, str] = {}) -> int:
    """Run a management command; 0 is success, 2 is bad input.

    130 is Ctrl-C, 141 that nobody reads on, 74 that stdout cannot be written (`endings`). Other
    codes are the command's own. `--traceback` lets the error through, for developers.
    `without_apps` names commands, and the app of each, that use no model: no app is loaded then.
    """
    return ended(lambda: _run(argv, without_apps))


def _run(argv: list[str], without_apps: Mapping[str, str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows only ASCII
    try:
        with _login(argv), attributed(request_id=f"manage.py {' '.join(argv[1:2])}"):
            _execute(argv, without_apps)
    except (CodedError, ImproperlyConfigured, InconsistentMigrationHistory) as error:
        if "--traceback" in argv:
            raise
        code = error.code if isinstance(error, CodedError) else "misconfigured"
        text = (
            str(error) if isinstance(error, ImproperlyConfigured) else " ".join(str(error).split())
        )
        if getattr(error, "sqlstate", None) in UNMIGRATED:
            text += " (is the database migrated? manage.py migrate)"
        print(f"error [{code}]: {text}", file=sys.stderr)
        return 2
    return 0


def _execute(argv: list[str], without_apps: Mapping[str, str]) -> None:
    if app := without_apps.get("".join(argv[1:2])):
        load_command_class(app, argv[1]).run_from_argv(argv)
    else:
        execute_from_command_line(argv)


def _login(argv: list[str]) -> AbstractContextManager[object]:
    if OWNER_COMMANDS.isdisjoint(argv[1:2]) or "--help" in argv:
        return nullcontext()
    from tenants.postgres.base import as_owner  # needs settings, which may refuse to load

    return as_owner()
