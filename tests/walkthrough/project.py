"""The project of a document: writes its files, runs its commands and its Python code."""

import doctest
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from tests.walkthrough.blocks import Block
from tests.walkthrough.interpreter import FLAGS

ROOT = Path(__file__).parents[2]
INTERPRETER = Path(__file__).with_name("interpreter.py")
OURS = ("PYTEST", "DJANGO", "COV_", "TENANT", "PIP_", "PYTHON")
"""Prefixes of the tests' own variables, which the project does not get."""

PATIENCE = 120
"""The timeout of a command in seconds."""


class Wrong(AssertionError):
    """A block of the document is wrong."""


class Project:
    """A folder outside of the repository, with an interpreter and additional variables."""

    def __init__(
        self, folder: Path, settings: str, environ: Mapping[str, str], python: str = sys.executable
    ) -> None:
        self.folder = folder
        self.python = python
        kept = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
        self._settings = settings
        self.environ = kept | {
            "PYTHONPATH": str(folder),
            "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "100",
            **environ,
        }
        self._interpreter: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if (interpreter := self._interpreter) is not None:
            interpreter.communicate(timeout=PATIENCE)

    def run(self, block: Block) -> None:
        """Run the block. Raises Wrong, also for a language that cannot be run."""
        if block.file:
            self._write(block, *block.file)
        elif block.language == "python":
            self._ask(block)
        elif block.language == "console":
            self._type(block)
        elif block.language == "mermaid":
            _look_up(block)
        else:
            raise Wrong(f"line {block.line}: nothing runs a block of {block.language or 'text'}")

    def _write(self, block: Block, name: str, continued: bool) -> None:
        path = self.folder / name
        if path.exists() != continued:
            raise Wrong(f"line {block.line}: {name} is {'not ' if continued else ''}there already")
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".py" and path.parent != self.folder:
            (path.parent / "__init__.py").touch()
        with path.open("a", encoding="utf-8") as file:
            file.write("\n\n" + block.text.partition("\n")[2] if continued else block.text)

    def _ask(self, block: Block) -> None:
        if (interpreter := self._interpreter) is None:
            interpreter = self._interpreter = subprocess.Popen(
                [self.python, "-P", INTERPRETER],
                cwd=self.folder,
                text=True,
                env=self.environ | {"DJANGO_SETTINGS_MODULE": self._settings},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        assert interpreter.stdin
        assert interpreter.stdout
        message = {"source": block.text, "name": f"line {block.line}"}
        print(json.dumps(message), file=interpreter.stdin, flush=True)
        answer: dict[str, Any] = json.loads(interpreter.stdout.readline() or "{}")
        if wrong := answer.get("wrong", "the interpreter is gone"):
            raise Wrong(f"the block of line {block.line}:\n{wrong}")
        self.environ |= answer["ids"]

    def _type(self, block: Block) -> None:
        """Run each `$ command`; compare its output and its exit code, 0 or that of `exit=N`."""
        [code] = [int(each.removeprefix("exit=")) for each in block.options] or [0]
        commands = ("\n" + block.text).split("\n$ ")[1:]
        if not commands:
            raise Wrong(f"line {block.line}: there is no `$ command`")
        for number, command in enumerate(commands, 1):
            typed, _, shown = command.partition("\n")
            ran = subprocess.run(
                ["sh", "-c", typed],
                cwd=self.folder,
                env=self.environ,
                timeout=PATIENCE,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            expected = code if number == len(commands) else 0
            text = f"line {block.line}: `{typed}` gave exit code {ran.returncode} and\n{ran.stdout}"
            if ran.returncode != expected:
                raise Wrong(text)
            shown = shown.rstrip() + "\n"
            if not doctest.OutputChecker().check_output(shown, ran.stdout.rstrip() + "\n", FLAGS):
                raise Wrong(f"{text}\nnot\n{shown}")


def _look_up(block: Block) -> None:
    """Check that the functions and classes in a diagram exist."""
    paths = [path for app in ("tenants", "examples") for path in sorted((ROOT / app).rglob("*.py"))]
    code = "\n".join(path.read_text() for path in paths)
    names = re.findall(r"\b([a-z_]+)\(|\b([A-Z][a-z]+[A-Z]\w+)", block.text)
    for name in {name for pair in names for name in pair} - {"", "PostgreSQL"}:
        if not re.search(rf"\b(def|class) {name}\b", code):
            raise Wrong(f"line {block.line}: tenants has no {name}")
