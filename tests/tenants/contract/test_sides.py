"""How the two sides hang together."""

import inspect
import subprocess
import sys

import pytest

from tenants.managers.invitations import InvitationVerbs
from tenants.managers.members import MembershipVerbs
from tenants.managers.tenants import TenantVerbs
from tenants.managers.users import UserVerbs
from tenants.managers.verbs import Verbs
from tenants.testing.rows import MemoryRows

BOTH_SIDES = {"_create_once"}
"""What `Verbs` has and both sides use."""


def test_memory_replaces_every_step_in_postgresql():
    steps = {name for name, _ in inspect.getmembers(Verbs, inspect.isfunction)} - BOTH_SIDES

    assert len(steps) == 5
    assert steps <= vars(MemoryRows).keys()


@pytest.mark.parametrize("verbs", [UserVerbs, TenantVerbs, MembershipVerbs, InvitationVerbs])
def test_verbs_are_written_once_for_a_manager_and_for_memory(verbs):
    children = {child.__module__.split(".")[1]: child for child in verbs.__subclasses__()}
    public = {name for name, each in vars(verbs).items() if not name.startswith("_") if each}

    assert children.keys() == {"managers", "testing"}
    for child in children.values():
        assert public.isdisjoint(vars(child))


def test_the_database_for_tests_comes_without_the_models():
    code = "import sys, tenants.testing; sys.exit('tenants.models' in sys.modules)"

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
