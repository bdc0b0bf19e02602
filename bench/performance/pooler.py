"""A pooler before the server of the benchmarks, if pgbouncer is installed."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import psycopg

from bench.performance.setting import PRODUCT, Setting
from tenants.embedded.programs import SystemUser

CONFIG = """\
[databases]
{database} = host={host} port=5432 user=app
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 6432
auth_type = any
pool_mode = transaction
max_prepared_statements = 200
ignore_startup_parameters = options
"""


@contextmanager
def pooler(where: Setting) -> Iterator[str]:
    """The DSN of role app through pgbouncer within the block; empty without pgbouncer."""
    program = where.pooler or shutil.which("pgbouncer")
    if not program:
        yield ""
        return
    account = SystemUser.unprivileged()
    host = parse_qs(urlsplit(where.server.url()).query)["host"][0]
    with tempfile.TemporaryDirectory(prefix="sluice-") as base:
        Path(base).chmod(0o755)
        folder = account.folder(Path(base) / "pooler", mode=0o755)
        config = Path(base) / "pgbouncer.ini"
        config.write_text(CONFIG.format(database=PRODUCT, host=host, folder=folder))
        process = subprocess.Popen(  # noqa: S603
            [program, "--quiet", str(config)], stderr=subprocess.DEVNULL, **account.drop
        )
        try:
            at = f"host={quote(str(folder), safe='')}&port=6432"
            yield _answering(f"postgresql://app@/{PRODUCT}?{at}")
        finally:
            process.terminate()
            process.wait()


def _answering(url: str) -> str:
    """The DSN as soon as a connection to it succeeds."""
    until = time.monotonic() + 10
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return url
