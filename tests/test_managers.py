"""Managers and querysets: mypy sees what they have, and Django's own names stay Django's."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.db.models.manager import BaseManager

from budgets.interfaces import daos, rows
from budgets.models import Budget
from budgets.testing.rows import BucketsOf, EntriesOf
from budgets.testing.verbs import MemoryDAO
from tenants import interfaces
from tenants.testing import memory as in_memory
from tenants.testing.rows import MemoryRows

OURS = ("budgets.", "examples.", "tenants.")


def ours(*classes: type) -> Iterator[type]:
    """The classes that inherit from these, and all that those inherit; as far as it is ours."""
    for cls in classes:
        yield from (base for base in cls.__mro__ if base.__module__.startswith(OURS))
        yield from ours(*cls.__subclasses__())


QUERYSETS, MANAGERS = set(ours(models.QuerySet)), set(ours(BaseManager))
MODELS = [model for model in apps.get_models() if model.__module__.startswith(OURS)]

# -- mypy sees them --------------------------------------------------------------------------------

MISSPELLED = Path("tests/data/misspelled.py")
UNKNOWN = "nothing_is_called_so"


def lines_that_ask() -> Iterator[str]:
    """A module that asks every manager, queryset and relation of ours for what it has not."""
    yield f"import {', '.join(sorted({model.__module__ for model in MODELS}))}"
    for model in MODELS:
        name = f"{model.__module__}.{model.__qualname__}"
        for manager in model._meta.managers:
            yield f"{name}.{manager.name}.{UNKNOWN}"
            yield f"{name}.{manager.name}.all().{UNKNOWN}"
        row = f"{model.__name__}_row"
        yield f"{row}: {name}"
        for field in model._meta.get_fields():
            if isinstance(field.related_model, type) and field.related_model in MODELS:
                back = field.get_accessor_name() if isinstance(field, ForeignObjectRel) else None
                yield f"{row}.{back or field.name}.{UNKNOWN}"


@pytest.fixture(scope="module")
def asking(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("types") / "asking.py"
    path.write_text("\n".join(lines_that_ask()))
    return path


@pytest.fixture(scope="module")
def reported(asking) -> dict[str, set[tuple[int, str]]]:
    """What mypy says of files, with the settings and the cache of `make check`: one run for all."""
    mypy = [sys.executable, "-m", "mypy", "--no-pretty", "--no-error-summary"]
    answer = subprocess.run(
        [*mypy, MISSPELLED, asking], capture_output=True, text=True, check=False
    )
    assert answer.stderr == ""
    found: dict[str, set[tuple[int, str]]] = {}
    for path, line, code in re.findall(r"(?m)^(.+?):(\d+): error: .*\[(.+)\]$", answer.stdout):
        found.setdefault(Path(path).name, set()).add((int(line), code))
    return found


def test_mypy_reports_what_is_misspelled_and_nothing_else(reported):
    marks = re.compile(r"  # ([a-z-]+)$")
    lines = enumerate(MISSPELLED.read_text().splitlines(), start=1)
    marked = {(number, mark[1]) for number, line in lines if (mark := marks.search(line))}

    assert len(marked) > 20
    assert reported[MISSPELLED.name] == marked


def test_mypy_sees_through_every_manager_queryset_and_relation(asking, reported):
    lines = asking.read_text().splitlines()
    unknown = {number for number, line in enumerate(lines, start=1) if UNKNOWN in line}

    unseen = unknown - {number for number, _ in reported[asking.name]}

    assert len(unknown) > 80
    assert [lines[number - 1] for number in sorted(unseen)] == []
    assert reported.keys() == {MISSPELLED.name, asking.name}


# -- Django's names --------------------------------------------------------------------------------

DJANGOS = {
    name
    for name in {*dir(models.Manager()), *dir(models.QuerySet(Budget))}
    if not name.startswith("__")
}
EXTENDED = {
    *("all", "bulk_create", "bulk_update", "delete"),
    *("get", "get_queryset", "in_bulk", "order_by", "update"),
}
"""Names of Django's that ours have too, for what Django has them for."""


def hidden_by(cls: type) -> set[str]:
    """Which names of Django's a class takes for something else."""
    return DJANGOS.intersection(vars(cls)) - EXTENDED


def test_no_verb_or_filter_has_a_name_of_djangos():
    memory = {*MemoryDAO.__subclasses__(), BucketsOf, EntriesOf}
    protocols = {daos.Budgets, daos.Buckets, daos.Movements, daos.Entries}
    protocols |= {rows.BucketsOf, rows.EntriesOf}
    memory |= {MemoryRows, in_memory.MemoryUsers, in_memory.MemoryTenants}
    memory |= {in_memory.MemoryMemberships, in_memory.MemoryInvitations}
    protocols |= {
        interfaces.Users,
        interfaces.Tenants,
        interfaces.Memberships,
        interfaces.Invitations,
    }
    looked_at = QUERYSETS | MANAGERS | memory | protocols

    assert {cls.__name__: names for cls in looked_at if (names := hidden_by(cls))} == {}
    assert (len(QUERYSETS) > 15, len(MANAGERS) > 25, len(memory)) == (True, True, 14)


def test_one_that_has_would_be_found():
    hiding = type("Hiding", (models.Manager,), {"reverse": print, "_db": None, "deposit": print})

    assert hidden_by(hiding) == {"reverse", "_db"}
