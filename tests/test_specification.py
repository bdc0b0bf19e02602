"""docs/specification.md answers every item, counts its answers, and names only what is there."""

import ast
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.db import models

from tests.test_compose import documented
from tests.test_docs import leads_somewhere

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "specification.md"
ITEMS = {1: 42, 2: 56, 3: 51, 4: 45, 5: 65, 6: 10}
"""How many items each document has."""

STATES = ("holds", "partly", "missing", "otherwise", "not ours")
STATE = re.compile(rf"({'|'.join(STATES)})(?:, was ({'|'.join(STATES)}))?")
CODE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
DECISION = re.compile(r"\[decision (\d+)\]\((\S+)\)")
README = (ROOT / "README.md").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


class Row(NamedTuple):
    """An item of a document, and what the page answers."""

    document: int
    number: int
    item: str
    state: str
    where: str

    @property
    def now(self) -> str:
        return self.state.partition(", was ")[0]

    @property
    def before(self) -> str:
        return self.state.rpartition(", was ")[2]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def rows(text: str) -> Iterator[Row]:
    """Every item that the page answers, in its order."""
    document = 0
    for line in text.splitlines():
        if heading := re.match(r"## (?:(\d)\. )?", line):
            document = int(heading[1] or 0)
        elif document and re.match(r"\| \d", line):
            number, item, state, where = cells(line)
            yield Row(document, int(number), item, state, where)


# -- What an answer may name -----------------------------------------------------------------------


def is_there(name: str) -> bool:
    """Whether the project has what an inline code names; its form says of which kind it is."""
    match name.split():
        case ["manage.py", command, *words]:
            return takes(command, *words)
        case ["make", *targets]:
            return TARGETS.issuperset(targets)
    path, *inner = name.split("::")
    if inner:
        return (ROOT / path).is_file() and tuple(inner) in defined(path)
    return (
        (ROOT / name).exists()
        or name in documented()
        or name in in_the_schema()
        or can_be_imported(name)
    )


def takes(command: str, *words: str) -> bool:
    """Whether there is the command, with those options, verbs and choices."""
    if command not in get_commands():
        return False
    loaded = load_command_class(get_commands()[command], command)
    parser = loaded.create_parser("manage.py", command)
    for word in words:
        choices = [action.choices for action in parser._actions if action.choices]
        named = next((each for each in choices if word in each), {})
        if word not in named and word not in parser._option_string_actions:
            return False
        parser = named[word] if isinstance(named, dict) and named else parser
    return True


@cache
def defined(path: str) -> set[tuple[str, ...]]:
    """The classes and functions of a file, each with the class it is in."""
    kinds = (ast.ClassDef, ast.FunctionDef)
    top = [node for node in ast.parse((ROOT / path).read_text()).body if isinstance(node, kinds)]
    within = {
        (node.name, each.name) for node in top for each in node.body if isinstance(each, kinds)
    }
    return within | {(node.name,) for node in top}


@cache
def in_the_schema() -> set[str]:
    """The names of tables, of columns (`table.column`), constraints and indexes."""
    names: set[str] = set()
    for meta in (model._meta for model in apps.get_models()):
        names |= {
            meta.db_table,
            *(f"{meta.db_table}.{field.column}" for field in meta.local_fields),
        }
        names |= {str(rule.name) for rule in (*meta.constraints, *meta.indexes)}
    return names


def can_be_imported(name: str) -> bool:
    """Whether it is a dotted name of Python."""
    if not re.fullmatch(r"\w+(\.\w+)+", name):
        return False
    try:
        return pkgutil.resolve_name(name) is not None
    except (ImportError, AttributeError):
        return False


# -- What can be wrong -----------------------------------------------------------------------------


def names_nothing(text: str) -> list[str]:
    """References that lead nowhere, and inline codes in a last column that name nothing."""
    last = [cells(line)[-1] for line in text.splitlines() if line.startswith("| ")]
    return [
        *(code for cell in last for code in CODE.findall(cell) if not is_there(code)),
        *(link for link in LINK.findall(text) if not leads_somewhere(PAGE, link)),
        *(
            f"decision {number}"
            for number, link in DECISION.findall(text)
            if f"decisions/{number:0>4}-" not in link
        ),
    ]


