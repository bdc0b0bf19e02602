"""How long `make test` will take: said by `python -m tests.progress`, before pytest is loaded.

As a plugin, `pytest -p tests.progress`, it shows each result at once. A run that comes to its
end leaves its figures in var/tests/last-run.json for the next one.
"""

import json
import re
import sys
import time
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
RECORD = TESTS.parent / "var" / "tests" / "last-run.json"
EACH = 0.2
"""Seconds for each test function, where no run is on record."""

_begun = time.monotonic()
_done: dict[str, float] = {}
"""The tests that were begun, each with the seconds until its first result."""


def expectation(record: Path, tests: Path) -> str:
    """How long the tests will take, and when the first one is through."""
    try:
        last = json.loads(record.read_text())
        first, seconds, count = (float(last[name]) for name in ("first", "seconds", "tests"))
    except (OSError, ValueError, KeyError, TypeError):
        functions = sum(
            len(re.findall(r"^ *def test_", path.read_text(), re.MULTILINE))
            for path in tests.rglob("test_*.py")
        )
        return f"about {_span(functions * EACH)} for {functions} test functions, at a guess"
    return (
        f"about {_span(seconds)}, as long as the last {count:.0f} tests took; "
        f"the first result comes after {_span(first)}"
    )


def _span(seconds: float) -> str:
    return f"{round(seconds)} s" if seconds < 90 else f"{round(seconds / 60)} min"


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Show each result at once, also in a pipe."""
    _done.setdefault(report.nodeid, time.monotonic() - _begun)
    sys.stdout.flush()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep the figures of a run that was not broken off."""
    if hasattr(session.config, "workerinput") or exitstatus not in {0, 1} or not _done:
        return
    seconds = {"first": min(_done.values()), "seconds": time.monotonic() - _begun}
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(seconds | {"tests": len(_done)}))


if __name__ == "__main__":
    print(f"tests: {expectation(RECORD, TESTS)}")
