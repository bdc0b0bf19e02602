"""The faster core of coverage finds the same branches as coverage.py's own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.command_line import ROOT

SAMPLE = """
import asyncio
from contextlib import suppress


def one_side(value):
    if value:
        return 1
    return None


def no_side(value):
    if value:
        return 1
    return None


def loops(numbers):
    total = 0
    for number in numbers:
        if number == 3:
            continue
        if number > 5:
            break
        total += number
    else:
        total = -1
    while total > 100:
        total //= 2
    for _ in ():
        total += 1
    return [n for n in range(total) if n % 2 and n > 1]


def both_sides_in_turn(numbers):
    for number in numbers:
        if number % 2:
            print("odd")


def matched(thing):
    match thing:
        case {"a": int()}:
            return "a"
        case [_, *rest] if rest:
            return "list"
        case str():
            return "str"


def guarded(work):
    try:
        with suppress(KeyError):
            work()
    except ValueError:
        return "value"
    except TypeError:
        return "type"
    else:
        return "fine"
    finally:
        assert work, "missing"


def generated(count):
    while True:
        if count == 0:
            return
        yield count
        count -= 1


async def first(items):
    async for item in items:
        if item is not None:
            return item


async def several():
    for item in (1, None):
        yield item


one_side(1)
loops([1, 2, 3])
loops([9])
both_sides_in_turn([2, 4, 1])
matched({"a": 1}), matched([1, 2]), matched(7)
guarded(int)
guarded(lambda: int("x"))
list(generated(3))
asyncio.run(first(several()))
"""
RUN = (
    "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_module('coverage', run_name='__main__')"
)
FASTER = f"import tests.monitoring; {RUN}"


def measured(folder: Path, program: str) -> dict[str, Any]:
    """The lines and the branches of the sample that ran or are missing."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    environ |= {"COVERAGE_FILE": str(folder / "data"), "PYTHONPATH": str(ROOT)}
    for words in (
        ["run", "--branch", "--source=.", "--rcfile=", "sample.py"],
        ["json", "-q", "--rcfile=", "-o", "report.json"],
    ):
        command = [sys.executable, "-W", "error", "-c", program, "coverage", *words]
        subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True)
    [found] = json.loads((folder / "report.json").read_text())["files"].values()
    return {name: found[name] for name in found if name.startswith(("executed", "missing"))}


def test_the_same_lines_and_branches_are_found_with_and_without(tmp_path):
    (tmp_path / "sample.py").write_text(SAMPLE)

    with_it, without = measured(tmp_path, FASTER), measured(tmp_path, RUN)

    assert with_it == without
    assert with_it["missing_branches"]
    assert len(with_it["executed_branches"]) > 20


def test_python_3_13_uses_it_and_the_others_their_own():
    program = (
        "import tests.monitoring, coverage; measured = coverage.Coverage(branch=True);"
        "measured.start(); print(measured._collector.tracer_name())"
    )

    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)

    core = {(3, 12): "CTracer", (3, 13): "BranchMonitor"}.get(sys.version_info[:2], "SysMonitor")
    assert ran.stdout == f"{core}\n", ran.stderr
