"""Generate docs/roles.md from the declarations of the models and their managers.

    make roles                                   # writes the file
    .venv/bin/python scripts/roles.py --check    # exit code 1 if the file is out of date

The sources are the tables of verbs, `plain_writes`, the grants of role app, and the code of the
managers. The script needs no database. tests/tenants/test_writing_paths.py tries every cell.
"""

import argparse
import ast
import inspect
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "roles.md"
ROLES = ("owner", "editor", "viewer", "service", "system")
CHANGES = ("insert", "update", "delete")
WRITES = {
    "save", "create", "bulk_create", "bulk_update", "delete", "hard_delete", "_raw_delete",
    "restore", "mark_deleted", "get_or_create", "update_or_create",
}  # fmt: skip
"""Methods that write, beside `update` with keywords."""

HEAD = """\
# Who may write

What each role of a member may write, by each way. `make roles` generates this file from the
declarations, and `make check` fails if it is out of date; a test tries every cell. Every role may
read. `system` is a block without a role. Outside of blocks nobody writes the rows of tenants.

| refused because | error |
|---|---|
| no block is open | `no_tenant` |
| the role may not use the verb, write the model plainly, or write at all | `not_allowed` |
| role app has no such privilege, or the row is of another tenant | `tenant_violation` |
| SQL writes in the block of a viewer | `read_only` |
| SQL breaks a rule of the data, such as the balance of a movement | `check_broken` and others |
"""
VERBS = """
## Verbs

A verb is a method of a manager, and the only way by which members write models that have verbs. A
method in two rows asks for the second verb only for some arguments: `leave` for another member's
membership, `change` for features and quotas.

| verb | methods | owner | editor | viewer | service | system |
|---|---|---|---|---|---|---|"""
OTHERS = """
## Methods without a verb of their own

These methods of models with verbs write, too. One that asks for a verb follows the table above.
The others are steps of the system: a member's role is refused, unless a verb calls them.

| method | asks for | opens a block of its own |
|---|---|---|"""
PLAIN = """
## Plain writes

Who may write without a verb: by `save`, `create`, `get_or_create`, `update_or_create`,
`bulk_create`, `bulk_update`, `update`, `delete` and the like. The last column has the privileges of
role app: what SQL may do in any block but a viewer's, because PostgreSQL does not know roles of
members. Rules of the data bind everybody. [schema.md](schema.md) lists the columns of an update.

| model | insert | update | delete | SQL |
|---|---|---|---|---|"""


def main(words: list[str] | None = None) -> int:
    """Write the file, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; compare the file")
    parser.add_argument("--file", type=Path, default=FILE, help="the file (docs/roles.md)")
    options = parser.parse_args(words)
    text = document()
    if not options.check:
        options.file.write_text(text, encoding="utf-8")
        return 0
    if options.file.is_file() and options.file.read_text(encoding="utf-8") == text:
        return 0
    print(f"{options.file.name} is out of date: run make roles", file=sys.stderr)
    return 1


def document() -> str:
    """The document as Markdown."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    return "\n".join([HEAD, VERBS[1:], *_verbs(), OTHERS, *_others(), PLAIN, *_plain()]) + "\n"


def _verbs() -> Iterator[str]:
    from tenants.access.roles import get_verbs, may

    methods: dict[str, list[str]] = {verb: [] for verb in sorted(get_verbs())}
    for model in models():
        for name, method in methods_of(model).items():
            for verb in {getattr(method, "verb", ""), *required_by(model, name)} & {*methods}:
                methods[verb].append(f"`{model.__name__}.objects.{name}`")
    for verb, its in methods.items():
        cells = ["yes" if may(verb, role_of(role)) else "" for role in ROLES]
        yield f"| `{verb}` | {', '.join(its)} | {' | '.join(cells)} |"


def _others() -> Iterator[str]:
    for model in owned():
        for name in unmarked_writers(model) if model.plain_writes is not None else ():
            verbs = ", ".join(f"`{verb}`" for verb in sorted(required_by(model, name)))
            opens = "yes" if opens_block(model, name) else ""
            yield f"| `{model.__name__}.objects.{name}` | {verbs} | {opens} |"


