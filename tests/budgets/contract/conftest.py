"""Each test of the contract runs twice: over the managers, and in memory without a database."""

from collections.abc import Callable
from datetime import datetime

import pytest

from budgets.testing import MemoryLedger
from tenants.models import TenantSettings
from tests.budgets.contract.sides import Database, Scene, Side


@pytest.fixture(params=["database", "memory"])
def side(request) -> Side:
    if request.param == "memory":
        return MemoryLedger()
    return Database(request.getfixturevalue("tenant"))


@pytest.fixture
def in_yen(side: Side) -> None:
    """Budgets whose founder names no currency are in yen."""
    if isinstance(side, MemoryLedger):
        side._store.currency = "JPY"
    else:
        side.run(lambda: TenantSettings.objects.change(currency="JPY"))


@pytest.fixture
def stranger(side: Side, request) -> Scene:
    """The same scene of another tenant."""
    if isinstance(side, Database):
        return Scene(Database(request.getfixturevalue("other")))
    return Scene(MemoryLedger())


@pytest.fixture
def scene(side: Side) -> Scene:
    return Scene(side)


@pytest.fixture
def at_the_time(side: Side, monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock."""

    def set_to(now: datetime) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)
        if isinstance(side, MemoryLedger):
            side._store.clock = lambda: now

    return set_to
