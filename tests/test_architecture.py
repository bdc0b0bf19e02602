"""The shape of the code, read from the code: arrows, sizes, and who may become inspector."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

import pytest
from django.db.models import QuerySet

ROOT = Path(__file__).parent.parent
APPS = ("budgets", "config", "examples", "tenants")
CODE = [
    path.relative_to(ROOT)
    for app in APPS
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]

# What the modules under a name may import of ours: the first name that fits counts.
ARROWS = {
    "budgets.cascade": ("budgets.cascade",),
    "budgets": ("budgets", "tenants"),
    "tenants.errors": (),
    "tenants.postgres": ("tenants.postgres", "tenants.embedded", "tenants.errors"),
    "tenants": ("tenants",),
    "examples.forms": ("examples.forms", "tenants"),
    "examples.shop": ("examples.shop", "tenants"),
    "examples": (),
    "config": ("config", "tenants"),
}

# The rooms of an app, a folder or a module each, and the rooms of the same app that each imports.
# What is imported for types alone does not count: so managers name the models that have them.
ROOMS = {
    "tenants": {
        "errors": "",
        "refusals": "errors",
        "embedded": "errors",
        "postgres": "embedded errors",
        "context": "errors postgres refusals",
        "schema": "context errors postgres refusals",
        "locales": "",
        "access": "context errors locales postgres refusals schema",
        "listing": "context errors postgres schema",
        "managers": "access context errors listing postgres refusals schema",
        "models": "access context errors listing managers postgres refusals schema",
        "local": "context errors locales",
        "sessions": "managers models",
        "signals": "models sessions",
        "middleware": "context sessions",
        "backends": "models sessions",
        "views": "access context errors models refusals",
        "purging": "context errors models",
        "tasks": "context models purging",
        "checks": "context errors listing managers models postgres schema",
        "apps": "checks postgres signals",
        "admin": "context errors models postgres schema",
        "management": (
            "access checks context embedded errors models postgres purging refusals schema tasks"
        ),
        "interfaces": "",
        "testing": "access context embedded errors managers models postgres",
    },
    "budgets": {
        "errors": "",
        "keywords": "errors",
        "roles": "keywords",
        "cascade": "",
        "money": "cascade errors",
        "recurrence": "errors",
        "statements": "cascade errors money",
        "managers": "cascade errors keywords money recurrence roles statements",
        "models": "cascade managers statements",
        "interfaces": "cascade errors managers recurrence statements",
        "testing": "cascade errors interfaces managers statements",
        "jobs": "errors managers models statements",
        "admin": "models money",
        "management": "cascade errors jobs managers models money samples statements",
        "apps": "jobs managers money",
        "samples": "",
    },
}
FOR_TESTS = ("budgets.testing", "tenants.testing", "tests")

each_module = pytest.mark.parametrize("path", CODE, ids=str)


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def under(name: str, *tops: str) -> bool:
    """Whether a dotted name is one of those, or in it."""
    return any(name == top or name.startswith(f"{top}.") for top in tops)


def imports(node: ast.AST, path: Path) -> Iterator[str]:
    """Everything that is imported in a node, by its whole name."""
    for each in ast.walk(node):
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        elif isinstance(each, ast.ImportFrom):
            package = list(path.parts[: len(path.parts) - each.level]) if each.level else []
            start = ".".join([*package, *filter(None, [each.module])])
            yield from (f"{start}.{alias.name}" for alias in each.names)


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a module with its length in lines."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{path}:{node.name}", node.end_lineno - node.lineno + 1


@each_module
def test_arrows_point_down(path):
    [allowed, *_] = (ARROWS[name] for name in ARROWS if under(module(path), name))
    ours = {name for name in imports(tree(path), path) if under(name, *APPS)}

    assert {name for name in ours if not under(name, *allowed)} == set()


def at_run_time(whole: ast.Module) -> ast.Module:
    """Without what is imported for types alone."""
    whole.body = [node for node in whole.body if "TYPE_CHECKING" not in ast.unparse(node)]
    return whole


def room_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


@pytest.mark.parametrize("app", ROOMS)
def test_the_arrows_between_rooms_are_these(app):
    found: dict[str, set[str]] = {}
    for path in CODE:
        if path.parts[0] == app and (room := room_of(module(path))):
            names = imports(at_run_time(tree(path)), path)
            seen = {room_of(name) for name in names if under(name, app)}
            found.setdefault(room, set()).update(seen - {room, ""})

    assert found == {room: set(others.split()) for room, others in ROOMS[app].items()}


@pytest.mark.parametrize("app", ROOMS)
def test_rooms_form_no_circle(app):
    graph = {room: others.split() for room, others in ROOMS[app].items()}

    assert len([*TopologicalSorter(graph).static_order()]) == len(graph)


@pytest.mark.parametrize("path", [path for path in CODE if path.parts[0] == "examples"], ids=str)
def test_an_example_needs_django_and_tenants_alone(path):
    roots = {name.split(".")[0] for name in imports(tree(path), path)}

    assert roots - sys.stdlib_module_names <= {"django", "examples", "tenants"}


def test_the_cascade_knows_only_the_standard_library():
    path = Path("budgets/cascade/__init__.py")

    roots = {name.split(".")[0] for name in imports(tree(path), path)}

    assert roots <= sys.stdlib_module_names


@pytest.mark.parametrize(
    "path",
    [path for path in CODE if not under(module(path), *FOR_TESTS)],
    ids=str,
)
def test_nothing_in_production_imports_what_is_for_tests(path):
    names = imports(tree(path), path)

    assert [name for name in names if under(name, *FOR_TESTS)] == []


@pytest.mark.parametrize("path", [path for path in CODE if "managers" in str(path)], ids=str)
def test_managers_import_models_for_their_types_alone(path):
    whole = at_run_time(tree(path))

    names = {name for name in imports(whole, path) if "models" in name.split(".")}

    assert {name for name in names if under(name, *APPS)} == set()


@each_module
def test_a_module_has_at_most_300_lines(path):
    assert len((ROOT / path).read_text().splitlines()) <= 300


@each_module
def test_a_function_has_at_most_40_lines(path):
    assert {name: line_count for name, line_count in functions(path) if line_count > 40} == {}


def test_the_median_function_has_at_most_10_lines():
    assert median(line_count for path in CODE for _, line_count in functions(path)) <= 10


def test_only_inspecting_becomes_inspector():
    """In code that is run: not in comments and docstrings, which may speak of it."""
    change = re.compile(r"\bset\s+(local\s+|session\s+)?role\b|set_config\W+role\b", re.I)

    found = [
        (str(path.relative_to(ROOT)), text)
        for path in sorted(ROOT.rglob("*"))
        if path.suffix in {".py", ".sql", ".sh"} and path.relative_to(ROOT).parts[0] not in OUTSIDE
        for text in said(path)
        if change.search(text)
    ]

    assert found == [("tenants/postgres/block.py", "SET LOCAL ROLE inspector")]


OUTSIDE = {"tests", "var", ".venv", ".git"}


def said(path: Path) -> Iterator[str]:
    """The texts in a program that are not about it."""
    if path.suffix != ".py":
        yield from re.sub(r"(--|#).*", "", path.read_text()).splitlines()
        return
    nodes = list(ast.walk(ast.parse(path.read_text())))
    about = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in about:
            yield node.value


# -- Database work stays in the data-access layer --------------------------------------------------

QUERYSET = {name for name in dir(QuerySet) if not name.startswith("_")}
LOOKS = {"count", "exists", "first", "iterator", "model"}
"""What anybody may ask of the rows a named method returns."""
COMMON_WORDS = LOOKS | {
    "all", "contains", "create", "dates", "db", "delete", "difference", "earliest", "explain",
    "get", "intersection", "last", "latest", "none", "ordered", "query", "reverse", "union",
    "update", "using", "values",
}  # fmt: skip
"""Of these, dicts, strings and our own managers have methods too: told by `.objects` alone."""


WHOLE = {Path("tenants/postgres"), Path("tenants/listing")}
"""Folders that are of the data layer altogether; `managers` are so everywhere."""


def in_data_layer(path: Path) -> bool:
    """Whether a module defines managers or querysets, helps those, or is of the engine."""
    if "managers" in path.parts or WHOLE.intersection(path.parents):
        return True
    classes = [node.name for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]
    return any(name.endswith(("Manager", "QuerySet")) for name in classes)


def in_admin(path: Path) -> bool:
    """Whether Django's admin hands the module querysets, to narrow as it was asked to."""
    handed = {Path("tenants/admin/changelists.py"), Path("tenants/admin/inspection.py")}
    return path in handed or "admin" in (path.stem, *path.parts)


