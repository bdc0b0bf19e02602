"""The examples in docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for app in ("bench", "budgets", "config", "tenants")
    for path in sorted((ROOT / app).rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_module_come_out_as_they_say(name):
    module = importlib.import_module(name)
    examples = [
        found for found in doctest.DocTestFinder().find(module) if not of_a_verb(found.name)
    ]
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)

    for example in examples:
        runner.run(example)

    assert runner.failures == 0


def of_a_verb(name: str) -> bool:
    """Whether it is the example of a manager's method: tests/test_verb_examples.py runs those."""
    _, _, inside = name.partition(".managers.")
    return any(part[:1].isupper() for part in inside.split("."))
