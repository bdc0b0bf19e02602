"""`make bench`: the limit does the same work, the figures are as stated, the page is up to date."""

import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench.performance import costs, document, limit, measure, plots, profile, program, results
from bench.performance import sizes as sizing
from bench.performance.amounts import AMOUNT
from budgets.cascade import Claim
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tenants.models import Tenant
from tests.budgets.test_commands import NOWHERE
from tests.command_line import ROOT, app_url
from tests.server import lead_to, owner_dsn, scratch_database

SCRIPT = ROOT / "scripts" / "performance.py"
PERFORMANCE = runpy.run_path(str(SCRIPT))
RESULTS = results.read(document.LAST)


class ServerOfTests:
    """The tests' server, in the place of `bench.performance.server.BenchServer`."""

    def connect(self, role: str, database: str) -> psycopg.Connection:
        assert role == "owner"
        return psycopg.connect(owner_dsn(database), autocommit=True)


@pytest.fixture
def scratch(database: str, committed) -> Iterator[str]:
    """A database for one test, which changes its tables."""
    with scratch_database(f"{database}_limit", migrated=True) as name:
        lead_to(name)
        yield name
        lead_to(database)


# -- The limit ----------------------------------------------------------------------------------

BUCKETS: list[dict[str, Any]] = [
    {"filter": Claim(flat=100_00)},
    {"filter": Claim(share=100_000), "hold": Claim(flat=500_00)},
    {"filter": Claim(share=500_000), "target": 123_45},
    {"filter": Claim(flat=1_00), "locked": True},
    {"filter": Claim(share=250_000), "hold": Claim(share=10_000), "target": 900_000_00},
    {"filter": Claim(flat=0)},
]


def budget_with_rules(name: str) -> Budget:
    budget = Budget.objects.create_budget(name, "EUR")
    for number, rules in enumerate(BUCKETS):
        Bucket.objects.create_bucket(budget, f"Bucket {number}", **rules)
    return budget


def ledger_of(budget: Budget) -> list[tuple[object, ...]]:
    """The entries, the buckets and the totals of a budget, without ids and times."""
    entry = (
        *("movement__seq", "position", "bucket__name", "seq", "amount", "balance_before"),
        *("balance_after", "reason", "became_full", "movement_seq"),
    )
    movement = ("seq", "kind", "amount", "net_amount", "entry_count", "key")
    entries = budget.movements.order_by("seq", "entries__position")
    return [
        *entries.values_list(*(f"entries__{name}" for name in entry)),
        *budget.movements.order_by("seq").values_list(*movement),
        *budget.buckets.order_by("name").values_list("name", "balance", "last_entry_seq"),
        *Budget.objects.filter(pk=budget.pk).values_list("deposited", "last_movement_seq"),
    ]


def test_the_limit_writes_what_the_product_writes(scratch):
    tenant = Tenant.objects.create_tenant("limit")
    with acting_for(tenant):
        ours, its = budget_with_rules("Ours"), budget_with_rules("Its")
    for key in ("first", "second"):
        with acting_for(tenant):
            Movement.objects.deposit(ours, AMOUNT, key=key)

    server: Any = ServerOfTests()
    limit.install(server, scratch, every_index=False)
    with psycopg.connect(app_url(), autocommit=True) as session:
        for key in ("first", "second"):
            session.execute(limit.CALL, [tenant.pk, its.pk, AMOUNT, key])
    limit.remove(server, scratch)

    with acting_for(tenant):
        assert ledger_of(its) == ledger_of(ours)
        assert len(ledger_of(ours)) > 2 * len(BUCKETS)