def of_manager(node: ast.AST) -> bool:
    """Whether an expression is a model's manager, or a chain of calls that starts from one."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "all_objects"}:
            return True
        node = node.func if isinstance(node, ast.Call) else node.value
    return False


def database_work(source: ast.AST, *, admin: bool = False) -> Iterator[str]:
    """What a module does that a manager or a queryset should: each as it is written.

    Names have no types here: a queryset is told by `.objects` at its beginning, or else by a call
    of a method that only querysets have; in the admin by the first alone.
    """
    called = {id(node.func) for node in ast.walk(source) if isinstance(node, ast.Call)}
    for node in ast.walk(source):
        if not isinstance(node, ast.Attribute):
            continue
        if of_manager(node.value):
            found = node.attr in QUERYSET - LOOKS
        elif id(node) in called:
            found = node.attr == "cursor" or (node.attr in QUERYSET - COMMON_WORDS and not admin)
        else:
            found = node.attr in {"_base_manager", "_default_manager"}
        if found:
            yield ast.unparse(node)


@pytest.mark.parametrize(
    "path",
    [path for path in CODE if not in_data_layer(path) and "testing" not in module(path).split(".")],
    ids=str,
)
def test_database_work_stays_in_managers_and_querysets(path):
    assert [*database_work(tree(path), admin=in_admin(path))] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("Budget.objects.filter(name=name)", ["Budget.objects.filter"]),
        ("list(map(Budget.objects.get, ids))", ["Budget.objects.get"]),
        ("type(row).objects.all()[0]", ["type(row).objects.all"]),
        ("Trash.all_objects.update(x=1)", ["Trash.all_objects.update"]),
        ("Budget.objects.open().values('id')", ["Budget.objects.open().values"]),
        ("Budget.objects.open().order_by('id')", ["Budget.objects.open().order_by"]),
        ("movement.entries.aggregate(n=n)", ["movement.entries.aggregate"]),
        ("rows.get_or_create(name=name)", ["rows.get_or_create"]),
        ("Budget.objects.raw('SELECT 1')", ["Budget.objects.raw"]),
        ("with connections[using].cursor() as c: pass", ["connections[using].cursor"]),
        (
            "model._base_manager, model._default_manager",
            ["model._base_manager", "model._default_manager"],
        ),
        ("Budget.objects.open().exists()", []),
        ("Budget.objects.get_by_name(name).buckets.open().in_order()", []),
        ("figures.values(), names.get(name), text.count('a'), bucket.filter, catalog.cursor", []),
        ("'''Budget.objects.filter()'''  # Budget.objects.all()", []),
    ],
)
def test_database_work_is_told_by_how_it_is_written(source, found):
    assert [*database_work(ast.parse(source))] == found


def test_the_data_layer_is_the_managers_and_the_engine():
    layer = {
        path if path.parts[0] == "examples" else path.parent for path in filter(in_data_layer, CODE)
    }

    assert layer - WHOLE == {
        Path("budgets/managers"),
        Path("budgets/managers/reads"),
        Path("examples/forms/managers.py"),
        Path("examples/shop/managers.py"),
        Path("tenants/managers"),
    }


def test_the_admin_may_narrow_what_it_is_handed_but_not_begin_anew():
    source = ast.parse("rows.filter(a=1); Budget.objects.filter(a=1)")

    assert [*database_work(source, admin=True)] == ["Budget.objects.filter"]


# -- No name stands for two things -----------------------------------------------------------------

LAYERS = {"admin", "interfaces", "managers", "models", "reads", "testing"}
"""What each has of one subject is in a module of the subject's name: models.x, managers.x."""
DJANGOS = {
    "admin", "apps", "base", "commands", "errors", "management", "managers", "models", "tasks",
    "testing",
}  # fmt: skip
"""Modules that Django names, and the bases, errors and tests' help of a package."""
SHARED_MODULES = {
    "interface": "each app has the Protocols of its data-access objects under this name",
    "listing": "tenants.checks.listings checks what tenants.listing declares",
    "quota": "budgets.managers.quotas declares to tenants.access.quotas what is counted",
    "role": "budgets.roles declares verbs to tenants.access.roles",
    "session": "tenants.sessions is Django's store of the rows in tenants.models.sessions",
    "statement": "budgets.statements reads the files whose rows are in budgets.models.statements",
}
SHARED_CLASSES = {
    "Command": "Django finds a command by this name",
}


