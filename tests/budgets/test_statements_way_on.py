"""Every refusal of a statement names an option, or says what to do: read from the code itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import budgets.statements

HOME = Path(budgets.statements.__file__).parent
WAY_ON = re.compile(r"--[a-z]+|\b(?:say|export|check|take|correct|split)\b")
PROGRAMMING = {"no such column role: "}
"""The beginning of what a person cannot cause by any option."""


def _refusals() -> Iterator[tuple[str, ast.Raise, ast.Module]]:
    for file in sorted(HOME.glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and node.exc is not None:
                called = ast.unparse(node.exc).partition("(")[0]
                if called in ("BadStatement", "row_refusal"):
                    yield file.name, node, tree


def _words(node: ast.AST, tree: ast.Module, depth: int = 3) -> str:
    """The fixed text of an expression, also that of functions and names of its module."""
    found = []
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.append(each.value)
        elif isinstance(each, ast.Name) and depth:
            found += [_words(part, tree, depth - 1) for part in _defined(each.id, tree)]
    return " ".join(found)


def _defined(name: str, tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            yield from (each for each in node.body if not isinstance(each, ast.Expr))
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            yield node.value


REFUSALS = [
    pytest.param(node, tree, id=f"{name}:{node.lineno}") for name, node, tree in _refusals()
]


def test_there_are_refusals_to_look_at() -> None:
    assert len(REFUSALS) > 30


@pytest.mark.parametrize(("node", "tree"), REFUSALS)
def test_a_refusal_says_how_to_go_on(node: ast.Raise, tree: ast.Module) -> None:
    assert node.exc is not None
    if ast.unparse(node.exc).startswith("row_refusal"):
        return  # see the next test

    words = _words(node.exc, tree)

    assert WAY_ON.search(words) or any(words.startswith(text) for text in PROGRAMMING), words


def test_the_refusal_of_a_row_ends_with_its_option() -> None:
    from budgets.statements.clues import row_refusal

    assert str(row_refusal(3, 7, ["one", "two"])) == (
        "line 3 (row 7 of the file): one; two; say --skip-line 3 to pass over it"
    )
