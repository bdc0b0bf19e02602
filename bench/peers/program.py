"""Measure the packages and the product in turn, and write bench/results/peers.json."""

import argparse
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from psycopg import sql
from rich.console import Console

from bench.peers import ours
from bench.peers.process import HERE, REQUIREMENTS, PeerProcess, make_environment
from bench.performance import product, results, tables
from bench.performance.client import Client, migrate
from bench.performance.document import PEERS
from bench.performance.measure import Slice, in_turn
from bench.performance.server import BenchServer, bench_server

NAMES = {"hordak": "django-hordak", "tenants": "django-tenants", "rls": "django-rls-tenants"}
BASE = "Sluice"


def main(words: list[str] | None = None) -> int:
    """Measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--tenants", type=int, default=200, help="tenants that get a column")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--slice-ms", type=int, default=200)
    parser.add_argument("--json", type=Path, default=PEERS, metavar="FILE")
    options = parser.parse_args(words)
    console, groups = Console(width=110), {}
    with bench_server() as server, everyone(server) as (client, peers):
        for name, work in GROUPS.items():
            groups[name] = work(client, peers, options)
            console.print(tables.table(name, groups[name]))
    measured = {"made": f"{datetime.now(UTC):%Y-%m-%d}", "versions": releases(), "groups": groups}
    results.write(options.json, measured)
    return 0


def releases() -> dict[str, str]:
    """The releases of the packages, and of their Django."""
    locked = dict(re.findall(r"^([\w-]+)==(\S+)", REQUIREMENTS.read_text(), re.M))
    return {name: locked[name] for name in (*NAMES.values(), "django", "psycopg")}


@contextmanager
def everyone(server: BenchServer) -> Iterator[tuple[Client, dict[str, PeerProcess]]]:
    """The product's client and a process of each package, with their databases."""
    socket = parse_qs(urlsplit(server.url()).query)["host"][0]
    with tempfile.TemporaryDirectory(prefix="sluice-peers-") as base:
        python = make_environment(Path(base) / "environment")
        peers = {}
        for peer in NAMES:
            _create(server, peer)
            folder = shutil.copytree(HERE / "project", Path(base) / peer)
            owner = PeerProcess(python, folder, peer, socket, "owner")
            owner("migrate")
            owner.end()
            # row security does not bind role owner
            user = "app" if peer == "rls" else "owner"
            peers[peer] = PeerProcess(python, folder, peer, socket, user)
            peers[peer]("prepare")
        with Client(server.environment()) as client:
            client(migrate)
            client(ours.prepare)
            server.settle()
            yield client, peers
        for process in peers.values():
            process.end()


def _create(server: BenchServer, peer: str) -> None:
    """The database of a package; role app may do what it needs."""
    name = sql.Identifier(f"peer_{peer}")
    with server.connect(database="postgres") as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER owner").format(name))
    with server.connect("owner", f"peer_{peer}") as owner:
        owner.execute(
            "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO app;"
            "ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO app"
        )


# -- The groups ---------------------------------------------------------------------------------

type Peers = dict[str, PeerProcess]


def deposits(client: Client, peers: Peers, options: argparse.Namespace) -> dict[str, Any]:
    """Deposits of ten envelopes."""
    seconds = options.slice_ms / 1000
    cases: dict[str, Callable[[], Slice]] = {
        f"{BASE}: deposit": partial(client, product.verb_slice, "deposit", seconds),
        f"{BASE}: deposit, control": partial(client, product.verb_slice, "deposit", seconds),
        "django-hordak: 11 legs, save()": partial(peers["hordak"], "deposit", "save", seconds),
        "django-hordak: 11 legs, bulk_create()": partial(
            peers["hordak"], "deposit", "bulk", seconds
        ),
        "django-tenants: models, bulk statements": partial(
            peers["tenants"], "deposit", "bulk", seconds
        ),
        "django-rls-tenants: models, bulk statements": partial(
            peers["rls"], "deposit", "bulk", seconds
        ),
    }
    base = next(iter(cases))
    notes = [
        "one transaction that divides a sum among ten envelopes; only the product has keys that"
        " are looked up, rules, a chain of balances and checks by the database",
        "django-tenants and django-rls-tenants have no ledger: four plain models, with bulk"
        " statements for the entries and the balances",
    ]
    return {"base": base, "rows": in_turn(cases, options.rounds, base), "notes": notes}


def new_tenants(client: Client, peers: Peers, options: argparse.Namespace) -> dict[str, Any]:
    """A new tenant each time."""
    cases: dict[str, Callable[[], Slice]] = {
        f"{BASE}: a new tenant": partial(client, ours.tenant),
        "django-tenants: a new tenant": partial(peers["tenants"], "tenant"),
        "django-rls-tenants: a new tenant": partial(peers["rls"], "tenant"),
    }
    base = next(iter(cases))
    notes = [
        "django-tenants creates a schema and migrates it: here five tables; the product and"
        " django-rls-tenants insert rows"
    ]
    return {"base": base, "rows": in_turn(cases, options.rounds, base), "notes": notes}


def columns(client: Client, peers: Peers, options: argparse.Namespace) -> dict[str, Any]:
    """A nullable column more for so many tenants, which exist before."""
    for peer in ("tenants", "rls"):
        while peers[peer]("count") < options.tenants:
            peers[peer]("tenant")
    client(ours.tenants, options.tenants)
    cases: dict[str, Callable[[], Slice]] = {
        f"{BASE}: the statement of the migration": partial(client, ours.column, False),
        f"{BASE}: the migration with its loading": partial(client, ours.column, True),
        "django-tenants: migrate_schemas": partial(peers["tenants"], "column", options.tenants),
    }
    base = next(iter(cases))
    notes = [f"a text column that may be null, for {options.tenants} tenants"]
    rows = in_turn(cases, min(3, options.rounds), base, warm=False)
    return {"base": base, "rows": rows, "notes": notes}


GROUPS: dict[str, Callable[[Client, Peers, argparse.Namespace], dict[str, Any]]] = {
    "A deposit": deposits,
    "A new tenant": new_tenants,
    "A new column": columns,
}
