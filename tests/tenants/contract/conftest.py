"""Each test of the contract runs twice: over the managers, and in memory without a database."""

from datetime import datetime

import pytest

from tenants.testing.memory import MemoryDirectory
from tests.tenants.contract.sides import Database, Side


@pytest.fixture(params=["database", "memory"])
def side(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Side:
    def set_clock(now: datetime) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    if request.param == "memory":
        return Side(MemoryDirectory(), set_clock)
    request.getfixturevalue("committed")
    return Side(Database(), set_clock)
