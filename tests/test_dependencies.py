"""docs/dependencies.md: a line for each dependency, and a licence that a BSD project may use."""

import re
from email.message import Message
from importlib.metadata import PackageMetadata, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.environments import ROOT, core, dev, extra, locked, named

MAY_BE_USED = {
    *("Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "MIT", "PSF-2.0"),
    *("LGPL-3.0-only", "MPL-2.0"),  # they bind changes to the package, not its users
}
"""The licences of what a BSD project may import at run time."""

SAID = {"BSD License": "BSD", "MIT License": "MIT", "Apache Software License": "Apache-2.0"}
"""How packages say it that state no SPDX expression."""


def licence_of(stated: PackageMetadata | Message) -> str:
    """The licence that the metadata of a package states; '' when it states none.

    An SPDX expression comes first, then the classifiers, then the field that was free text.
    """
    if expression := stated.get("License-Expression"):
        return str(expression)
    classified = [
        str(text).rpartition(" :: ")[2]
        for text in stated.get_all("Classifier", [])
        if text.startswith("License :: OSI Approved")
    ]
    text = str(stated.get("License", ""))
    if "Permission is hereby granted, free of charge" in text:
        text = "MIT License"
    return " AND ".join(SAID.get(said, said) for said in classified or [text])


def rows() -> dict[str, list[list[str]]]:
    """The rows of each table as cells, by the heading; the first cell is the package."""
    found: dict[str, list[list[str]]] = {}
    for line in (ROOT / "docs" / "dependencies.md").read_text().splitlines():
        if line.startswith("## ") or line == "Their own dependencies:":
            table = found[line.strip("#: ")] = []
        elif re.match(r"\| (?!package )", line):
            name, *rest = (cell.strip() for cell in line.strip("|").split("|"))
            table.append([canonicalize_name(name), *rest])
    return found


def names(*requirements: str) -> list[str]:
    return sorted(canonicalize_name(Requirement(text).name) for text in requirements)


def run_time() -> list[str]:
    """The packages of the image's lock file and of the embedded server."""
    embedded = [package.name for package in named(*extra("embedded"))]
    return sorted({canonicalize_name(name) for name in [*locked("requirements.lock"), *embedded]})


DIRECT, BROUGHT, DEVELOPMENT = rows().values()


def test_every_run_time_dependency_has_a_line_with_its_extra():
    asked = dict.fromkeys(names(*core()), "")
    for name in ("embedded", "redis", "server", "tasks"):
        asked |= dict.fromkeys(names(*extra(name)), name)

    assert {name: extra for name, extra, *_ in DIRECT} == asked


def test_every_development_dependency_has_a_line():
    assert sorted(name for name, *_ in DEVELOPMENT) == names(*dev())


def test_every_package_that_is_locked_for_run_time_has_a_line():
    assert sorted(name for name, *_ in DIRECT + BROUGHT) == run_time()


def test_every_line_says_what_for_and_why():
    assert [cells[0] for cells in DIRECT if not all(cells[2:])] == []
    assert [cells[0] for cells in BROUGHT + DEVELOPMENT if not all(cells)] == []


@pytest.mark.parametrize("cells", DIRECT + BROUGHT + DEVELOPMENT, ids=lambda cells: cells[0])
def test_the_licence_in_the_table_is_the_one_that_the_package_states(cells):
    name, *_, said = cells

    assert licence_of(distribution(name).metadata) == said


@pytest.mark.parametrize("name", run_time())
def test_a_bsd_project_may_depend_on_what_it_needs_at_run_time(name):
    assert licence_of(distribution(name).metadata) in MAY_BE_USED


@pytest.mark.parametrize(
    ("stated", "licence"),
    [
        ([("License-Expression", "GPL-3.0-only"), ("License", "MIT")], "GPL-3.0-only"),
        ([("License", "GNU General Public License v3")], "GNU General Public License v3"),
        (
            [("Classifier", "License :: OSI Approved :: GNU Affero General Public License v3")],
            "GNU Affero General Public License v3",
        ),
        (
            [
                ("License", "MIT"),
                ("Classifier", "License :: OSI Approved :: MIT License"),
                ("Classifier", "License :: OSI Approved :: GNU General Public License (GPL)"),
            ],
            "MIT AND GNU General Public License (GPL)",
        ),
        ([], ""),
    ],
)
def test_a_package_is_refused_that_states_the_gpl_or_no_licence(stated, licence):
    metadata = Message()
    for field, value in stated:
        metadata[field] = value

    assert licence_of(metadata) == licence
    assert licence not in MAY_BE_USED
