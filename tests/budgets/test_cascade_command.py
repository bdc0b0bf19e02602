"""`manage.py cascade`, which answers the conformance file."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from budgets.errors import BadCase
from budgets.management.commands.cascade import Command

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "cascade_cases.json"
HEAVY = {
    "budgets.models", "tenants.models", "django.contrib.admin", "django.contrib.auth",
    "dateutil", "psycopg_pool", "rich", "sqlparse",
}  # fmt: skip
CASE: dict[str, Any] = {
    "name": "pay day",
    "deposit_minor": 1000,
    "buckets": [
        {
            "name": "Miete für März",
            "priority": 0,
            "filter": {"method": "percentage", "value": "33.3333"},
            "hold": None,
            "target_minor": None,
            "balance_minor": 0,
            "locked": False,
        }
    ],
}
BAD = CASE | {"deposit_minor": 0}


def test_answers_a_file_with_json_in_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(CASE), encoding="utf-8")
    out = io.StringIO()

    call_command(Command(), str(file), stdout=out)

    assert json.loads(out.getvalue())["allocations"] == {"Miete für März": 333}
    assert '\n  "name": "pay day",\n' in out.getvalue()
    assert "für März" in out.getvalue()


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_reads_stdin_and_answers_a_list_with_a_list(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DATA.read_bytes())))
    out = io.StringIO()

    call_command(Command(), *arguments, stdout=out)

    names = [answer["name"] for answer in json.loads(out.getvalue())]
    assert names == [case["name"] for case in json.loads(DATA.read_text(encoding="utf-8"))]


def test_refuses_a_file_it_cannot_read(tmp_path: Path) -> None:
    for file, reason in ((tmp_path / "absent", "No such file"), (tmp_path, "directory")):
        with pytest.raises(BadCase, match=f"cannot be read: .*{reason}"):
            call_command(Command(), str(file))


def test_refuses_a_stdin_that_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    with pytest.raises(BadCase, match="stdin is closed"):
        call_command(Command())


def test_prints_nothing_when_a_case_is_bad(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([CASE, BAD]), encoding="utf-8")
    out = io.StringIO()

    with pytest.raises(BadCase):
        call_command(Command(), str(file), stdout=out)

    assert out.getvalue() == ""


def test_meets_a_closed_pipe_before_it_ends() -> None:
    class Closed(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        call_command(Command(), str(DATA), stdout=Closed())


def test_shows_examples_that_work(monkeypatch: pytest.MonkeyPatch) -> None:
    text = Command().create_parser("manage.py", "cascade").format_help()
    example = text.split("echo '")[1].split("' |")[0]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(example.encode())))
    out = io.StringIO()

    call_command(Command(), "-", stdout=out)

    assert json.loads(out.getvalue())["allocations"] == {"rent": 50000}


def test_runs_no_system_check_that_could_ask_for_a_database() -> None:
    assert Command.requires_system_checks == ()


def test_loads_no_models_and_none_of_their_libraries() -> None:
    ran = in_a_process(str(DATA), flags=("-X", "importtime"))

    imported = set(re.findall(r"^import time:.*\| +(\S+)$", ran.stderr, re.MULTILINE))
    assert ran.returncode == 0
    assert "budgets.management.cases" in imported  # what is listed is what this command imports
    assert imported & HEAVY == set()


def test_answers_where_the_settings_refuse_to_load() -> None:
    ran = in_a_process(str(DATA), ENVIRONMENT="nowhere")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(json.loads(ran.stdout)) == len(json.loads(DATA.read_text(encoding="utf-8")))


def test_says_in_a_line_what_is_wrong_with_a_case(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(BAD), encoding="utf-8")

    ran = in_a_process(str(file))

    assert (ran.returncode, ran.stdout) == (2, "")
    [line] = ran.stderr.splitlines()
    assert line.startswith("error [bad_case]: case 'pay day': deposit_minor: ")


def in_a_process(
    *words: str, flags: tuple[str, ...] = (), **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run `manage.py cascade` by itself: the command line of the tests wants their database."""
    return subprocess.run(
        [sys.executable, *flags, "manage.py", "cascade", *words],
        cwd=ROOT,
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
