"""What documents and docstrings call by its whole name is there: a module, a file, a member."""

import ast
import importlib
import re
from collections.abc import Iterator

import pytest
from django.apps import apps

from tenants.access.roles import get_verbs
from tests.test_architecture import CODE, ROOT, tree

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOTTED = re.compile(r"(?<![\w./@-])((?:budgets|tenants|config)(?:\.\w+)+)(?![\w/])")
CALLED = re.compile(r"(?:budgets|tenants)\.\w+\(")  # of a variable: the packages have no functions
FILE = re.compile(r"(?<![\w./-])((?:budgets|tenants|config|tests|bench|scripts|docs)/[\w./-]+\w)")
CHECK = re.compile(r"(?:budgets|tenants)\.[EW]\d{3}")


def docstrings(source: ast.AST) -> Iterator[str]:
    """The texts of a module that are about it."""
    for node in ast.walk(source):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def is_model(name: str) -> bool:
    try:
        return apps.get_model(name) is not None
    except (LookupError, ValueError):
        return False


def is_there(name: str) -> bool:
    """Whether it names a model, a check or a verb, or leads to a module or a member of one."""
    if CHECK.fullmatch(name) or is_model(name) or name in get_verbs():
        return True
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def missing(text: str) -> Iterator[str]:
    text = CALLED.sub("", text)
    yield from (name for name in DOTTED.findall(text) if not is_there(name))
    for name in FILE.findall(text):
        if not (ROOT / name).exists() and not list(ROOT.glob(f"{name}*")):
            yield name


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_is_there(path):
    assert [*missing(path.read_text())] == []


@pytest.mark.parametrize("path", CODE, ids=str)
def test_what_a_docstring_names_is_there(path):
    assert [name for text in docstrings(tree(path)) for name in missing(text)] == []
