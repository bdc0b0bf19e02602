"""The embedded PostgreSQL server, for trials, tests and small installations.

BASE/postgres/             or a link to another folder, if the server's user cannot enter BASE
    data/                  the cluster
    socket/                mode 0700: users who can enter it are trusted; there is no TCP port
    log, log.old           the log since the start of the server, and the log before
    programs-VERSION/      a copy of the programs, if the server's user cannot reach them
BASE/postgres.lock         locked while a process starts or stops the server
"""

import fcntl
import hashlib
import os
import re
import secrets
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from tenants.embedded.programs import EmbeddedError as EmbeddedError
from tenants.embedded.programs import Programs, SystemUser, not_installed, version

DATABASE = "sluice"
PORT = 5432  # only a part of the socket's name
SQL = Path(__file__).parents[1] / "postgres" / "sql"

_LONGEST_SOCKET = 107  # bytes, in the kernel's sockaddr_un
_PLAIN = re.compile(r"[\w/ .+~@=-]+", re.ASCII)  # PostgreSQL and libpq do not split it
_CLUSTER = (
    "--username=postgres",
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--data-checksums",
    "--set=max_connections=100",
    "--set=shared_buffers=128MB",
    "--set=timezone=UTC",
    "--set=log_timezone=UTC",
)
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass
class EmbeddedServer:
    """The server with its cluster in the folder `base`.

    `fast` turns off fsync, for disposable data: a power failure may corrupt the cluster.
    """

    base: Path
    fast: bool = False
    _ready: bool = field(default=False, init=False, repr=False, compare=False)

    # -- Paths --------------------------------------------------------------------------------

    @cached_property
    def home(self) -> Path:
        """The folder of the cluster, the socket and the logs."""
        here = self._here
        if here.exists() or here.is_symlink() or os.geteuid() != 0:
            return here.resolve()
        self.base.mkdir(parents=True, exist_ok=True)
        if not SystemUser.unprivileged().reaches(self.base):
            var, tmp = Path("/var/lib"), Path("/tmp")  # noqa: S108  # the name is a secret
            shared = var if os.access(var, os.W_OK) else tmp
            with suppress(FileExistsError):  # another process was first
                here.symlink_to(shared / f"sluice-{secrets.token_hex(8)}")
        return here.resolve()

    @property
    def _here(self) -> Path:
        """The path of the home, or of the link to it."""
        return self.base.absolute() / "postgres"

    @property
    def data(self) -> Path:
        """The folder of the cluster: its PGDATA."""
        return self.home / "data"

    @cached_property
    def socket(self) -> Path:
        """The folder of the unix socket: in the home, or in /tmp if its path does not fit."""
        socket = self.home / "socket"
        short = len(os.fsencode(_socket_in(socket))) <= _LONGEST_SOCKET
        if short and _PLAIN.fullmatch(str(socket)):
            return socket
        name = hashlib.sha256(f"{socket} {self.account.uid}".encode()).hexdigest()[:16]
        return Path("/tmp") / f"sluice-{name}"  # noqa: S108  # short; `folder` checks its owner

    @cached_property
    def account(self) -> SystemUser:
        """The user of the server: that of this process; for root, the owner of the cluster."""
        if os.geteuid() == 0 and self.data.exists():
            status = self.data.stat()
            if status.st_uid != 0:
                return SystemUser(status.st_uid, status.st_gid)
        return SystemUser.unprivileged()

    @property
    def programs(self) -> Programs:
        """PostgreSQL's programs, run by the account that owns the cluster."""
        return Programs(self.home, self.account)

    def url(self, role: str = "app", database: str = DATABASE) -> str:
        """The DSN of a role, whether the server runs or not."""
        host = quote(str(self.socket), safe="")
        return f"postgresql://{role}@/{database}?host={host}&port={PORT}"

    # -- State --------------------------------------------------------------------------------

    @property
    def pid(self) -> int | None:
        """The process id of the server, or None if it does not run.

        A process is the server if its working directory is the cluster. After a hard kill the id in
        the file may belong to another process or to a zombie.
        """
        try:
            import psutil
        except ModuleNotFoundError as error:
            raise not_installed("psutil") from error
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            return pid if psutil.Process(pid).cwd() == str(self.data) else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    @property
    def running(self) -> bool:
        """Whether the server runs and listens at the address of `url`."""
        return self.pid is not None and _socket_in(self.socket).exists()

    # -- The verbs ----------------------------------------------------------------------------

    def ensure(self) -> bool:
        """Start the server with its roles and its database, unless it runs; whether it was started.

        Cheap to repeat, and safe in concurrent processes. Cleans up after a killed server.
        """
        if self._ready and self.running:
            return False
        with self._alone():
            if started := not self.running:
                self._start()
            self._provide()
        self._ready = True
        return started

    def stop(self) -> bool:
        """Stop the server and roll back its open transactions; whether it ran."""
        with self._alone():
            if self.pid is None:
                return False
            self._pg_ctl("stop", "--mode=fast")
            return True

    def erase(self) -> None:
        """Stop the server and delete its cluster: for tests."""
        self.stop()
        for folder in (self.socket, self.home):
            shutil.rmtree(folder, ignore_errors=True)
        self._here.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Lock out other processes that start or stop the server; the kernel releases the lock."""
        try:
            self.base.mkdir(parents=True, exist_ok=True)
            with (self.base / "postgres.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            advice = f"make the folder {self.base} writable, or set DATABASE_URL"
            raise EmbeddedError(f"{error}: {advice}") from error
        except psycopg.Error as error:
            raise EmbeddedError(f"cannot create the roles and the database: {error}") from error

    # -- Starting -----------------------------------------------------------------------------

    def _start(self) -> None:
        if self.pid is not None:  # its folder was moved, so it listens at the wrong address
            self._pg_ctl("stop", "--mode=immediate")
        self._make_folders()
        self._initialise()
        self._check_version()
        log = self.programs.log
        if log.exists():
            log.replace(log.with_suffix(".old"))
        self._launch()

    def _make_folders(self) -> None:
        if self._here.is_symlink() or not self.home.exists():
            SystemUser.current().folder(self.home, mode=0o755)
        self.account.folder(self.socket)

    def _initialise(self) -> None:
        """Make the cluster in a temporary folder, and rename the folder at the end."""
        if self.data.exists():
            return
        for unfinished in self.home.glob("data.*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        fresh = self.account.folder(Path(tempfile.mkdtemp(prefix="data.", dir=self.home)))
        options = [*_CLUSTER, "--no-sync"] if self.fast else _CLUSTER
        self.programs.run("initdb", *options, data=fresh)
        fresh.rename(self.data)

    def _check_version(self) -> None:
        cluster = (self.data / "PG_VERSION").read_text().strip()
        if version().split(".")[0] != cluster:
            raise EmbeddedError(
                f"{self.data} is of PostgreSQL {cluster}, but version {version()} is installed: "
                "dump the data with pg_dump of the old version, or move that folder away"
            )

    def _launch(self) -> None:
        """Start the server; retry while the children of a killed server are still ending."""
        for stale in (self.data / "postmaster.pid", *self.socket.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": self.socket,
            "unix_socket_permissions": "0700",
            "port": PORT,
        } | (_FAST if self.fast else {})
        options = shlex.join(f"--{name}={value}" for name, value in settings.items())
        for pause in (0.2, 0.5, 1, 2, 3, None):
            try:
                return self._pg_ctl("start", f"--options={options}")
            except EmbeddedError:
                if self.running:  # started by a process that was killed meanwhile
                    return None
                if pause is None:
                    raise
                time.sleep(pause)

    def _pg_ctl(self, *arguments: str) -> None:
        self.programs.run("pg_ctl", *arguments, "--wait", "--timeout=60", data=self.data)

    # -- Roles and database -------------------------------------------------------------------

    def _provide(self) -> None:
        """Create the roles and the database, unless the same SQL files created them already."""
        roles, grants = ((SQL / name).read_bytes() for name in ("roles.sql", "database.sql"))
        mark = hashlib.sha256(roles + grants).hexdigest()
        name = sql.Identifier(DATABASE)
        with self._superuser("postgres") as admin:
            row = admin.execute(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
                [DATABASE],
            ).fetchone()
            if row == (mark,):
                return
            admin.execute(roles)
            if row is None:
                admin.execute(sql.SQL("CREATE DATABASE {} OWNER owner").format(name))
        with self._superuser(DATABASE) as admin:
            admin.execute(grants)
            admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, mark))

    def _superuser(self, database: str) -> psycopg.Connection:
        """A connection of the superuser; waits up to 10 seconds while the server recovers."""
        until = time.monotonic() + 10
        while True:
            try:
                url = self.url("postgres", database)
                return psycopg.connect(url, autocommit=True, connect_timeout=5, options="")
            except psycopg.OperationalError as error:
                if time.monotonic() > until:
                    raise EmbeddedError(f"{error}; {self.programs.tail()}") from error
                time.sleep(0.1)


@cache
def project_server(project: Path) -> EmbeddedServer:
    """The server of the project in that folder."""
    return EmbeddedServer(project / "var")


def _socket_in(folder: Path) -> Path:
    return folder / f".s.PGSQL.{PORT}"
