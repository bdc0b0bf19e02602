"""Coverage of branches by `sys.monitoring` on Python 3.13, as the plugin `-p tests.monitoring`.

coverage.py measures branches so from Python 3.14 on. Python 3.13 has one event for both sides of a
branch, so coverage.py falls back to a trace function, which runs for each line of Django too and
makes the tests 60 % slower. This plugin keeps the event of a branch until both sides were taken;
all else is coverage.py's own code. With another Python, it does nothing.
"""

import dis
import os
import sys
from types import CodeType
from typing import Any

from coverage import bytecode, core, env, sysmon


class BranchMonitor(sysmon.SysMonitor):
    """The core of coverage.py, with one event for both sides of a branch."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: dict[tuple[int, int], int] = {}  # (code, offset) -> the last destination

    def sysmon_branch_either(
        self, code: CodeType, instruction_offset: int, destination_offset: int
    ) -> Any:
        """Record a new side, and disable the event after the second one."""
        branch = id(code), instruction_offset
        first = self._taken.get(branch)
        if first == destination_offset:
            return None
        self._taken[branch] = destination_offset
        disable = super().sysmon_branch_either(code, instruction_offset, destination_offset)
        return None if first is None else disable


def install() -> None:
    """Replace the core of coverage.py, before coverage starts."""
    events: Any = sys.monitoring.events
    events.BRANCH_LEFT = events.BRANCH_RIGHT = events.BRANCH
    env.PYBEHAVIOR.branch_right_left = True
    bytecode.RETURNS.add(dis.opmap["RETURN_CONST"])
    core.SysMonitor = BranchMonitor  # type: ignore[attr-defined]
    os.environ["COVERAGE_CORE"] = "sysmon"


if sys.version_info[:2] == (3, 13):
    install()