def by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """The modules of each name that several modules have."""
    found: dict[str, set[str]] = {}
    for name, where in pairs:
        found.setdefault(name, set()).add(where)
    return {name: modules for name, modules in found.items() if len(modules) > 1}


def subjects(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Each module with its name in the singular; commands have the names of what they run."""
    for path in paths:
        package, _, name = module(path).rpartition(".")
        if package and name not in DJANGOS and not package.endswith("management.commands"):
            yield name.removesuffix("s"), module(path)


def in_layers(modules: Iterable[str]) -> bool:
    return all(name.split(".")[-2] in LAYERS for name in modules)


def public_classes(path: Path, source: ast.Module) -> Iterator[tuple[str, str]]:
    """Each public class and type of a module, with the module."""
    for node in source.body:
        if isinstance(node, ast.ClassDef | ast.TypeAlias):
            name = node.name if isinstance(node, ast.ClassDef) else node.name.id
            if not name.startswith("_"):
                yield name, module(path)


def without_twins(modules: set[str]) -> set[str]:
    """Without the rows in memory, which have the names of those that they stand for."""
    others = {name for name in modules if not under(name, "budgets.testing")}
    stand_for = any(under(name, "budgets.models", "budgets.interfaces") for name in others)
    return others if stand_for else modules


OURS = [path for path in CODE if path.parts[0] in ROOMS]


def test_no_two_modules_share_a_name_but_for_these():
    found = by_name(subjects(OURS))

    assert {name for name, them in found.items() if not in_layers(them)} == set(SHARED_MODULES)


def test_no_two_public_classes_share_a_name_but_for_these():
    found = by_name(pair for path in OURS for pair in public_classes(path, tree(path)))

    shared = {name for name, them in found.items() if len(without_twins(them)) > 1}
    assert shared == set(SHARED_CLASSES)


@pytest.mark.parametrize(
    ("modules", "are"),
    [
        ({"budgets.models.x", "budgets.managers.reads.x", "tenants.admin.x"}, True),
        ({"budgets.models.x", "budgets.x"}, False),
        ({"budgets.management.x", "tenants.management.x"}, False),
    ],
)
def test_a_subject_may_have_a_module_in_each_layer(modules, are):
    assert in_layers(modules) is are


@pytest.mark.parametrize(
    ("modules", "left"),
    [
        ({"budgets.models.x", "budgets.testing.x"}, 1),
        ({"budgets.models.x", "budgets.cascade", "budgets.testing.x"}, 2),
        ({"budgets.cascade", "budgets.testing.x"}, 2),
    ],
)
def test_only_a_row_in_memory_may_have_the_name_of_a_row(modules, left):
    assert len(without_twins(modules)) == left
