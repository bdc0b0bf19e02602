"""scripts/bootstrap.sh: which Python it takes, and when it makes .venv anew.

The interpreters here are small scripts that know only the words the bootstrap says to them, and
the folders of the system are a pretence; so nothing is installed and no network is asked.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.environments import PYPROJECT, core, dev, extra

PROJECT = Path(__file__).parents[1]
TOOLS = ("cat", "chmod", "cmp", "cp", "dirname", "mkdir", "rm", "sh", "tail", "tr")

# Stands for a Python. An environment made with it has a copy, which knows where it stands.
PYTHON = r"""#!/bin/sh
self=@SELF@ version=@VERSION@
case "$*" in
*ensurepip*) [ "${version#3.}" -ge 12 ] && echo usable || echo "it is Python $version" ;;
*_base_executable*) echo "$self" ;;
*sys.prefix*) echo "$version $PWD/${0%/bin/python}" ;;
*"-m venv"*) echo "venv by $version" >>"$CALLS"; mkdir -p .venv/bin; cp "$self" .venv/bin/python ;;
*"-m pip"*) echo "pip by $version" >>"$CALLS"; case $PIP in fails) echo "no route"; exit 1 ;;
    killed) kill -9 $PPID; exit 1 ;; esac ;;
*) exit 64 ;;
esac
"""


@dataclass
class Machine:
    """A project in a folder with a space, and the little of a machine it can see."""

    root: Path

    def __post_init__(self) -> None:
        self.project = self.root / "my project"
        self.bin = self.root / "bin"
        self.environ = {"PATH": str(self.bin), "CALLS": str(self.root / "calls"), "PIP": "works"}
        self.bin.mkdir()
        for tool in TOOLS:
            (self.bin / tool).symlink_to(str(shutil.which(tool)))
        text = (PROJECT / "scripts" / "bootstrap.sh").read_text()
        text = re.sub(r"(?<= )/(?=usr/|opt/)", f"{self.root}/", text)
        self.write("my project/scripts/bootstrap.sh", text)
        self.write("my project/requirements-dev.lock", "django==6.1.3\n")

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def install(self, name: str, version: str) -> Path:
        path = self.root / name
        return self.write(name, PYTHON.replace("@SELF@", f"'{path}'").replace("@VERSION@", version))

    def bootstrap(self, shell: str = "sh") -> subprocess.CompletedProcess[str]:
        command = [str(shutil.which(shell)), "scripts/bootstrap.sh"]
        return subprocess.run(
            command, cwd=self.project, env=self.environ, capture_output=True, text=True
        )

    @property
    def calls(self) -> list[str]:
        """What was asked of interpreters so far, but for what they are."""
        calls = Path(self.environ["CALLS"])
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def made_by(version: str) -> list[str]:
    return [f"venv by {version}", f"pip by {version}"]


class TestChoice:
    @pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
    def test_takes_the_newest_on_the_path(self, machine, shell):
        if not shutil.which(shell):
            pytest.skip(f"no {shell} here")
        for version in ("3.11", "3.12", "3.13"):
            machine.install(f"bin/python{version}", version)

        result = machine.bootstrap(shell)

        assert (result.returncode, result.stderr) == (0, "")
        assert machine.calls == made_by("3.13")

    def test_takes_the_one_it_is_told(self, machine):
        machine.install("bin/python3.14", "3.14")
        told = machine.install("somewhere else/python", "3.12")
        machine.environ["PYTHON"] = str(told)

        machine.bootstrap()

        assert machine.calls == made_by("3.12")

    @pytest.mark.parametrize(
        ("told", "why"),
        [
            ("nowhere/python", "there is no such program"),
            ("old/python", "it is Python 3.11"),
            ("part/python", "ModuleNotFoundError: No module named 'ensurepip'"),
            ("no python", "it is not a working Python 3 (who knows)"),
            ("silent", "it is not a working Python 3"),
            ("plain", "there is no such program"),
            ("bin", "there is no such program"),
        ],
    )
    def test_says_why_it_does_not_take_the_one_it_is_told(self, machine, told, why):
        machine.install("bin/python3", "3.13")
        machine.install("old/python", "3.11")
        machine.write("part/python", f'#!/bin/sh\necho Traceback >&2; echo "{why}" >&2; exit 1\n')
        machine.write("no python", "#!/bin/sh\necho Usage; echo who knows; exit 0\n")
        machine.write("silent", "#!/bin/sh\n")
        machine.write("plain", "").chmod(0o644)
        machine.environ["PYTHON"] = str(machine.root / told)

        result = machine.bootstrap()

        line = f"bootstrap: PYTHON={machine.root / told} cannot be used: {why}\n"
        assert (result.returncode, result.stdout, result.stderr) == (1, "", line)
        assert machine.calls == []

    def test_says_so_too_when_everything_is_installed(self, machine):
        machine.install("bin/python3", "3.13")
        machine.bootstrap()
        machine.environ["PYTHON"] = "python3.99"

        assert "PYTHON=python3.99 cannot be used" in machine.bootstrap().stderr

    def test_takes_a_name_on_the_path_too(self, machine):
        machine.install("bin/python3", "3.13")
        machine.install("bin/mine", "3.12")
        machine.environ["PYTHON"] = "mine"

        machine.bootstrap()

        assert machine.calls == made_by("3.12")

    def test_looks_at_the_version_and_not_at_the_name(self, machine):
        machine.install("bin/python3.13", "3.11")
        machine.install("bin/python3", "3.12")

        machine.bootstrap()

        assert machine.calls == made_by("3.12")

    def test_passes_over_shims_that_fail(self, machine):
        machine.write("bin/python3.14", "#!/bin/sh\necho 'not installed' >&2; exit 127\n")
        machine.install("bin/python3", "3.13")

        result = machine.bootstrap()

        assert result.stderr == ""
        assert machine.calls == made_by("3.13")

    @pytest.mark.parametrize(
        ("variable", "value", "place"),
        [
            ("PYENV_ROOT", "my pyenv", "my pyenv/versions/3.13.1/bin/python3"),
            ("HOME", "home", "home/.pyenv/versions/3.13.1/bin/python3"),
            ("HOME", "home", "home/.local/share/uv/python/cpython-3.13.1-linux/bin/python3"),
            ("XDG_DATA_HOME", "data", "data/uv/python/cpython-3.13.1-linux/bin/python3"),
            ("HOME", "empty", "usr/local/bin/python3.13"),
            ("HOME", "empty", "opt/some/bin/python3.13"),
        ],
    )
    def test_finds_pythons_off_the_path(self, machine, variable, value, place):
        machine.install("bin/python3", "3.11")
        machine.install(place, "3.13")
        machine.environ[variable] = str(machine.root / value)

        machine.bootstrap()

        assert machine.calls == made_by("3.13")

    @pytest.mark.parametrize("program", ["shims/python3", "bin/pyenv"])
    def test_finds_pyenv_by_its_programs_when_home_is_empty(self, machine, program):
        machine.write(f"pyenv/{program}", "#!/bin/sh\nexit 127\n")
        machine.install("pyenv/versions/3.12.9/bin/python3", "3.12")
        machine.environ["HOME"] = str(machine.root / "empty")
        machine.environ["PATH"] += f":{machine.root}/pyenv/{Path(program).parent}"

        machine.bootstrap()

        assert machine.calls == made_by("3.12")

    def test_prefers_the_newer_whatever_the_place(self, machine):
        machine.environ |= {"HOME": str(machine.root), "PYENV_ROOT": f"{machine.root}/pyenv"}
        machine.install("pyenv/versions/3.12.9/bin/python3", "3.12")
        machine.install(".local/share/uv/python/cpython-3.14.0-linux/bin/python3", "3.14")

        machine.bootstrap()

        assert machine.calls == made_by("3.14")

    def test_without_any_it_says_so_in_one_line(self, machine):
        machine.install("bin/python3", "3.11")

        result = machine.bootstrap()

        assert result.returncode != 0
        assert result.stdout == ""
        assert re.fullmatch(r"bootstrap: found no Python >= 3\.12 .*\n", result.stderr)
        assert not (machine.project / ".venv").exists()

    @pytest.mark.parametrize(
        ("asked", "answer"),
        [
            (("", ""), "usable"),
            (
                ("(3, 12)", "(99, 0)"),
                f"it is Python {sys.version_info[0]}.{sys.version_info[1]}, older than",
            ),
            (
                ("ensurepip", "no_such_module"),
                "ModuleNotFoundError: No module named 'no_such_module'",
            ),
        ],
    )
    def test_asks_a_real_python_for_its_version(self, asked, answer):
        text = (PROJECT / "scripts" / "bootstrap.sh").read_text()
        found = re.search(r"-c '\n(import sys\n.*?)' <", text, re.DOTALL)
        assert found
        question = found[1].replace(*asked)

        run = subprocess.run([sys.executable, "-I", "-c", question], capture_output=True, text=True)

        assert (run.stdout + run.stderr).splitlines()[-1].startswith(answer)


class TestHealing:
    @pytest.fixture
    def done(self, machine: Machine) -> Machine:
        """A machine that has been through it."""
        machine.install("bin/python3.13", "3.13")
        machine.bootstrap()
        return machine

    def test_the_second_run_does_nothing(self, done):
        result = done.bootstrap()

        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert done.calls == made_by("3.13")

    def test_a_changed_lock_is_installed_anew(self, done):
        done.write("my project/requirements-dev.lock", "django==6.1.4\n")

        done.bootstrap()

        assert done.calls == 2 * made_by("3.13")

    def test_a_moved_folder_is_made_anew(self, done):
        done.project = done.project.rename(done.root / "moved")

        done.bootstrap()

        assert done.calls == 2 * made_by("3.13")

    def test_an_interpreter_that_is_gone_is_replaced(self, done):
        done.install("bin/python3.12", "3.12")
        (done.bin / "python3.13").unlink()
        (done.project / ".venv" / "bin" / "python").unlink()

        done.bootstrap()

        assert done.calls == made_by("3.13") + made_by("3.12")

    def test_an_unfinished_environment_is_made_anew(self, machine):
        machine.write("my project/.venv/bin/python", "half a file")
        machine.install("bin/python3.13", "3.13")

        result = machine.bootstrap()

        assert result.returncode == 0
        assert machine.calls == made_by("3.13")

    def test_a_run_killed_while_it_installs_is_healed_by_the_next(self, machine):
        machine.install("bin/python3.13", "3.13")
        machine.environ["PIP"] = "killed"
        killed = machine.bootstrap()
        machine.environ["PIP"] = "works"

        healed = machine.bootstrap()

        assert killed.returncode == -9
        assert healed.returncode == 0
        assert machine.calls == 2 * made_by("3.13")

    def test_an_installation_that_fails_shows_why_and_is_tried_again(self, machine):
        machine.install("bin/python3.13", "3.13")
        machine.environ["PIP"] = "fails"
        failed = machine.bootstrap()
        machine.environ["PIP"] = "works"

        healed = machine.bootstrap()

        assert failed.returncode == 1
        assert failed.stderr.startswith("no route\nbootstrap: pip could not install")
        assert healed.returncode == 0


class TestLock:
    @pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
    def test_pins_every_version_with_hashes_and_names_no_index(self, name):
        text = (PROJECT / name).read_text().replace("\\\n", "")
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]

        assert lines
        for line in lines:
            assert re.match(r"[\w.-]+(\[[\w,]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", line)

    def test_holds_what_the_image_and_developers_need(self):
        needed = [*PYPROJECT["build-system"]["requires"], *dev()]

        image = core() + extra("redis", "server", "tasks")

        assert unmet(image, "requirements.lock") == []
        assert unmet(image + extra("embedded") + needed, "requirements-dev.lock") == []

    def test_of_the_image_has_no_embedded_server(self):
        assert unmet(extra("embedded"), "requirements.lock") == extra("embedded")


def unmet(wanted: list[str], lock: str) -> list[str]:
    """The requirements to which the lock holds no fitting version."""
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)", (PROJECT / lock).read_text(), re.MULTILINE))
    return [
        text
        for text in wanted
        if not (asked := Requirement(text)).specifier.contains(
            pinned.get(asked.name.lower().replace("_", "-"), "0")
        )
        or asked.name.lower().replace("_", "-") not in pinned
    ]
