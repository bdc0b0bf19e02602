"""The documents are true: their blocks run, their links have targets, their tables are complete."""

import os
import re
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from django.conf import settings

from budgets.cascade import Claim
from budgets.models import Bucket, Budget, Movement
from tenants import errors, refusals
from tenants.context import acting_for
from tenants.models import Tenant
from tenants.postgres import connecting, forks
from tenants.postgres import errors as translated
from tenants.schema.fields import TenantForeignKey
from tests.command_line import owner_config, url_of
from tests.environments import Environment, core, extra, named
from tests.server import scratch_database
from tests.walkthrough.blocks import Block, blocks_of
from tests.walkthrough.interpreter import wrong_in
from tests.walkthrough.project import ROOT, Project, Wrong

GUIDE = ROOT / "docs" / "data-access.md"
OPERATIONS = ROOT / "docs" / "operations.md"
MONEY = ROOT / "docs" / "money.md"
README = ROOT / "README.md"
EXAMPLES = ROOT / "examples"
DOCUMENTS = [GUIDE, MONEY, OPERATIONS, README]
DOCUMENTS += sorted(EXAMPLES.glob("*/README.md"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SETTINGS = Path("project", "settings.py")
BASES = {errors.CodedError, errors.StoreError, errors.BadQuery, refusals.Refused}
"""Classes that are never raised themselves."""
FOR_THE_GUIDE = ("pip", "hatchling", "pytest-django", "django-zeal")
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as the value of "build isolation"
    "PIP_CONFIG_FILE": os.devnull,
}


@pytest.fixture
def project(django_db_setup, database: str, tmp_path: Path):
    """A folder outside of the checkout, an empty database and an environment.

    The environment has only the packages that the guide needs, hatchling included, so that pip
    needs no network.
    """
    environment = Environment(tmp_path / "venv", named(*core(), *extra("redis"), *FOR_THE_GUIDE))
    (tmp_path / "sluice").symlink_to(ROOT)
    folder = tmp_path / "project"
    folder.mkdir()
    with scratch_database(f"{database}_guide") as scratch:
        environ = {
            "DATABASE_URL": url_of(settings.DATABASES["default"], scratch),
            "OWNER_DATABASE_URL": url_of(owner_config(), scratch),
            **OFFLINE,
        }
        with Project(folder, "project.settings", environ, environment.python) as project:
            yield project


@pytest.mark.timeout(600)
def test_every_block_of_the_guide_is_run_and_true_with_the_package_installed(project):
    for block in blocks_of(GUIDE):
        project.run(block)

    site = project.folder.parent / "venv" / "lib"
    project.run(Block(0, "python", (), f"import tenants\nassert {str(site)!r} in tenants.__file__"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("app", ["forms", "shop"])
def test_every_block_of_an_examples_readme_is_true_in_the_guides_project(app, project):
    """The project has `tenants` and the example, but not `budgets`."""
    (project.folder / "examples").symlink_to(EXAMPLES)
    for block in islice(blocks_of(GUIDE), 1, 5):
        project.run(replace(block, text=block.text.replace('"notes"', f'"examples.{app}"')))
    assert f'["tenants", "examples.{app}", "django' in (project.folder / SETTINGS).read_text()

    for block in blocks_of(EXAMPLES / app / "README.md"):
        project.run(block)


@pytest.mark.parametrize("app", ["forms", "shop"])
def test_the_picture_of_an_example_has_its_models_and_their_foreign_keys(app):
    [picture] = [
        block for block in blocks_of(EXAMPLES / app / "README.md") if block.language == "mermaid"
    ]

    drawn = re.findall(r"(\w+) \|\|--o\{ (\w+) : (\w+)", picture.text)

    assert sorted(drawn) == sorted(
        (field.related_model.__name__, model.__name__, field.name)
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.local_fields
        if isinstance(field, TenantForeignKey)
    )


def test_every_python_block_of_the_readme_is_run(own_database, committed):
    with acting_for(Tenant.objects.create_tenant("tierney")):
        household = Budget.objects.create_budget("Household", "EUR")
        Bucket.objects.create_bucket(household, "Rent", filter=Claim(share=300_000))
    names: dict[str, object] = {}

    wrong = [
        wrong_in(block.text, f"README.md, line {block.line}", names)
        for block in blocks_of(README)
        if block.language == "python"
    ]

    assert wrong == [""]
    movement = names["movement"]
    assert isinstance(movement, Movement)
    assert (movement.amount, movement.key) == (2_500_00, "salary-2026-11")


def test_every_block_of_the_guide_to_money_is_run_and_true(own_database, committed):
    names: dict[str, object] = {}

    with acting_for(Tenant.objects.create_tenant("rivera")):
        wrong = [
            wrong_in(block.text, f"money.md, line {block.line}", names)
            for block in blocks_of(MONEY)
        ]

    assert [each for each in wrong if each] == []


DOCKER = """#!/bin/sh
echo "$@" >> docker.log
[ "$1 $2" = "compose exec" ] || [ "$1 $2" = "compose run" ] || exit 0
while [ "$1" != python ]; do shift; done
exec "$@"
"""
"""Runs the command of a container on this machine, and logs all calls."""


@pytest.fixture
def running(django_db_setup, database: str, tmp_path: Path):
    """A folder with `manage.py` and a fake `docker`, and a database without rows."""
    for name in ("manage.py", ".env.example"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text(DOCKER)
    (tmp_path / "bin" / "docker").chmod(0o755)
    with scratch_database(f"{database}_running", migrated=True) as scratch:
        environ = {
            "DATABASE_URL": url_of(settings.DATABASES["default"], scratch),
            "OWNER_DATABASE_URL": url_of(owner_config(), scratch),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
            "PATH": os.pathsep.join(
                [f"{tmp_path}/bin", str(Path(sys.executable).parent), os.environ["PATH"]]
            ),
        }
        with Project(tmp_path, "config.settings", environ) as project:
            yield project


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_block_of_the_running_guide_is_run_and_true(running):
    for block in blocks_of(OPERATIONS):
        running.run(block)

    calls = [line.split()[1:] for line in (running.folder / "docker.log").read_text().splitlines()]
    assert {words[0] for words in calls} == {"up", "ps", "logs", "exec", "run", "down"}
    for verb, *words in calls:
        before = words[: words.index("python")] if "python" in words else words
        service = [word for word in before if not word.startswith("-") and "=" not in word]
        assert len(service) == (verb in ("logs", "exec", "run")), (verb, words)
        assert set(service) <= COMPOSE["services"].keys()


def test_the_running_guide_says_of_each_service_where_it_is_and_what_it_keeps():
    rows = re.findall(
        r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", OPERATIONS.read_text(), re.M
    )

    services = {name: (where, keeps) for name, where, keeps in rows if name in COMPOSE["services"]}

    assert services.keys() == COMPOSE["services"].keys()
    for name, service in COMPOSE["services"].items():
        where, keeps = services[name]
        volumes = {mount.split(":")[0] for mount in service.get("volumes", [])}
        assert set(re.findall(r"`(\w+)`", keeps)) == volumes & COMPOSE["volumes"].keys()
        ports = [re.findall(r"(\w+):-(\d+)", port)[0] for port in service.get("ports", [])]
        assert where == (
            f"port {ports[0][1]} of this machine (`{ports[0][0]}`)" if ports else "inside only"
        )


def test_the_running_guide_gives_the_defaults_that_are():
    shown = dict(re.findall(r"^#(DB_POOL_\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.M))

    assert (
        dict(re.findall(r"^\| `(DB_POOL_\w+)` \| (\d+) \|", OPERATIONS.read_text(), re.M)) == shown
    )


class TestTheRunner:
    """It reports every kind of wrong block."""

    @pytest.fixture
    def empty(self, tmp_path: Path):
        with Project(tmp_path, "tests.walkthrough.nothing", {}) as project:
            yield project

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ((), "$ echo one\ntwo\n"),
            ((), "$ false\n"),
            ((), "$ false\n$ true\n"),
            (("exit=1",), "$ true\n"),
            ((), "echo one\n"),
            ((), "$ echo one\n"),
        ],
    )
    def test_tells_a_command_that_does_not_do_as_shown(self, empty, options, text):
        with pytest.raises(Wrong, match="line 7"):
            empty.run(Block(7, "console", options, text))

    def test_runs_commands_that_do_as_shown(self, empty):
        empty.run(Block(1, "console", (), "$ echo one\none\n$ echo two of two\ntwo ...\n"))
        empty.run(Block(1, "console", ("exit=3",), "$ exit 3\n"))

    @pytest.mark.parametrize("language", ["", "text", "js"])
    def test_tells_a_block_that_nothing_runs(self, empty, language):
        with pytest.raises(Wrong, match="nothing runs"):
            empty.run(Block(7, language, (), "anything\n"))

    def test_tells_a_picture_of_what_is_not_there(self, empty):
        empty.run(Block(1, "mermaid", (), "a --> run_for(tenant, work)\nb --> NoTenant\n"))
        for name in ("run_fast(work)", "NoTenants"):
            with pytest.raises(Wrong, match=name[:8]):
                empty.run(Block(1, "mermaid", (), f"a --> {name}\n"))

    def test_writes_files_and_continues_them(self, empty):
        empty.run(Block(1, "python", (), "# notes/a.py\nA = 1\n"))
        empty.run(Block(1, "python", (), "# notes/a.py, continued\nB = 2\n"))

        written = (empty.folder / "notes" / "a.py").read_text()
        assert written == "# notes/a.py\nA = 1\n\n\nB = 2\n"
        assert (empty.folder / "notes" / "__init__.py").is_file()
        for line in ("# notes/a.py", "# notes/b.py, continued"):
            with pytest.raises(Wrong, match="there already"):
                empty.run(Block(1, "python", (), f"{line}\n"))

    @pytest.mark.parametrize(
        ("source", "wrong"),
        [
            (">>> 1 + 1\n3\n", "Expected"),
            (">>> missing\n", "NameError"),
            ("raise ValueError('no')\n", "ValueError: no"),
            ("a b\n", "SyntaxError"),
            (">>> int('x')\nTraceback (most recent call last):\n...\nKeyError: 1\n", "ValueError"),
        ],
    )
    def test_tells_python_that_does_not_do_as_shown(self, source, wrong):
        assert wrong in wrong_in(source, "line 7", {})

    def test_blocks_share_their_names(self):
        names: dict[str, object] = {}

        assert wrong_in("one = 1\n", "line 1", names) == ""
        assert wrong_in(">>> one\n1\n", "line 2", names) == ""

    def test_a_fence_left_open_is_no_document(self, tmp_path):
        path = tmp_path / "a.md"
        path.write_text("text\n```python\n1\n")

        with pytest.raises(ValueError, match="line 2"):
            list(blocks_of(path))


# -- What is no block ------------------------------------------------------------------------------


def below(error: type[errors.CodedError]):
    yield error
    for each in error.__subclasses__():
        yield from below(each)


def test_the_guide_says_of_every_error_what_to_do():
    modules = {each.__name__ for each in (errors, refusals, connecting, forks, translated)}
    ours = [each for each in below(errors.CodedError) if each.__module__ in modules]
    rows = GUIDE.read_text().partition("| code | means | do |")[2].splitlines()

    listed = [code for row in rows for code in re.findall(r"`([a-z_]+)`", row.split(" | ")[0])]

    assert sorted(listed) == sorted(each.code for each in ours if each not in BASES)


def leads_somewhere(path: Path, link: str) -> bool:
    """Whether the target of a link exists, with its heading if the link has one."""
    file, _, heading = link.partition("#")
    to = path.parent / file if file else path
    if not heading or not to.exists():
        return to.exists()
    titles = re.findall(r"^#+ (.*)$", to.read_text(), re.M)
    return heading in [re.sub(r"[^\w\s-]", "", t.lower()).strip().replace(" ", "-") for t in titles]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text())

    assert links
    assert [link for link in links if not leads_somewhere(path, link)] == []
