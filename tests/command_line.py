"""Runs of commands: arguments in, two streams and an exit code out."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.management import BaseCommand

from tenants.management import main

ROOT = Path(__file__).parents[1]
CHECK = BaseCommand.check


@cache
def check_project() -> None:
    """Run the checks that every command begins with, the first time that one does."""
    CHECK(BaseCommand())


def check_once(command: BaseCommand, **options: Any) -> None:
    """Check the project once in this process; `manage.py check` checks each time."""
    if options:
        CHECK(command, **options)
    else:
        check_project()


BaseCommand.check = check_once  # type: ignore[method-assign, assignment]


@dataclass(frozen=True, slots=True)
class Ran:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output as JSON."""
        assert self.code in (0, 1), self.err
        return json.loads(self.out)

    def assert_refused(self, code: str, *words: str) -> None:
        """Assert exit code 2 and one line on stderr with the error's code and these words."""
        assert (self.code, self.out) == (2, "")
        [line] = self.err.splitlines()
        assert line.startswith(f"error [{code}]: ")
        assert all(word in line for word in words), line


def manage(*words: object) -> Ran:
    """Run `manage.py` with the arguments in this process; no block may be open."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(["manage.py", *map(str, words)])
        except SystemExit as exit:
            code = int(exit.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())


def in_a_process(*words: object, env: Mapping[str, str] | None = None) -> Ran:
    """Run `manage.py` with the arguments in a new process, on the tests' database."""
    environ = {**os.environ, "DATABASE_URL": app_url(), **(env or {})}
    command = [sys.executable, "manage.py", *map(str, words)]
    ran = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=60)
    return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


def owner_config() -> dict[str, Any]:
    """The connection of role owner."""
    assert settings.OWNER_DATABASE is not None
    return settings.OWNER_DATABASE


def app_url() -> str:
    """The DSN of role app on the tests' database."""
    return url_of(settings.DATABASES["default"])


def url_of(config: Mapping[str, Any], database: str = "") -> str:
    """The DSN of a configured connection, or of the same role on another database."""
    user, password, host = (quote(config[part], safe="") for part in ("USER", "PASSWORD", "HOST"))
    djangos = {"pool", "server_side_binding"}
    options = {key: value for key, value in config["OPTIONS"].items() if key not in djangos}
    at = f"{user}:{password}@{host}:{config['PORT']}" if host else f"{user}@"
    return f"postgresql://{at}/{database or config['NAME']}?{urlencode(options)}"
