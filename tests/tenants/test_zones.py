"""One truth about time: Python's zones are those of tzdata, and PostgreSQL's are compared."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, reset_tzpath

import pytest
from django.conf import settings
from django.test import override_settings

from budgets.models import Budget, Movement, Schedule
from tenants.context import acting_for
from tenants.models import TenantSettings
from tests.factories import BudgetFactory
from tests.tenants.schema import findings, found, logged_in

SINCE_2026 = timedelta(hours=-7)
"""What British Columbia keeps since it changed its clocks for the last time."""
LATE_IN_NOVEMBER = datetime(2026, 11, 30, 23, 30)


def zone_file(name: str) -> bytes:
    return files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


def zone_files(folder: Path, zones: dict[str, bytes]) -> Path:
    """A machine's zone files."""
    for name, content in zones.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return folder


@contextmanager
def read_from(folder: Path) -> Iterator[None]:
    """Python has the zones of that folder before its own for a while."""
    reset_tzpath([folder])
    ZoneInfo.clear_cache()
    try:
        yield
    finally:
        reset_tzpath(())
        ZoneInfo.clear_cache()


@pytest.fixture
def machine(tmp_path) -> Path:
    """A machine on which the clocks of some places are Tokyo's."""
    names = ("America/Vancouver", "America/Halifax", "America/Lima")
    return zone_files(tmp_path, dict.fromkeys(names, zone_file("Asia/Tokyo")))


@pytest.fixture
def other_clocks(machine) -> Iterator[None]:
    """Python has other zones than PostgreSQL for a while."""
    with read_from(machine):
        yield


class TestPython:
    @pytest.mark.parametrize(
        "before",
        [
            "import tenants",
            "import tenants.errors",
            "import budgets.recurrence",
            "import config.wsgi",
            "ZoneInfo('America/Vancouver'); import tenants",
        ],
    )
    def test_does_not_read_the_machines_zones(self, machine, before):
        program = (
            f"from zoneinfo import ZoneInfo; {before}; from datetime import datetime\n"
            "print(datetime(2026, 11, 30, 23, 30, tzinfo=ZoneInfo('America/Vancouver')))"
        )
        env = {**os.environ, "PYTHONTZPATH": str(machine)}

        ran = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True)

        assert ran.stdout.decode().strip() == "2026-11-30 23:30:00-07:00", ran.stderr.decode()

    def test_has_the_zones_of_the_lock_file(self):
        vancouver = ZoneInfo("America/Vancouver")

        assert vancouver.utcoffset(LATE_IN_NOVEMBER) == SINCE_2026

    def test_counts_what_came_late_in_november_in_november(self, budget):
        vancouver = ZoneInfo("America/Vancouver")
        late = LATE_IN_NOVEMBER.replace(tzinfo=vancouver)
        Movement.objects.deposit(budget, 7, effective_at=late)

        [month] = Budget.objects.months(budget, zone=vancouver, last=1)

        assert (month.first.month, month.income) == (11, 7)


def told() -> list[str]:
    return [finding.msg for finding in findings() if finding.id == "tenants.E040"]


@pytest.mark.usefixtures("own_database")
class TestPostgreSQL:
    def test_has_no_zone_in_use_that_differs_where_none_is_in_use(self, committed):
        assert told() == []

    @pytest.mark.usefixtures("other_clocks")
    def test_is_compared_in_the_zones_of_tenants(self, tenant):
        with acting_for(tenant):
            TenantSettings.objects.change(time_zone="America/Vancouver")

        [difference] = told()

        assert "differ in America/Vancouver: at 1970-01-01T00:00:00Z " in difference
        assert "PostgreSQL has UTC-08:00, Python has UTC+09:00" in difference

    @pytest.mark.usefixtures("other_clocks")
    def test_is_compared_in_the_zones_of_schedules(self, tenant):
        with acting_for(tenant):
            Schedule.objects.create_schedule(
                BudgetFactory(),
                "Pay",
                5,
                rrule="FREQ=DAILY",
                starts=LATE_IN_NOVEMBER,
                time_zone="America/Halifax",
            )

        assert any("America/Halifax" in difference for difference in told())

    @pytest.mark.usefixtures("other_clocks", "committed")
    def test_is_compared_in_the_zone_of_the_settings(self):
        with override_settings(TIME_ZONE="America/Lima"):
            assert any("America/Lima" in difference for difference in told())

    @pytest.mark.usefixtures("committed")
    def test_is_compared_to_the_second_where_clocks_change(self, tmp_path):
        berlin = zone_file("Europe/Berlin")
        late = berlin.replace(b"CEST,M3.5.0,", b"CEST,M3.5.0/4,")  # two hours after the others

        folder = zone_files(tmp_path, {"Europe/Berlin": late})
        with read_from(folder), override_settings(TIME_ZONE="Europe/Berlin"):
            [difference] = told()

        assert late != berlin
        assert (
            "at 1996-03-31T02:59:59Z PostgreSQL has UTC+02:00, Python has UTC+01:00" in difference
        )

    @pytest.mark.usefixtures("committed")
    @override_settings(TIME_ZONE="Mars/Olympus")
    def test_and_python_are_to_have_every_zone_in_use(self, tmp_path):
        assert told() == ["Python has no time zone Mars/Olympus"]

        with read_from(zone_files(tmp_path, {"Mars/Olympus": zone_file("UTC")})):
            assert told() == ["PostgreSQL has no time zone Mars/Olympus"]

    def test_says_so_when_it_does_not_let_the_zones_be_read(self, committed):
        config = settings.OWNER_DATABASE or {}

        with logged_in(USER=config["USER"], PASSWORD=config["PASSWORD"]):
            assert "tenants.W041" in found()
