"""A test that takes too long fails alone: the next tests of its worker run as usual."""

import subprocess
import sys

import pytest
from django.db import connection, transaction

from budgets.models import Budget
from tenants.context import _current, acting_for, in_block, tenancy_of
from tests.command_line import ROOT
from tests.conftest import forget_block


def test_the_time_of_shared_fixtures_does_not_count():
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-n",
        "0",
        "-v",
        "--timeout=1",
        "tests/data/timeouts.py",
    ]

    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    results = [line.split()[:2] for line in ran.stdout.splitlines() if line.endswith("%]")]
    assert [(name.partition("::")[2], result) for name, result in results] == [
        ("test_comes_first_and_waits_for_imports", "PASSED"),
        ("test_waits_for_a_shared_fixture", "PASSED"),
        ("test_takes_too_long", "FAILED"),
        ("test_comes_after_it", "PASSED"),
        ("test_waits_for_a_fixture_of_its_own", "ERROR"),
        ("test_waits_for_the_end_of_a_shared_fixture", "PASSED"),
    ], ran.stdout
    assert ran.returncode == 1


@pytest.mark.parametrize("closed", [False, True])
def test_a_block_that_is_left_open_is_forgotten(tenant, other, closed):
    transaction.atomic().__enter__()
    _current.set(tenancy_of(tenant))
    assert not Budget.objects.exists()
    if closed:
        connection.close()  # as the fixture `committed` does: then no query is possible

    forget_block()

    assert not in_block()
    with acting_for(other):
        Budget.objects.create_budget("Kept", "EUR")
    with acting_for(other):
        assert Budget.objects.exists()
