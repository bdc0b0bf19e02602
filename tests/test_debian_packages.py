"""scripts/debian-packages.sh: installs in CI what is missing, and elsewhere nothing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "debian-packages.sh"


@pytest.fixture
def machine(tmp_path):
    """A PATH with an apt-get that writes down what it is asked."""
    for name in ("mktemp", "rm", "cat", "env", "id"):
        found = shutil.which(name)
        assert found is not None
        (tmp_path / name).symlink_to(found)
    program(tmp_path, "sudo", 'shift; exec "$@"')
    program(tmp_path, "apt-get", f'echo "$@" >> {tmp_path}/asked; echo chatter')
    return tmp_path


def program(folder: Path, name: str, body: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def run(folder: Path, **more: str):
    env = {key: value for key, value in os.environ.items() if key != "CI"}
    return subprocess.run(
        ["/bin/sh", SCRIPT],
        env={**env, "PATH": str(folder), **more},
        capture_output=True,
        text=True,
        timeout=30,
    )


def asked(folder: Path) -> list[str]:
    return (folder / "asked").read_text().splitlines() if (folder / "asked").exists() else []


def test_outside_ci_it_does_nothing(machine):
    ran = run(machine)

    assert (ran.returncode, ran.stdout, ran.stderr, asked(machine)) == (0, "", "", [])


def test_in_ci_it_installs_quietly_what_is_missing(machine):
    ran = run(machine, CI="true")

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert [line.split()[0] for line in asked(machine)] == ["update", "install"]
    assert asked(machine)[1].endswith("redis-server")


def test_what_is_there_is_not_installed(machine):
    program(machine, "redis-server", "exit 0")

    assert run(machine, CI="true").returncode == 0
    assert asked(machine) == []


def test_what_fails_is_told_in_full(machine):
    program(machine, "apt-get", "echo no network; exit 100")

    ran = run(machine, CI="true")

    assert ran.returncode == 1
    assert ran.stderr == "no network\n"


def test_where_there_is_no_apt_it_says_so_and_goes_on(machine):
    (machine / "apt-get").unlink()

    ran = run(machine, CI="true")

    assert ran.returncode == 0
    assert "install redis-server" in ran.stderr