def unanswered(text: str) -> list[str]:
    """Items without an answer, or with one that lacks what its state asks for."""
    found = {(row.document, row.number): row for row in rows(text)}
    asked = [(document, n) for document, many in ITEMS.items() for n in range(1, many + 1)]
    return [
        f"{document}.{n}"
        for document, n in sorted({*asked, *found})
        if (document, n) not in asked or not shows(found.get((document, n)))
    ]


def shows(row: Row | None) -> bool:
    """What holds names where; what is otherwise leads to a decision; all else has its words."""
    if not row or not STATE.fullmatch(row.state) or not (row.item and row.where):
        return False
    asks = {"holds": f"{CODE.pattern}|{LINK.pattern}", "otherwise": DECISION.pattern}
    return bool(re.search(asks.get(row.now, ""), row.where))


def said(text: str) -> list[list[str]]:
    """The sums, as the page says them."""
    return [cells(line) for line in re.findall(r"^\| (?:\[\d|all).*$", text, re.MULTILINE)]


def counted(text: str) -> list[list[str]]:
    """The sums, as they are."""
    found = list(rows(text))
    parts = [
        (title, [row.now for row in found if row.document == int(title[0])])
        for title in re.findall(r"^## (\d\. .+)$", text, re.MULTILINE)
    ]
    anchors = (re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title, _ in parts)
    return [
        [title, str(len(states)), *(str(Counter(states)[state]) for state in STATES)]
        for title, states in [
            *(
                (f"[{title}](#{anchor})", states)
                for (title, states), anchor in zip(parts, anchors, strict=True)
            ),
            ("all", [row.now for row in found]),
            ("all, when first compared", [row.before for row in found]),
        ]
    ]


def test_every_item_is_answered():
    assert unanswered(PAGE.read_text()) == []


def test_what_an_answer_names_is_there():
    assert names_nothing(PAGE.read_text()) == []


def test_the_sums_are_those_of_the_answers():
    text = PAGE.read_text()
    sums = counted(text)

    assert said(text) == sums, "\n".join(f"| {' | '.join(line)} |" for line in sums)


def test_the_decision_on_keys_names_every_table_whose_key_is_no_uuid():
    page = (ROOT / "docs" / "decisions" / "0022-keys.md").read_text()
    keyed_otherwise = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if not isinstance(model._meta.pk, models.UUIDField)
    }

    assert {"tenants_tenantslug"} <= keyed_otherwise
    assert {table for table in keyed_otherwise if f"`{table}`" not in page} == set()


def test_no_answer_waits_for_its_name():
    assert re.findall(r"\| (\d+) \|.*TODO", PAGE.read_text()) == []


@pytest.mark.parametrize(
    "name",
    [
        *("tests/test_nothing.py", "tests/test_compose.py::TestNothing", "tests/nowhere.py::test"),
        "tests/test_compose.py::TestServices::test_nothing",
        *("manage.py nothing", "manage.py seed nothing", "manage.py audit --nothing"),
        *("manage.py budget nothing", "manage.py budget create --nothing"),
        *("make nothing", "make test nothing", "DB_POOL_NOTHING", "nothing"),
        *("tenants_nothing", "tenants_user.nothing", "tenants_user_nothing_once"),
        *("budgets.cascade.nothing", "budgets.nothing.cascade"),
    ],
)
def test_what_is_not_there_is_told(name):
    assert names_nothing(f"| 1 | item | holds | `{name}` |") == [name]


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        (("| 2 | schema files", "| 3 | schema files"), "1.2"),
        (("| 17 | test containers | otherwise |", "| 17 | test containers | done |"), "1.17"),
        (("| 2 | schema files for all entities | holds |", "| 2 | | holds |"), "1.2"),
        (("| otherwise | [decision 21]", "| otherwise | [decision  21]"), "1.16"),
        (("| holds | psycopg: [dependencies.md](dependencies.md) |", "| holds | yes |"), "3.7"),
        (("| 10 | tasks import", "| 11 | tasks import"), "6.11"),
    ],
)
def test_an_answer_that_is_none_is_told(mistake, told):
    text = PAGE.read_text().replace(*mistake)

    assert told in unanswered(text)


def test_a_link_and_a_decision_that_are_not_there_are_told():
    text = "[decision 99](decisions/0021-callers-import-models.md) [schema](schema.md#nothing)"

    assert names_nothing(text) == ["schema.md#nothing", "decision 99"]


def test_another_answer_makes_another_sum():
    text = PAGE.read_text().replace("| missing | planned |", "| holds | `tests` |")

    assert said(text) != counted(text)
