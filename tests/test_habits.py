"""Hosted CI, the hooks of pre-commit and the documents about them agree with the project."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CI = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
JOB: dict[str, Any] = CI["jobs"]["ci"]
COMPOSE: dict[str, Any] = CI["jobs"]["compose"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
MATRIX: list[str] = JOB["strategy"]["matrix"]["python"]
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook
    for repo in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repo["hooks"] + [{"id": f"repo {repo['repo']}"}]
}


def tried() -> dict[str, str]:
    """The table of CONTRIBUTING.md: a Python, and the release CI's script was run on, if any."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    return dict(re.findall(r"^\| (\d+\.\d+) \| (.+) \|$", text, re.MULTILINE))


class TestHostedCI:
    def test_runs_every_python_that_the_project_declares(self) -> None:
        python = "Programming Language :: Python :: "
        declared = [c.removeprefix(python) for c in PROJECT["classifiers"] if python in c]

        assert [name for name in declared if "." in name] == MATRIX
        assert PROJECT["requires-python"] == f">={MATRIX[0]}"

    def test_says_of_each_python_whether_it_was_ever_run(self) -> None:
        assert list(tried()) == MATRIX
        for python, release in tried().items():
            assert release == "not run" or re.fullmatch(rf"{re.escape(python)}\.\d+", release)

    def test_runs_what_ci_runs_here_on_the_python_of_the_matrix(self) -> None:
        python = next(step for step in JOB["steps"] if step.get("id") == "python")
        [run] = [step for step in JOB["steps"] if "run" in step]

        assert python["with"] == {"python-version": "${{ matrix.python }}"}
        assert run["env"] == {"PYTHON": "${{ steps.python.outputs.python-path }}"}
        assert os.access(ROOT / run["run"], os.X_OK)

    def test_pins_each_action_to_a_commit_and_may_only_read(self) -> None:
        steps = [step for job in CI["jobs"].values() for step in job["steps"]]
        actions = [step["uses"] for step in steps if "uses" in step]

        assert actions
        assert all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in actions)
        assert CI["permissions"] == {"contents": "read"}

    def test_starts_for_main_and_for_every_pull_request(self) -> None:
        assert CI[True] == {"push": {"branches": ["main"]}, "pull_request": None}  # YAML's `on`


class TestHostedCompose:
    """The job that needs Docker. It is only read here: nobody has seen it run."""

    def runs(self) -> list[str]:
        return [step["run"] for step in COMPOSE["steps"] if "run" in step]

    def test_builds_the_image_brings_all_up_and_tests_against_it_in_this_order(self) -> None:
        wanted = [
            "docker compose config --quiet",
            "docker compose build",
            "docker compose up --detach --wait",
            "make test-compose",
            "docker compose down --volumes",
        ]

        assert [run for run in self.runs() if run in wanted] == wanted

    def test_is_on_the_python_of_the_image(self) -> None:
        python = next(step for step in COMPOSE["steps"] if step.get("id") == "python")
        [tested] = [step for step in COMPOSE["steps"] if step.get("run") == "make test-compose"]
        [image] = {*re.findall(r"^FROM python:(\d+\.\d+)-slim", DOCKERFILE, re.MULTILINE)}

        assert python["with"]["python-version"] == image
        assert tested["env"] == {"PYTHON": "${{ steps.python.outputs.python-path }}"}

    def test_makes_a_password_for_each_variable_that_has_no_default(self, tmp_path: Path) -> None:
        [make] = [run for run in self.runs() if "> .env" in run]
        asked = {*re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text())}

        subprocess.run(["bash", "-euc", make], cwd=tmp_path, check=True)

        lines = [line.split("=") for line in (tmp_path / ".env").read_text().splitlines()]
        assert {name for name, _ in lines} == asked
        assert all(re.fullmatch(r"[0-9a-f]{64}", value) for _, value in lines)
        assert len({value for _, value in lines}) == len(lines)

    def test_asks_the_application_where_compose_shows_it(self) -> None:
        services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
        [asked] = [run for run in self.runs() if run.startswith("curl --fail ")]

        assert services["app"]["ports"] == ["127.0.0.1:${APP_PORT:-8000}:8000"]
        assert asked.split()[-1] == "http://127.0.0.1:8000/"

    def test_says_what_went_wrong_and_leaves_nothing(self) -> None:
        when = {step["if"]: step["run"] for step in COMPOSE["steps"] if "if" in step}

        assert "docker compose logs" in when["failure()"]
        assert "docker compose down" in when["always()"]

    def test_is_never_claimed_to_have_run_here(self) -> None:
        text = (ROOT / "CONTRIBUTING.md").read_text()
        [state] = re.findall(r"^\| `compose` \| (.+) \|$", text, re.MULTILINE)

        assert state == "not run" or re.fullmatch(r"20\d\d-\d\d-\d\d", state)


class TestHooks:
    def test_fetch_nothing(self) -> None:
        assert [name for name in HOOKS if name.startswith("repo ")] == ["repo local"]
        assert {HOOKS["check"]["language"], HOOKS["subject"]["language"]} == {"system", "pygrep"}

    def test_call_targets_of_the_makefile(self) -> None:
        command = [*shlex.split(HOOKS["check"]["entry"]), "--dry-run"]
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

        assert [tool for tool in ("ruff format", "ruff check", "mypy") if tool in ran.stdout] == [
            "ruff format",
            "ruff check",
            "mypy",
        ]

    @pytest.mark.parametrize(("subject", "refused"), [("x" * 72, False), ("x" * 73, True)])
    def test_refuse_a_long_subject_and_no_long_body(self, subject: str, refused: bool) -> None:
        message = f"{subject}\n\n{'why ' * 30}\n"

        assert bool(re.search(HOOKS["subject"]["entry"], message)) == refused


def test_the_check_for_missing_migrations_asks_no_server() -> None:
    listed = subprocess.run(
        ["make", "--dry-run", "check"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    [line] = re.findall(
        r"^DATABASE_URL= \S+ (.*makemigrations.*)$", listed.stdout.replace("\\\n", ""), re.MULTILINE
    )
    command = [sys.executable, *shlex.split(line, comments=True)]

    # As errors: Django warns where it asked a server for the migrations it has, and got no answer.
    assert command[1:3] == ["-W", "error"]
    ran = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "DATABASE_URL": ""}, capture_output=True, text=True
    )

    assert (ran.returncode, ran.stderr) == (0, "")
