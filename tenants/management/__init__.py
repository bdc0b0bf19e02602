"""The command line: an error of the user is one line and an exit code, never a traceback."""

import io
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line, load_command_class
from django.db.migrations.exceptions import InconsistentMigrationHistory

from tenants.context import attributed
from tenants.errors import CodedError
from tenants.management.exit_codes import code_of_error, exit_code_of

OWNER_COMMANDS = {"flush", "makemigrations", "migrate", "showmigrations"}
"""Commands that read or change the schema; they log in as owner, all others as app."""


UNMIGRATED = {"42P01", "42703", "42883"}
"""SQLSTATEs of a missing table, column or function."""


def main(argv: list[str], *, without_apps: Mapping[str, str] = {}) -> int:
    """Run a management command and return its exit code: 0 for success, 2 for bad input.

    130 is Ctrl-C, 141 a closed pipe, 74 an output that cannot be written, 67 to 78 a PostgreSQL
    that cannot be reached (`exit_codes`). Other codes are the command's. `--traceback` raises
    the error, for developers. `without_apps` maps commands that use no model to their app; for
    these, no app is loaded.
    """
    return exit_code_of(lambda: _run(argv, without_apps))


def _run(argv: list[str], without_apps: Mapping[str, str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for a terminal with ASCII only
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
            text += " (if the database is not migrated, run: manage.py migrate)"
        print(f"error [{code}]: {text}", file=sys.stderr)
        return code_of_error(error)
    return 0


def _execute(argv: list[str], without_apps: Mapping[str, str]) -> None:
    if app := without_apps.get("".join(argv[1:2])):
        load_command_class(app, argv[1]).run_from_argv(argv)
    else:
        execute_from_command_line(argv)


def _login(argv: list[str]) -> AbstractContextManager[object]:
    if OWNER_COMMANDS.isdisjoint(argv[1:2]) or "--help" in argv:
        return nullcontext()
    from tenants.postgres.base import as_owner  # loads the settings, which may raise

    return as_owner()
