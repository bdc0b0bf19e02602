"""The expected duration of `make test`: `python -m tests.progress` prints it before pytest loads.

As a plugin, `pytest -p tests.progress`, it prints each result at once. A complete run saves its
figures in var/tests/last-run.json for the next run.
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
"""The estimate in seconds for a test function without a recorded run."""

_begun = time.monotonic()
_done: dict[str, float] = {}
"""The started tests, each with the seconds until its first result."""


def expectation(record: Path, tests: Path) -> str:
    """The expected duration of the tests, and of the first result."""
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
    """Print each result at once, also in a pipe."""
    _done.setdefault(report.nodeid, time.monotonic() - _begun)
    sys.stdout.flush()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Save the figures of a complete run."""
    if hasattr(session.config, "workerinput") or exitstatus not in {0, 1} or not _done:
        return
    seconds = {"first": min(_done.values()), "seconds": time.monotonic() - _begun}
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(seconds | {"tests": len(_done)}))


if __name__ == "__main__":
    print(f"tests: {expectation(RECORD, TESTS)}")