def test_the_limit_keeps_every_foreign_key_and_check_and_drops_other_indexes(scratch):
    with psycopg.connect(owner_dsn(scratch)) as owner:
        before = dict(kinds_of_constraints(owner))
        limit._drop_indexes(owner)
        after = dict(kinds_of_constraints(owner))
        [(indexes,)] = owner.execute(
            "SELECT array_agg(indexrelid::regclass::text) FROM pg_index"
            " WHERE indrelid = ANY (%s::regclass[])",
            [["budgets_movement", "budgets_entry"]],
        ).fetchall()
        owner.rollback()

    assert {kind: after[kind] for kind in "cfn"} == {kind: before[kind] for kind in "cfn"}
    assert sorted(indexes) == [
        *("budgets_entry_pkey", "budgets_entry_seq_once", "budgets_movement_key_once"),
        *("budgets_movement_pkey", "budgets_movement_seq_once"),
    ]


def kinds_of_constraints(owner: psycopg.Connection):
    return owner.execute(
        "SELECT contype::text, count(*) FROM pg_constraint"
        " WHERE conrelid = ANY (%s::regclass[]) GROUP BY 1",
        [list(limit.TABLES)],
    ).fetchall()


def test_the_limit_gives_a_value_to_a_column_that_it_does_not_know(scratch):
    with psycopg.connect(owner_dsn(scratch)) as owner:
        owner.execute("ALTER TABLE budgets_movement ADD COLUMN proof bytea NOT NULL")
        columns = limit.columns_of(owner, "budgets_movement", limit.MOVEMENT)
        owner.rollback()

    assert columns["proof"].startswith("sha256(")
    assert "reverses_id" not in columns  # it may be null


# -- Figures ------------------------------------------------------------------------------------


def test_a_ratio_compares_the_slices_of_one_round():
    base = [[0.1, 0.1], [0.4, 0.4], [0.2, 0.2]]
    twice = [[0.05, 0.05], [0.2, 0.2], [0.1, 0.1]]

    row = measure.row_of(twice, base)

    assert (row["ratio"], row["low"], row["high"]) == (2, 2, 2)
    assert row["per_second"] == 10
    assert (row["p50_ms"], row["p99_ms"], row["operations"]) == (100, 200, 6)


def test_all_cases_take_a_slice_in_each_round_and_change_their_order():
    taken: list[str] = []

    def case(name: str):
        def run() -> list[float]:
            taken.append(name)
            return [1.0]

        return run

    rows = measure.in_turn({name: case(name) for name in "abc"}, 2, "b", warm=False)

    assert "".join(taken) == "abccba"
    assert rows["b"]["ratio"] == 1


def test_a_slice_has_its_least_number_of_operations():
    assert len(measure.slice_of(lambda number: None, 0, least=5)) == 5


def test_samples_belong_to_the_innermost_part():
    def frame(path: str, back=None):
        code = compile("", path, "exec")
        return type("Frame", (), {"f_code": code, "f_back": back})()

    django = frame("/site/django/db/models/query.py")
    cascade = frame("/work/budgets/cascade/__init__.py", django)

    assert profile.part_of(cascade) == "cascade"
    assert profile.part_of(frame("/usr/lib/uuid.py", django)) == "models"
    assert profile.part_of(frame("/usr/lib/uuid.py")) == "other"


# -- Results ------------------------------------------------------------------------------------


def test_the_last_results_have_every_row():
    assert results.missing(RESULTS) == []


@pytest.mark.parametrize("group", results.NEEDED)
def test_a_missing_row_is_found(group):
    without = RESULTS | {"groups": {**RESULTS["groups"], group: {"rows": {}}}}

    assert results.missing(without) == [f"{group}: {row}" for row in results.NEEDED[group]]


def test_the_program_fails_if_a_row_is_missing(monkeypatch, tmp_path: Path, capsys):
    groups = {name: group for name, group in RESULTS["groups"].items() if name != "memory"}
    monkeypatch.setattr(program, "bench_server", lambda: program_context(None))
    monkeypatch.setattr(program, "setting", lambda *_: program_context(None))
    monkeypatch.setattr(program, "measure", lambda *_: RESULTS | {"groups": groups})

    code = program.main(["--quick", "--json", str(tmp_path / "quick.json")])

    assert code == 1
    assert "memory: a process of the application is missing" in capsys.readouterr().err
    assert json.loads((tmp_path / "quick.json").read_text())["groups"] == groups


