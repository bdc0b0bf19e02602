"""Falsification of the ledger by SQL: each column changed, each kind of row deleted.

docs/audit.md has the tables of the results. To write them again:
`FALSIFICATION=write .venv/bin/python -m pytest -n 0 tests/budgets/test_falsification.py`.
"""

import os
import re
from collections import defaultdict
from typing import Any

import pytest

from budgets.jobs import audit
from tenants.context import acting_for
from tenants.models import Tenant
from tests.budgets.falsification import (
    DELETED,
    MODELS,
    RECORDED,
    REFUSED,
    ROLES,
    SILENT,
    Attempt,
    attempts,
    build,
    result,
    role,
)
from tests.budgets.falsification_reasons import REASONS, Reason
from tests.command_line import ROOT
from tests.factories import TenantFactory

DOCUMENT = ROOT / "docs" / "audit.md"
WRITES = os.environ.get("FALSIFICATION") == "write"
EVERY = 4 if os.environ.get("CI") and not WRITES else 1
"""CI makes one attempt in so many, on each column at least one."""

type Results = dict[str, dict[str, list[set[str]]]]
"""Of each column, by role, the results of its attempts."""

embedded = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="needs a superuser, which the tests' own server has"
)


# -- The document -----------------------------------------------------------------------------


def cell(results: list[set[str]]) -> str:
    """The different results of the attempts on a column."""
    codes = sorted(set().union(*results) - {REFUSED, RECORDED, SILENT})
    words = [word for word in (REFUSED, RECORDED, SILENT) if {word} in results]
    return "; ".join([*words[:1], *codes, *words[1:]] if REFUSED in words else [*codes, *words])


def section(model: Any, found: Results) -> str:
    """The table of a model."""
    rows = [
        f"| {column if column == DELETED else f'`{column}`'} | "
        + " | ".join(cell(by_role[name]) for name in ROLES)
        + " |"
        for column, by_role in found.items()
    ]
    head = [f"### `{model._meta.db_table}`", "", f"| column | {' | '.join(ROLES)} |"]
    return "\n".join([*head, "|---|---|---|---|", *rows, ""])


def silent_section(reasons: list[Reason]) -> str:
    """The columns whose change can stay silent, by reason."""
    listed = [
        f"- {reason.text}\n  Columns: {', '.join(f'`{name}`' for name in sorted(reason.columns))}."
        for reason in reasons
    ]
    return "\n".join(["## What stays silent", "", *listed, ""])


def section_of(text: str, title: str) -> str:
    """A section of the document with its heading."""
    [found] = re.findall(rf"^{re.escape(title)}$.*?(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    return f"{found.rstrip()}\n"


def results_of(section: str) -> set[tuple[str, int, str]]:
    """Each result in a table, as its column, the number of the role and a word of the cell."""
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if "|" in line]
    return {
        (column, n, word)
        for column, *cells in rows
        for n, cell in enumerate(cells)
        for word in cell.split("; ")
    }


def require_section(title: str, expected: str) -> None:
    """Compare a section of the document; write it if that is wanted."""
    text = DOCUMENT.read_text()
    written = section_of(text, title)
    if WRITES:
        DOCUMENT.write_text(text.replace(written, expected))
        return
    assert written == expected, "write docs/audit.md again, see the docstring of this test"


# -- The tests --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tenants(django_db_setup, django_db_blocker, tmp_path_factory) -> tuple[Tenant, Tenant]:
    """The tenant of the ledger, and another one."""
    with django_db_blocker.unblock():
        return build(tmp_path_factory.mktemp("files")), TenantFactory()


def results(model: Any, tenants: tuple[Tenant, Tenant], patch: pytest.MonkeyPatch) -> Results:
    found: Results = defaultdict(lambda: defaultdict(list))
    tenant, other = tenants
    with acting_for(tenant):
        planned = sample(attempts(model, other.pk))
    for name in ROLES:
        with patch.context() as patched, role(name, tenant, patched):
            for each in planned:
                found[each.column][name].append(result(each, tenant, triggers=name != ROLES[-1]))
    return found


def sample(planned: list[Attempt]) -> list[Attempt]:
    """The first attempt on each column, and of the others one in EVERY."""
    firsts = {each.column: each for each in reversed(planned)}
    return [each for n, each in enumerate(planned) if n % EVERY == 0 or firsts[each.column] is each]


def listed(model: Any) -> set[str]:
    """The columns of a model that REASONS lists."""
    names = [name.split(".") for reason in REASONS for name in reason.columns]
    return {column for table, column in names if table == model._meta.db_table}


@embedded
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_column_is_refused_or_named_or_listed(committed, tenants, model, monkeypatch):
    found = results(model, tenants, monkeypatch)

    silent = {
        column
        for column, by_role in found.items()
        if any({SILENT} in results for results in by_role.values())
    }
    title, table = f"### `{model._meta.db_table}`", section(model, found)
    assert silent <= listed(model)
    if EVERY > 1:
        assert results_of(table) - results_of(section_of(DOCUMENT.read_text(), title)) == set()
    else:
        assert silent == listed(model)
        require_section(title, table)


@embedded
def test_the_ledger_as_it_was_built_has_no_break(committed, tenants):
    assert [*map(str, audit.breaks_of(tenants[0]))] == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_document_has_every_column(model):
    rows = section_of(DOCUMENT.read_text(), f"### `{model._meta.db_table}`").splitlines()

    columns = [row.split(" | ")[0].strip("| `") for row in rows if row.startswith("| ")][1:]
    assert columns == [DELETED, *(field.column for field in model._meta.local_concrete_fields)]


def test_the_document_has_every_reason():
    require_section("## What stays silent", silent_section(REASONS))


def test_a_column_has_one_reason():
    names = [name for reason in REASONS for name in reason.columns]

    assert sorted(names) == sorted(set(names))


def test_a_result_that_the_document_lacks_is_found():
    found = {"memo": {name: [{"I1"}] for name in ROLES}}
    other = {"memo": {**found["memo"], "owner": [{SILENT}]}}

    assert results_of(section(MODELS[0], found)) - results_of(section(MODELS[0], found)) == set()
    missing = results_of(section(MODELS[0], other)) - results_of(section(MODELS[0], found))
    assert missing == {("`memo`", 1, SILENT)}


def test_a_table_differs_when_a_result_does():
    named = {"memo": {name: [{"I1"}, {REFUSED}] for name in ROLES}}
    silent = {"memo": {name: [{SILENT}, {REFUSED}] for name in ROLES}}

    assert "| `memo` | refused; I1 | refused; I1 | refused; I1 |" in section(MODELS[0], named)
    assert "| refused; silent |" in section(MODELS[0], silent)
