"""Migrations are complete, and go both ways."""

import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db.migrations.migration import Migration
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from tenants.embedded.programs import wheel
from tenants.postgres.base import as_owner
from tests.command_line import manage, owner_config
from tests.factories import TenantFactory
from tests.rows import MODELS, Side
from tests.server import owner_dsn, scratch_database
from tests.tenants.schema import found, logged_in

ROOT = Path(__file__).parents[1]
LIST = ROOT / "tests" / "data" / "migrations.sha256"


@pytest.fixture
def scratch(database: str, committed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database, which owner's connections lead to."""
    with scratch_database(f"{database}_migrations") as name:
        assert settings.OWNER_DATABASE is not None
        monkeypatch.setitem(settings.OWNER_DATABASE, "NAME", name)
        yield name


def migrate(*where: str) -> None:
    with as_owner():
        call_command("migrate", *where, verbosity=0)


def to_zero() -> None:
    """Undo everything: all other apps stand on Django's content types, or by themselves."""
    migrate("contenttypes", "zero")


def dump(database: str, content: str = "--schema-only") -> str:
    """The schema with its owners, grants and policies."""
    command = [str(wheel() / "pg_dump"), content, "--restrict-key=x", owner_dsn(database)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def test_every_change_of_a_model_has_its_migration(committed):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.fixture
def states_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django renders each state to undo anew for each operation before it: half of the time."""
    mutate = Migration.mutate_state

    def without_apps(self: Migration, state: ProjectState, preserve: bool = True) -> ProjectState:
        apps = state.__dict__.pop("apps", None)
        after = mutate(self, state, preserve=preserve)
        if preserve and apps is not None:
            state.__dict__["apps"] = apps
        return after

    monkeypatch.setattr(Migration, "mutate_state", without_apps)


@pytest.mark.timeout(400)  # three times through all migrations; the template was the first
def test_zero_and_head_are_the_same_each_time_with_rows_or_without(
    scratch, monkeypatch, states_rendered_once
):
    with as_owner() as owner:
        MigrationRecorder(owner).ensure_schema()
    to_zero()
    empty = dump(scratch)
    with scratch_database(f"{scratch}_full", migrated=True) as full:
        monkeypatch.setitem(owner_config(), "NAME", full)
        head = dump(full)
        with logged_in(NAME=full):
            side, faults = Side.of(TenantFactory()), found()
            assert all(side.sees(model) for model in MODELS)
        to_zero()
        zero = dump(full)
        migrate()
        again = dump(full)
        to_zero()

        assert (zero, again, dump(full)) == (empty, head, empty)
    assert head.count("CREATE TABLE") > len(MODELS)
    assert empty.count("CREATE TABLE") == 1  # django_migrations
    assert faults == set()


def test_a_database_from_before_the_fold_is_refused_and_left_as_it_was(scratch):
    with as_owner() as owner:
        recorder = MigrationRecorder(owner)
        recorder.record_applied("tenants", "0001_initial")
        recorder.record_applied("admin", "0001_initial")
    before = dump(scratch, "--inserts")

    for words in ([], ["--fake"], ["tenants", "zero"]):
        manage("migrate", *words).assert_refused(
            "before_the_fold", "mv var/postgres", "operations.md"
        )
    manage("makemigrations", "--check").assert_refused("misconfigured", "admin.0001_initial")

    assert dump(scratch, "--inserts") == before


def test_migrations_are_only_added():
    """Databases have the listed ones as they are listed."""
    listed = {name: digest for digest, name in map(str.split, LIST.read_text().splitlines())}
    found = {
        str(path.relative_to(ROOT)): sha256(path.read_bytes()).hexdigest()
        for app in ("budgets", "tenants")
        for path in (ROOT / app / "migrations").glob("[0-9]*.py")
    }

    changed = [name for name, digest in listed.items() if found.get(name) != digest]
    assert not changed, f"put back {changed}, and write a migration that follows"
    added = sorted(found.keys() - listed.keys())
    assert not added, f"list them: sha256sum {' '.join(added)} >> {LIST.relative_to(ROOT)}"