class program_context:
    def __init__(self, value: object) -> None:
        self.value = value

    def __enter__(self) -> object:
        return self.value

    def __exit__(self, *_: object) -> None:
        pass


def test_the_results_name_no_path_and_no_host():
    text = document.LAST.read_text()

    assert os.uname().nodename not in text
    assert re.findall(r"/(?:home|root|work|tmp|usr|var)\b", text) == []


def test_a_size_is_an_option():
    parser = program._options(["--quick", "--writers", "1,4", "--rounds", "3"])

    found = sizing.sizes_of(parser)

    assert (found.writers, found.rounds) == ((1, 4), 3)
    assert found.payroll == sizing.QUICK.payroll


def test_a_million_tenants_are_products_of_unit_costs():
    cpu = {name: {"client_ms": 2.0, "server_ms": 1.0} for name in
           ("deposit", "withdraw", "ledger page of 50", "dashboard")}  # fmt: skip
    units = costs.Units(
        cpu=cpu,
        latency=dict.fromkeys(cpu, 10.0),
        movement=1024,
        entry=1024,
        tenant=1024,
        wal=0,
        backend=1 << 30,
        process=0,
    )

    found = costs.million(units, costs.Tenant(deposits=18, withdrawals=18, pages=36, dashboards=36))

    assert found["writes per second in the busiest hour"] == "33"
    assert found["reads per second then"] == "67"
    assert found["cores of the application then"] == "0.4"
    assert found["cores of PostgreSQL then"] == "0.2"
    assert found["open transactions then, on average"] == "1.0"
    assert found["memory of these connections"] == "2.00 GiB"
    assert found["disk for the tenants themselves"] == "1 GiB"
    assert found["disk for the ledger, each year"] == "2,884 GiB"


# -- The page -----------------------------------------------------------------------------------


def test_the_page_and_its_plots_are_those_of_the_last_results(capsys):
    assert PERFORMANCE["main"](["--check"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("name", ["performance.md", *(f"{name}.svg" for name in plots.PLOTS)])
def test_a_file_that_differs_is_found(tmp_path: Path, capsys, name):
    (tmp_path / "performance.md").write_text((ROOT / "docs" / "performance.md").read_text())
    assert PERFORMANCE["main"](["--docs", str(tmp_path)]) == 0
    [file] = tmp_path.rglob(name)
    text = file.read_text()
    file.write_text(re.sub(r"\d\.\d", "9.9", text, count=1))
    assert file.read_text() != text

    assert PERFORMANCE["main"](["--check", "--docs", str(tmp_path)]) == 1

    assert capsys.readouterr().err == f"{name} is out of date: run scripts/performance.py\n"


def test_a_part_that_the_page_lacks_is_found(tmp_path: Path, capsys):
    text = (ROOT / "docs" / "performance.md").read_text()
    page = tmp_path / "performance.md"
    page.write_text(text.replace("<!-- audit: generated -->", "<!-- audit -->"))
    assert PERFORMANCE["main"](["--docs", str(tmp_path)]) == 0

    assert PERFORMANCE["main"](["--check", "--docs", str(tmp_path)]) == 1


def test_the_page_has_every_group_of_the_results():
    assert RESULTS["groups"].keys() <= {*document.GROUPS}
    assert document.incomplete((ROOT / "docs" / "performance.md").read_text()) == []


def test_make_check_asks_and_needs_no_database():
    listed = subprocess.run(
        ["make", "--dry-run", "check"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "scripts/performance.py --check" in listed.stdout

    ran = subprocess.run(
        [sys.executable, SCRIPT, "--check"], cwd=ROOT, env=os.environ | NOWHERE,
        capture_output=True, text=True,
    )  # fmt: skip

    assert (ran.returncode, ran.stderr) == (0, "")


def test_ci_runs_the_quick_benchmark():
    assert re.search(r"^make bench-quick\b", (ROOT / ".ci" / "run").read_text(), re.M)