def _plain() -> Iterator[str]:
    for model in owned():
        cells = []
        for change in CHANGES:
            roles = [role for role in ROLES if refusal(model, change, role) is None]
            cells.append(", ".join(roles) or "nobody")
        sql = ", ".join(change for change in CHANGES if change in privileges(model)) or "nothing"
        yield f"| `{model._meta.label}` | {' | '.join(cells)} | {sql} |"


# -- Declarations -----------------------------------------------------------------------------


def models() -> list[Any]:
    """The models of the project, without those of the examples."""
    from django.apps import apps

    return [
        model for app in ("tenants", "budgets") for model in apps.get_app_config(app).get_models()
    ]


def owned() -> list[Any]:
    """The models of tenants' rows, and the Tenant itself."""
    from tenants.models import TenantOwned

    return [model for model in models() if issubclass(model, TenantOwned)]


def role_of(name: str) -> str | None:
    """The role of a block, None for the system."""
    return None if name == "system" else name


def privileges(model: Any) -> dict[str, set[str]]:
    """What role app may do to the table, with the columns; without columns all of them."""
    from tenants.schema.constraints import Grants

    [grants] = [each for each in model._meta.constraints if isinstance(each, Grants)]
    listed = re.findall(r"(\w+)(?: \(([^)]*)\))?(?:, |$)", grants.app)
    return {right.lower(): {*filter(None, columns.split(", "))} for right, columns in listed}


def refusal(model: Any, change: str, role: str, columns: set[str] | None = None) -> str | None:
    """The code by which a plain write is refused, or None.

    `role` is one of ROLES, or "outside" of blocks. `columns` are those of an update, at least one.
    """
    from tenants.context import READERS

    if role == "outside":
        return "no_tenant"
    declared = model.plain_writes
    is_verbs_own = declared is not None and role not in declared.get(change, ())
    if role in READERS or (role != "system" and is_verbs_own):
        return "not_allowed"
    return None if has_privilege(model, change, columns) else "tenant_violation"


def has_privilege(model: Any, change: str, columns: set[str] | None = None) -> bool:
    """Whether role app may do that to the columns."""
    granted = privileges(model)
    return change in granted and (not granted[change] or (columns or set()) <= granted[change])


# -- The code of managers ---------------------------------------------------------------------


def methods_of(model: Any) -> dict[str, Callable[..., Any]]:
    """The public methods of the model's manager that are neither Django's nor a filter."""
    manager = type(model._default_manager)
    return {
        name: method
        for name, method in inspect.getmembers(manager, inspect.isfunction)
        if not name.startswith("_")
        and ".<locals>" not in method.__qualname__
        and not inspect.unwrap(method).__module__.startswith("django.")
    }


def unmarked_writers(model: Any) -> list[str]:
    """The methods that write, by their code, and are not marked as verbs."""
    return [
        name
        for name, method in methods_of(model).items()
        if not hasattr(method, "verb") and any(map(_is_write, _calls(model, name)))
    ]


def required_by(model: Any, name: str) -> set[str]:
    """The verbs that a method asks for by `require`."""
    return {
        str(call.args[0].value)
        for call in _calls(model, name)
        if _name(call) == "require" and isinstance(call.args[0], ast.Constant)
    }


def opens_block(model: Any, name: str) -> bool:
    """Whether a method opens a block, so that it cannot run in another tenant's."""
    return any(_name(call) in {"acting_for", "run_for"} for call in _calls(model, name))


def _is_write(call: ast.Call) -> bool:
    name = _name(call)
    return name in WRITES or (name == "update" and bool(call.keywords))


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", None) or getattr(call.func, "id", "")


def _calls(model: Any, name: str) -> list[ast.Call]:
    """The calls in a method, and in the methods of the same manager that it calls."""
    manager, names = type(model._default_manager), [name]
    found: list[ast.Call] = []
    for each in names:  # which grows
        function = inspect.unwrap(getattr(manager, each, len))
        if not inspect.isfunction(function) or function.__module__.startswith("django."):
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        found += calls
        names += {_name(call) for call in calls} - {*names}
    return found


if __name__ == "__main__":
    sys.exit(main())
